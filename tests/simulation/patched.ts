/** The simulation on a copy of the sources with a bug in it. */
import { copyInto, project } from "../e2e/program.ts";
import type { Oracle } from "./oracles.ts";
import type { Planted } from "./planted.ts";

/** What the simulation needs of the tree. */
const needed = [
  "cli",
  "connectors",
  "engine",
  "matching",
  "store",
  "transforms",
  "tests/simulation",
  "errors.ts",
  "deno.json",
  "deno.lock",
];

export interface Hunt {
  readonly seed: number;
  /** The most histories that are played. */
  readonly histories: number;
  /** An oracle that is left out. */
  readonly without?: Oracle;
}

interface Told {
  readonly violations: readonly NonNullable<Hunted["caught"]>[];
}

export interface Hunted {
  readonly bug: string;
  /** The oracle that caught it, and in which history; null where none did. */
  readonly caught: { readonly oracle: Oracle | "stores alike"; readonly history: number; readonly what: string } | null;
}

/** Plays histories on a copy with this bug until an oracle speaks. Throws where the text that it changes is not there. */
export async function hunt(
  { name, edits, isInSql = false }: Planted,
  { seed, histories, without }: Hunt,
): Promise<Hunted> {
  const dir = await Deno.makeTempDir({ prefix: "tenging-planted-" });
  try {
    for (const part of needed) copyInto(`${dir}/${part}`, `${project}${part}`);
    await Deno.symlink(`${project}node_modules`, `${dir}/node_modules`);
    for (const { file, from, to } of edits) {
      const parts = (await Deno.readTextFile(`${dir}/${file}`)).split(from);
      if (parts.length !== 2) throw new Error(`Bug "${name}": "${from}" stands ${parts.length - 1} times in ${file}`);
      await Deno.writeTextFile(`${dir}/${file}`, parts.join(to));
    }
    const how = isInSql ? ["--compare"] : without === undefined ? [] : ["--without", without];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "-q", "--no-check", "--cached-only", "tests/simulation/hunted.ts"],
        // A history in a database takes a hundred times as long.
        ...[String(seed), String(isInSql ? Math.min(histories, 400) : histories), ...how],
      ],
      cwd: dir,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).output();
    const said = new TextDecoder();
    if (code !== 0) throw new Error(`Bug "${name}": the simulation ended with ${code}: ${said.decode(stderr)}`);
    const { violations }: Told = JSON.parse(said.decode(stdout));
    const [first] = violations;
    return {
      bug: name,
      caught: first === undefined ? null : { oracle: first.oracle, history: first.history, what: first.what },
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
