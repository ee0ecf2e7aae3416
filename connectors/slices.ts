/**
 * A long list of OData taken apart before it is parsed: rows are made some hundred at a time, so that those of one slice
 * are gone before the next is made, and no page of many thousand stands in memory as objects, or as one long text.
 */
import { Buffer } from "node:buffer";
import { textsOf } from "./exchange.ts";
import { parseRows } from "./json.ts";

/** The rows of an answer; the last of them are what it returns. */
export type Slices = Iterator<readonly unknown[], readonly unknown[]>;

/** Characters, of which each is a byte or more: some hundred rows. */
const slice = 1_000_000;
/** Characters that are parsed at once, at least. */
const bit = 16_000;
/** How every row but the first begins. Inside a text its quotes would have a backslash before them. */
const next = '},{"@odata.etag":';
const list = '"value":[';

/**
 * A parsed answer whose `value` gives the rows slice by slice, each parsed when it is its turn; then it throws
 * SyntaxError for what is no JSON, TypeError for what is no UTF-8. Null where the answer, given in pieces, must be parsed
 * as a whole: it is short, or no list. Numbers under a property of `decimals` come as canonical text. A cut within a row,
 * at a list of its own, leaves no JSON.
 */
export function sliced(
  chunks: readonly Uint8Array[],
  decimals: ReadonlySet<string>,
): { readonly value: Slices } | null {
  if (chunks.reduce((sum, { length }) => sum + length, 0) <= slice) return null;
  // What stands before and behind the list is short.
  const [before, last] = parted(chunks);
  const texts = textsOf(before);
  const head = taken(texts);
  const tail = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(last);
  const begin = head.indexOf(list) + list.length;
  const named = tail.lastIndexOf('],"@odata.');
  const end = named < 0 ? tail.lastIndexOf("]") : named;
  if (begin < list.length || end < 0) return null;
  const body = emptyList(head.slice(0, begin) + tail.slice(end));
  if (body === null) return null;
  return { ...body, value: slices(inOrder(head.slice(begin), texts, tail.slice(0, end)), decimals) };
}

/** The pieces without the last bytes, and these, from a character's beginning on. */
function parted(chunks: readonly Uint8Array[]): [before: readonly Uint8Array[], last: Uint8Array] {
  const before = [...chunks];
  const ends: Uint8Array[] = [];
  for (let wanted = bit; wanted > 0;) {
    const piece = before.pop()!;
    const from = Math.max(0, piece.length - wanted);
    if (from > 0) before.push(piece.subarray(0, from));
    ends.unshift(piece.subarray(from));
    wanted -= piece.length - from;
  }
  const last = Buffer.concat(ends);
  let cut = 0; // what goes on from a byte before begins like this
  while ((last[cut]! & 0xc0) === 0x80) cut++;
  return [[...before, last.subarray(0, cut)], last.subarray(cut)];
}

/** Takes texts until they are long enough to hold what stands before a list. */
function taken(texts: Iterator<string, void>): string {
  let text = "";
  while (text.length < bit) {
    const { done, value } = texts.next();
    if (done) break;
    text += value;
  }
  return text;
}

function* inOrder(head: string, texts: Iterable<string>, tail: string): Generator<string> {
  yield head;
  yield* texts;
  yield tail;
}

function* slices(
  texts: Iterable<string>,
  decimals: ReadonlySet<string>,
): Generator<readonly unknown[], readonly unknown[]> {
  const parsed = (text: string) => parseRows(`[${text}]`, decimals);
  let rows: unknown[] = [];
  let length = 0;
  let text = "";
  for (const piece of texts) {
    const cut = text.length + piece.length < bit ? null : cutOf(text, piece);
    if (cut === null) {
      text += piece;
      continue;
    }
    if (length > slice) {
      yield rows;
      [rows, length] = [[], 0];
    }
    rows.push(...parsed(cut.before));
    length += cut.before.length;
    text = cut.after;
  }
  rows.push(...parsed(text));
  return rows;
}

/** What stands before the last row that begins in this piece, or on its edge, and from there on; null where none does. */
function cutOf(text: string, piece: string): { readonly before: string; readonly after: string } | null {
  const at = piece.lastIndexOf(next);
  if (at >= 0) return { before: text + piece.slice(0, at + 1), after: piece.slice(at + 2) };
  const edge = next.length - 1;
  const across = (text.slice(-edge) + piece.slice(0, edge)).lastIndexOf(next);
  if (across < 0) return null;
  const whole = text + piece;
  const from = Math.max(0, text.length - edge) + across;
  return { before: whole.slice(0, from + 1), after: whole.slice(from + 2) };
}

function emptyList(text: string): object | null {
  try {
    const body: { value?: unknown } | null = JSON.parse(text);
    return Array.isArray(body?.value) && body.value.length === 0 ? body : null;
  } catch {
    return null; // the whole text may be JSON after all
  }
}
