import { assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../connectors/connector.ts";
import { textStream } from "../../server/text_stream.ts";

/** Pieces that tell how many were made and whether their maker has ended. */
function counted(): { pieces: AsyncGenerator<string, void, void>; made: () => number; hasEnded: () => boolean } {
  let made = 0;
  let ended = false;
  async function* make() {
    try {
      while (made < 3) yield await Promise.resolve(`piece ${++made}\n`);
    } finally {
      ended = true;
    }
  }
  return { pieces: make(), made: () => made, hasEnded: () => ended };
}
const limits = { patience: 1, longest: 9 };
/** A clock whose sleeps end when the test says so. */
function sleepless(): { clock: Clock; pass: (ms: number) => void } {
  const wake = new Map<number, () => void>();
  const sleep: Clock["sleep"] = (ms, signal) =>
    new Promise((resolve, reject) => {
      wake.set(ms, resolve);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  return { clock: { now: () => 0, random: () => 0, uuid: () => "", sleep }, pass: (ms) => wake.get(ms)?.() };
}

Deno.test("textStream() gives every piece and ends", async () => {
  const { pieces, hasEnded } = counted();
  const text = await new Response(textStream(pieces, { clock: sleepless().clock, ...limits })).text();
  assertEquals(text, "piece 1\npiece 2\npiece 3\n");
  assertEquals(hasEnded(), true);
});

Deno.test("textStream() makes nothing before it is wanted and stops when the client leaves", async () => {
  const { pieces, made, hasEnded } = counted();
  const reader = textStream(pieces, { clock: sleepless().clock, ...limits }).getReader();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve(); // what would be made unasked is made by now
  assertEquals(made(), 0);
  await reader.read();
  assertEquals(made(), 1);
  await reader.cancel();
  assertEquals(hasEnded(), true);
});

for (const [limit, ms] of Object.entries(limits)) {
  Deno.test(`textStream() ends the pieces of a client that takes longer than "${limit}"`, async () => {
    const { pieces, hasEnded } = counted();
    const { clock, pass } = sleepless();
    const reader = textStream(pieces, { clock, ...limits }).getReader();
    await reader.read();
    pass(ms);
    await assertRejects(() => reader.closed, DOMException);
    assertEquals(hasEnded(), true);
  });
}

Deno.test("textStream() passes an error of the pieces on", async () => {
  async function* broken() {
    yield await Promise.resolve("a");
    throw new RangeError("broken");
  }
  const stream = textStream(broken(), { clock: sleepless().clock, ...limits });
  await assertRejects(() => new Response(stream).text(), RangeError);
});
