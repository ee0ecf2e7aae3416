/**
 * A long list of OData taken apart before it is parsed: rows are made a few at a time, so that those of one slice are
 * gone before the next is made, and no page of many thousand stands in memory as objects.
 */
import { parseJson } from "./json.ts";

/** The rows of an answer; the last of them are what it returns. */
export type Slices = Iterator<readonly unknown[], readonly unknown[]>;

/** Characters: some hundred rows. */
const slice = 1_000_000;
/** How every row but the first begins. Inside a text its quotes would have a backslash before them. */
const next = '},{"@odata.etag":';
const list = '"value":[';

/**
 * A parsed answer whose `value` gives the rows slice by slice, each parsed when it is its turn; then it throws
 * SyntaxError for what is no JSON. Null where the text must be parsed as a whole: it is short, or no list. Numbers under
 * a property of `decimals` come as canonical text. A cut within a row, at a list of its own, leaves no JSON.
 */
export function sliced(text: string, decimals: ReadonlySet<string>): { readonly value: Slices } | null {
  if (text.length <= slice) return null;
  const begin = text.indexOf(list) + list.length;
  const named = text.lastIndexOf('],"@odata.');
  const end = named < begin ? text.lastIndexOf("]") : named;
  if (begin < list.length || end < begin) return null;
  const body = emptyList(text.slice(0, begin) + text.slice(end));
  return body === null ? null : { ...body, value: slices(text.slice(begin, end), decimals) };
}

function* slices(rows: string, decimals: ReadonlySet<string>): Generator<readonly unknown[], readonly unknown[]> {
  for (let from = 0;;) {
    const cut = rows.indexOf(next, from + slice);
    const some = parseJson(`[${rows.slice(from, cut < 0 ? rows.length : cut + 1)}]`, decimals) as unknown[];
    if (cut < 0) return some;
    yield some;
    from = cut + 2;
  }
}

function emptyList(text: string): object | null {
  try {
    const body: { value?: unknown } | null = JSON.parse(text);
    return Array.isArray(body?.value) && body.value.length === 0 ? body : null;
  } catch {
    return null; // the whole text may be JSON after all
  }
}
