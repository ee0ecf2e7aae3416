/**
 * Plays histories of a seed until an oracle speaks, and prints the tally: `hunted.ts SEED HISTORIES [--without ORACLE]`; with
 * `--compare` until the embedded database differs from the store in memory.
 */
import { playBatch } from "./batch.ts";
import { compareStores } from "./stores.ts";
import type { Oracle } from "./oracles.ts";

const [seed, histories, how, without] = Deno.args;
const range = { seed: Number(seed), from: 0, to: Number(histories) };
const tally = how === "--compare" ? await differences() : await playBatch({
  ...{ ...range, isLogged: false, isShort: true },
  without: without === undefined ? [] : [without as Oracle],
});
await new Response(JSON.stringify(tally)).body!.pipeTo(Deno.stdout.writable);
Deno.exit(0);

async function differences() {
  const { differing } = await compareStores({ ...range, database: "pglite", isShort: true });
  const told = differing.map(({ history, memory, database }) => ({
    ...{ oracle: "stores alike", history, what: `in memory "${memory}", in the database "${database}"` },
  }));
  return { violations: told };
}
