import { assert, assertEquals, assertThrows } from "@std/assert";
import { sliced } from "../../connectors/slices.ts";

const rows = Array.from({ length: 2500 }, (_, at) => ({
  "@odata.etag": `W/"${at}"`,
  id: String(at),
  note: `},{"@odata.etag": ${"x".repeat(500)}`,
}));
const text = JSON.stringify({ "@odata.context": "rows", value: rows });
const beginning = '},{"@odata.etag":';

/** The rows of all slices, and how many these were. */
function taken(pieces: readonly string[]): { readonly rows: readonly unknown[]; readonly slices: number } {
  const { value } = sliced(pieces.map((piece) => new TextEncoder().encode(piece)), new Set())!;
  const all: unknown[] = [];
  for (let slices = 1;; slices++) {
    const { done, value: some } = value.next();
    all.push(...some);
    if (done) return { rows: all, slices };
  }
}

Deno.test("sliced() cuts a list wherever its pieces end, in the sign of a row's beginning too", () => {
  const ends = text.split(beginning).map((row) => row.length + beginning.length);
  for (let within = 1; within <= beginning.length; within++) {
    const pieces: string[] = [];
    let from = 0;
    let end = -beginning.length;
    for (const length of ends.slice(0, -1)) {
      end += length;
      pieces.push(text.slice(from, end + within));
      from = end + within;
    }
    pieces.push(text.slice(from));
    const found = taken(pieces);
    assertEquals(found.rows, rows);
    assert(found.slices > 1, `cut after ${within} signs: ${found.slices} slice`);
  }
  for (const size of [1000, 16_384, 700_000]) {
    const pieces = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, at) => text.slice(at * size, (at + 1) * size),
    );
    assertEquals(taken(pieces).rows, rows);
  }
});

const foreign = Array.from(
  { length: 6000 },
  (_, at) => ({ "@odata.etag": String(at), note: "Łódź 🏔 ".repeat(20 + at % 7) }),
);
/** `behind`: signs behind the list, which the last pieces are counted from. */
const bytesOf = (behind: number) =>
  new TextEncoder().encode(JSON.stringify({ value: foreign, "@odata.deltaLink": "x".repeat(behind) }));

function cutInto(size: number, from: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(from.length / size) }, (_, at) => from.subarray(at * size, (at + 1) * size));
}

function slicesOf(chunks: readonly Uint8Array[]): unknown[] {
  const { value } = sliced(chunks, new Set())!;
  const all: unknown[] = [];
  for (let done: boolean | undefined = false; done !== true;) {
    const some = value.next();
    all.push(...some.value);
    done = some.done;
  }
  return all;
}

Deno.test("sliced() reads characters of several bytes wherever the pieces end", () => {
  for (let behind = 0; behind < 5; behind++) {
    const bytes = bytesOf(behind);
    for (const size of [997, 65_536, bytes.length]) {
      assertEquals(slicesOf(cutInto(size, bytes)), foreign, `${size} bytes, ${behind} behind`);
    }
  }
});

Deno.test("sliced() throws TypeError for what is no UTF-8, when it is its turn", () => {
  const broken = bytesOf(0);
  broken[broken.length * 0.9 | 0] = 0xff;
  const { value } = sliced(cutInto(65_536, broken), new Set())!;
  assert(value.next().value.length > 1000); // what stands before it can be used
  assertThrows(() => value.next(), TypeError);
});
