/** The entry of every command: real time, real streams, the folder that the program lies in. */
import { openOutput } from "./cli/output.ts";
import { permissionSetOf, runCommand } from "./cli/run_command.ts";
import type { Clock } from "./connectors/connector.ts";

const clock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", end);
        resolve();
      }, ms);
      signal?.addEventListener("abort", end, { once: true });
    }),
};

if (import.meta.main) {
  const isTerminal = Deno.env.get("TERM") !== "dumb" && Deno.stderr.isTerminal();
  const output = openOutput({
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    isTerminal,
    hasColours: !Deno.env.get("NO_COLOR") && isTerminal,
    columns: () => Deno.consoleSize().columns,
  });
  const project = { dir: import.meta.dirname ?? Deno.cwd(), set: permissionSetOf(Deno.args) };
  const code = await runCommand(Deno.args, { clock, output, project, env: (name) => Deno.env.get(name) });
  Deno.exit(code);
}
