/**
 * A sandbox in a process of its own: `sandbox_process.ts DIR CUSTOMERS [no-accounts]`. A new folder is filled with the
 * world. It prints a line when it listens, and "done" for each line that it takes from stdin: `change COUNT ROUND`
 * changes customers. It ends with its stdin, so with the process that started it.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { startSandbox } from "../sandbox/mod.ts";
import { changeCustomers, fillWorld } from "./world.ts";

if (import.meta.main) {
  const [dir = "", customers = "", ...words] = Deno.args;
  const sandbox = await startSandbox({ dir, compress: false });
  if (sandbox.isEmpty()) {
    fillWorld(sandbox, { customers: Number(customers), accounts: !words.includes("no-accounts") });
  }
  say("listens");
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, count, round] = line.split(" ");
    if (word !== "change") throw new Error(`Cannot do "${line}": it is not known`);
    changeCustomers(sandbox, { count: Number(count), round: Number(round) });
    say("done");
  }
  await sandbox.stop();
}

function say(word: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${word}\n`));
}
