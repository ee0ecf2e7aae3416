/** Plays histories of a seed until an oracle speaks, and prints the tally: `hunted.ts SEED HISTORIES [--without ORACLE]`. */
import { playBatch } from "./batch.ts";
import type { Oracle } from "./oracles.ts";

const [seed, histories, , without] = Deno.args;
const tally = await playBatch({
  ...{ seed: Number(seed), from: 0, to: Number(histories), isLogged: false, isShort: true },
  without: without === undefined ? [] : [without as Oracle],
});
await new Response(JSON.stringify(tally)).body!.pipeTo(Deno.stdout.writable);
Deno.exit(0);
