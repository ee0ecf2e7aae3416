/** Many kills, spread over the boundaries and over the stores, and what they left. */
import { type Copy, latest, withCopy, writesSince } from "../e2e/program.ts";
import { count, type Found, thingsOn } from "./count.ts";
import { boundaries, type Boundary, type Home, openHome, prepare } from "./home.ts";
import { chance } from "../simulation/chance.ts";
import { type Users, usersOf } from "./users.ts";

/** A store: null is the one in a home, else the address of an empty database. */
export type Place = { readonly name: string; readonly database: string | null };

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Worked on side by side. */
  readonly places: readonly Place[];
  readonly withoutIntent?: boolean;
  readonly onProgress: (line: string) => void;
}
export interface Killed {
  readonly kills: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly orphans: number;
  readonly boundaries: Readonly<Record<Boundary, number>>;
}

/** Users work, and everything is counted, after so many kills of a home. */
const between = 10;

/** Kills that many processes, each in a run of its own. Throws when a run ends otherwise than it may. */
export async function killMany(options: KillOptions): Promise<Killed> {
  const { kills, seed, places, withoutIntent = false, onProgress } = options;
  const wanted = Array.from({ length: kills }, (_, at) => boundaries[at % boundaries.length]!);
  const hits = Object.fromEntries(boundaries.map((name) => [name, 0])) as Record<Boundary, number>;
  const sums = { duplicates: 0, lost: 0, orphans: 0 };
  let done = 0;
  const hit = (home: Home, boundary: Boundary) => {
    hits[boundary]++;
    if (++done % 5 === 0 || done === kills) onProgress(`${done} of ${kills} killed, last ${boundary} (${home.name})`);
  };
  await withCopy(async (copy) => {
    await prepare(copy, { withoutIntent });
    const works = places.map((place, at) =>
      work(copy, place, { next: chance(seed, at).next, wanted, hit, onProgress })
    );
    for (const outcome of await Promise.allSettled(works)) {
      if (outcome.status === "rejected") throw outcome.reason;
      for (const what of ["duplicates", "lost", "orphans"] as const) sums[what] += outcome.value[what];
    }
  }, { isEmbedded: true });
  return { kills: done, ...sums, boundaries: hits };
}

interface Work {
  readonly next: () => number;
  /** What is still to be hit, shared by all homes. */
  readonly wanted: Boundary[];
  readonly hit: (home: Home, boundary: Boundary) => void;
  readonly onProgress: (line: string) => void;
}

async function work(copy: Copy, place: Place, { next, wanted, hit, onProgress }: Work): Promise<Found> {
  const home = await openHome(copy, place.name, place.database);
  try {
    const users = usersOf(home.sandbox, next);
    await quiet(home);
    users.things.push(...await thingsOn(home.sandbox));
    let found: Found = { duplicates: 0, lost: 0, orphans: 0, told: [] };
    for (let own = 0, boundary = wanted.shift(); boundary !== undefined; boundary = wanted.shift()) {
      await killAt(home, users, { boundary, next });
      hit(home, boundary);
      if (++own % between !== 0 && wanted.length > 0) continue;
      for (const now of await counted(home, users)) {
        // What a later edit made good was lost all the same.
        found = {
          duplicates: Math.max(found.duplicates, now.duplicates),
          lost: Math.max(found.lost, now.lost),
          orphans: Math.max(found.orphans, now.orphans),
          told: now.told,
        };
        for (const line of now.told) onProgress(`${home.name}: ${line}`);
      }
    }
    return found;
  } finally {
    await home.stop();
  }
}

async function killAt(
  home: Home,
  users: Users,
  { boundary, next }: { readonly boundary: Boundary; readonly next: () => number },
): Promise<void> {
  const most = boundary === "during the report" ? 1 : 4;
  for (let tries = 0; tries < 8; tries++) {
    if (boundary !== "during the report") await users.work();
    const nth = tries === 0 ? 1 + Math.floor(next() * most) : 1;
    // A request under way has got as far as chance would have it.
    const pause = boundary === "during the remote write" ? next() * 30 : 0;
    if (await home.kill(boundary, { nth, pause })) return;
  }
  throw new Error(`${home.name}: no run came to the boundary "${boundary}"`);
}

/** Synchronizes until nothing waits any more; a creation in doubt is decided half an hour later. */
async function quiet(home: Home): Promise<void> {
  const first = await home.sync();
  const last = first.code === 3 ? await home.sync({ later: true }) : first;
  if (![0, 3].includes(last.code)) throw new Error(`${home.name}: sync ended with ${last.code}: ${last.stderr}`);
}

async function counted(home: Home, users: Users): Promise<readonly Found[]> {
  await quiet(home);
  const before = await count(home.sandbox, users.things, { report: await home.report(), isSwept: false });
  const since = await latest(home.sandbox);
  // It reads everything, so it would send what runs before it passed over.
  const again = await home.sync({ full: true });
  const writes = await writesSince(home.sandbox, since);
  if (writes > 0) throw new Error(`${home.name}: a run without changes wrote ${writes} times: ${again.stderr}`);
  return [before, await count(home.sandbox, users.things, { report: await home.report(), isSwept: true })];
}
