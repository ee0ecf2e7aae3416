/** What the measures share: the server, sandboxes, homes, and how often and with how much they measure. */
import { endAll, project } from "./processes.ts";
import type { Place, ServerPlace } from "./product.ts";
import { openServer, type Server } from "./server.ts";
import { type Services, startServices } from "./services.ts";
import type { Result } from "./results.ts";

/** Customers on both sides. */
export interface Sizes {
  /** For the first synchronization, and the full one after it. */
  readonly first: number;
  /** Two sizes whose costs are compared. */
  readonly small: number;
  readonly large: number;
  /** In the embedded database: all steps, and the first synchronization beside the server's. */
  readonly embedded: number;
  readonly embeddedFirst: number;
}
export const sizes: Readonly<Record<"quick" | "full", Sizes>> = {
  quick: { first: 20_000, small: 5_000, large: 50_000, embedded: 5_000, embeddedFirst: 5_000 },
  full: { first: 200_000, small: 100_000, large: 1_000_000, embedded: 100_000, embeddedFirst: 20_000 },
};

export interface Bench {
  readonly sizes: Sizes;
  /** How often each thing is measured; the median counts. */
  readonly rounds: number;
  readonly server: Server;
  /** For files; emptied at the end. */
  readonly dir: string;
  /** The sandbox with this many customers, started when it is first asked for. */
  services(customers: number): Promise<Services>;
  /** A new home on that sandbox, with an empty database on the server. */
  place(customers: number): Promise<ServerPlace>;
  /** The same with the store in the home. */
  embeddedPlace(customers: number): Promise<Place>;
  /** Whether a line was asked for. */
  wants(name: string): boolean;
  /** Tells who waits what is being done. */
  say(text: string): void;
}

/** A group of lines that are measured together. */
export interface Measure {
  /** Of its lines, as `--only` takes them. */
  readonly names: readonly string[];
  run(bench: Bench): Promise<readonly Result[]>;
}

/** Runs work with a bench, and ends and removes all of it afterwards. */
export async function withBench(
  options: Pick<Bench, "sizes" | "rounds" | "say" | "wants">,
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  const server = await openServer();
  await Deno.mkdir(`${project}.tenging`, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: `${project}.tenging`, prefix: "bench-" });
  const sandboxes = new Map<number, Promise<Services>>();
  let homes = 0;
  const services = (customers: number): Promise<Services> => {
    const known = sandboxes.get(customers);
    if (known !== undefined) return known;
    options.say(`filling a sandbox with ${customers} customers`);
    const started = startServices(`${dir}/sandbox-${customers}`, { customers });
    sandboxes.set(customers, started);
    return started;
  };
  let ending: Promise<void> | null = null;
  const end = () => ending ??= endAll().then(() => server.stop()).then(() => Deno.remove(dir, { recursive: true }));
  const embeddedPlace = async (customers: number): Promise<Place> => {
    const place = { home: `${dir}/home-${++homes}`, services: await services(customers), database: null };
    await place.services.lend(place.home);
    return place;
  };
  let isInterrupted = false;
  const interrupted = () => {
    isInterrupted = true;
    void end(); // what is being measured fails then
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    await work({
      ...{ ...options, server, dir, services, embeddedPlace },
      place: async (customers) => ({ ...await embeddedPlace(customers), database: await server.create() }),
    });
  } finally {
    await end();
    Deno.removeSignalListener("SIGINT", interrupted);
    if (isInterrupted) Deno.exit(130);
  }
}
