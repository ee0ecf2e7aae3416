/** Commands in a project folder of their own, in this process: what they print and how they end. */
import { openOutput } from "../../cli/output.ts";
import { permissionSetOf, runCommand } from "../../cli/run_command.ts";
import type { Clock } from "../../connectors/connector.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export interface World {
  /** The folder with deno.json, tenging.json and pipelines/. */
  readonly dir: string;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
}

const root = new URL("../../", import.meta.url);
const clock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

/** Makes the folder, gives it to the test and removes it. */
export async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const file of ["deno.json", "tenging.json"]) await Deno.copyFile(new URL(file, root), `${dir}/${file}`);
    await Deno.mkdir(`${dir}/pipelines`);
    for (const { name } of Deno.readDirSync(new URL("pipelines/", root))) {
      await Deno.copyFile(new URL(`pipelines/${name}`, root), `${dir}/pipelines/${name}`);
    }
    await test({ dir, run: (args, env = {}) => run(dir, args, env) });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function run(dir: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  let out = "";
  let err = "";
  const decoder = new TextDecoder();
  const output = openOutput({
    stdout: {
      write: (bytes) => {
        out += decoder.decode(bytes);
        return Promise.resolve(bytes.length);
      },
    },
    stderr: {
      writeSync: (bytes) => {
        err += decoder.decode(bytes);
        return bytes.length;
      },
    },
    ...{ isTerminal: false, hasColours: false, columns: () => 80 },
  });
  const project = { dir, set: permissionSetOf(args) };
  const code = await runCommand(args, { clock, output, project, env: (name) => env[name] });
  return { code, out, err };
}
