/** What both services speak: pages and filters of OData 4.0, and rows checked against their schema. */
import type { z } from "zod";
import { ServiceError } from "../errors.ts";
import type { AnyEntity, Field, Fields, Outcome, Value } from "./connector.ts";
import { wholeText } from "./exchange.ts";
import { pick } from "./fields.ts";
import { parseJson } from "./json.ts";
import type { Answer, Counted, Http } from "./http.ts";
import { sliced, type Slices } from "./slices.ts";

/** A row as it came, before its fields are mapped. */
export type RawRow = Readonly<Record<string, unknown>>;

export interface RawPage {
  readonly rows: readonly RawRow[];
  /** Given with the last page of a reading with change tracking. */
  readonly deltaLink: string | null;
  readonly last: boolean;
}

export interface PagesOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly decimals?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
  /** What the pages are counted as; reads, if not given. */
  readonly counts?: Counted;
  /** Whether a long page comes as several, while the next is under way. Its rows have no lists or objects of their own. */
  readonly isSliced?: boolean;
  /** A service's own error for an answer that refuses; null where {@link refusalOf} says enough. */
  readonly refusal?: (answer: Answer) => ServiceError | null;
}

const mostPages = 100_000;

/**
 * Follows `@odata.nextLink` from an address to the last page, which can be empty. Links are used as they are: never
 * decoded, checked to lie below the root. Throws ServiceError "paging_loop" for a link that repeats or never ends, the
 * error of `refusal`, or else of {@link refusalOf}, when the service refuses.
 */
export async function* pages(
  http: Http,
  path: string,
  { refusal, isSliced = false, ...asked }: PagesOptions = {},
): AsyncGenerator<RawPage> {
  const seen = new Set<string>();
  const { decimals = new Set() } = asked;
  const stop = new AbortController();
  const signal = asked.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, asked.signal]);
  const parse = isSliced
    ? (chunks: readonly Uint8Array[]) => sliced(chunks, decimals) ?? parseJson(wholeText(chunks), decimals)
    : undefined;
  function ask(url: string): Promise<Answer> {
    if (seen.has(url) || seen.size >= mostPages) throw loop(http);
    seen.add(url);
    return http.request({ method: "GET", path: url, retry: "safe", ...asked, parse, signal });
  }
  let url = http.resolve(path);
  let asking: Promise<Answer> | null = ask(url);
  try {
    while (asking !== null) {
      const answer: Answer = await asking;
      asking = null;
      if (answer.status !== 200) throw refusal?.(answer) ?? refusalOf(http, answer);
      const body = recordOf(answer.json);
      const slices = slicesOf(body["value"]);
      if (slices === null) throw malformed(http, answer);
      const link = body["@odata.nextLink"];
      const next = typeof link === "string" && link !== "" ? nextOf(http, link, { body, url }) : null;
      const deltaLink = body["@odata.deltaLink"];
      if (next !== null && !Array.isArray(body["value"])) {
        asking = ask(url = next);
        asking.catch(() => {}); // told when it is waited for
      }
      for (let isEnd = false; !isEnd;) {
        const { done, value } = partOf(slices, http, answer);
        isEnd = done === true;
        const last = isEnd && next === null;
        yield { rows: value as RawRow[], deltaLink: last && typeof deltaLink === "string" ? deltaLink : null, last };
      }
      if (next !== null) asking ??= ask(url = next);
    }
  } finally {
    stop.abort(); // nobody waits for what is under way any more
    await asking?.catch(() => {});
  }
}

function slicesOf(value: unknown): Slices | null {
  if (Array.isArray(value)) return { next: () => ({ done: true, value }) };
  return typeof (value as Partial<Slices> | undefined)?.next === "function" ? value as Slices : null;
}

function partOf(slices: Slices, http: Http, answer: Answer): IteratorResult<readonly unknown[], readonly unknown[]> {
  try {
    return slices.next();
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new ServiceError(
      `Cannot read from "${http.service}": its answer is not JSON in UTF-8; run it again, and look for a proxy in between if it ` +
        "stays so",
      { service: http.service, code: "bad_json", status: answer.status, retryable: true, cause },
    );
  }
}

/** One row by its address; null where there is none. */
export async function one(http: Http, path: string, options: PagesOptions = {}): Promise<RawRow | null> {
  const answer = await http.request({ method: "GET", path, retry: "safe", ...options });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw refusalOf(http, answer);
  return recordOf(answer.json);
}

/**
 * A relative link counts from the context that the answer names (OData JSON 4.0, 4.3), yet some servers count from the
 * address asked for: the reading that leads to the same list is meant.
 */
function nextOf(http: Http, link: string, page: { body: RawRow; url: string }): string {
  const context = textOf(page.body["@odata.context"]);
  const asked = http.resolve(link, page.url);
  if (new URL(asked).pathname === new URL(page.url).pathname) return asked;
  return http.resolve(link, URL.parse(context, page.url)?.href ?? page.url);
}

/** The code and text of an OData error body; blank where there is none. */
export function problemOf(json: unknown): { readonly code: string; readonly message: string } {
  const error = recordOf(recordOf(json)["error"]);
  return { code: textOf(error["code"]), message: textOf(error["message"]) };
}

/** The error for an answer that refuses a reading: names the service's code, not its text, which can quote data. */
export function refusalOf(http: Http, answer: Answer): ServiceError {
  const { code } = problemOf(answer.json);
  return new ServiceError(
    `Cannot read from "${http.service}": it refused the request with status ${answer.status}` +
      `${code === "" ? "" : ` and code "${code}"`}; check the configured address and what the account may read`,
    { service: http.service, code: "request_refused", status: answer.status },
  );
}

function malformed(http: Http, answer: Answer): ServiceError {
  return new ServiceError(
    `Cannot read from "${http.service}": the answer holds no list of rows; check the configured address`,
    { service: http.service, code: "bad_json", status: answer.status },
  );
}

function loop(http: Http): ServiceError {
  return new ServiceError(
    `Cannot read from "${http.service}": its pages lead in a circle or have no end; run it again, and report it if it stays so`,
    { service: http.service, code: "paging_loop" },
  );
}

/** An object's own view of unknown JSON; empty for everything that is no object. */
export function recordOf(json: unknown): RawRow {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json as RawRow : {};
}
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

// Addresses

/** A query string with its question mark: `{ $select: "id", $filter: "…" }`; parts that are undefined are left out. */
export function queryOf(parts: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parts).filter((part): part is [string, string] =>
    part[1] !== undefined && part[1] !== ""
  );
  return given.length === 0 ? "" : "?" + given.map(([name, value]) => `${name}=${encoded(value)}`).join("&");
}
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("'", "%27");
}

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Text as a literal of a filter: in quotes, its own quotes doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
/** An id as a literal of a filter or a key; throws TypeError for what is no GUID, so that nothing else gets in. */
export function guid(id: string): string {
  if (!guidForm.test(id)) throw new TypeError(`Cannot use "${id}" as an id: it is no GUID`);
  return id.toLowerCase();
}

/** Addresses longer than this are refused by servers on the way. */
const longestAddress = 8_000;

/**
 * Filters `field eq a or field eq b …` for all literals, as many as keep the address short enough.
 * `around` is the length of the address without the filter.
 */
export function anyOf(field: string, literals: readonly string[], around: number): string[] {
  return chained(literals.map((literal) => `${field} eq ${literal}`), around).map((terms) => terms.join(" or "));
}

/** Terms of filters in groups that, joined by " or ", keep the address short enough; see {@link anyOf}. */
export function chained(terms: readonly string[], around: number): string[][] {
  const chains: string[][] = [];
  let room = 0;
  for (const term of terms) {
    const length = encoded(` or ${term}`).length;
    if (length > room || chains.length === 0) {
      chains.push([]);
      room = longestAddress - around - "?$filter=".length;
    }
    chains.at(-1)!.push(term);
    room -= length;
  }
  return chains;
}

// Rows

/** The names of the fields whose numbers must not become floats. */
export function decimalsOf(fields: Readonly<Record<string, Field>>): ReadonlySet<string> {
  return new Set(Object.keys(fields).filter((name) => fields[name]?.kind === "decimal"));
}

/** Whether a row lies in a handle's filter; the filter's fields must have been read. */
export function liesIn(filter: Fields, data: Fields): boolean {
  for (const field in filter) if ((data[field] ?? null) !== (filter[field] ?? null)) return false;
  return true;
}

/** Some of the fields of a row's data, in this order; `some` is what is filled. */
export function someOf(fields: readonly string[], data: Fields, some: Record<string, Value> = {}): Fields {
  for (const field of fields) some[field] = data[field] ?? null;
  return some;
}

/** The outcome of a creation whose key another record has, one that the handle's filter leaves out. */
export function outsideFilter(
  entity: AnyEntity,
  { field, value }: { field: string; value: Value | undefined },
): Outcome {
  return {
    kind: "refused",
    code: "outside_filter",
    message:
      `Cannot create a record of "${entity.name}": another record, outside the step's filter, has "${value}" as ` +
      `its "${field}"; give one of the two another value, or change the filter`,
    field,
  };
}

/**
 * Checks rows of an entity against its schema, these fields only, and gives them back as they are. What it gives throws
 * ServiceError "bad_row" naming entity, id and field, not the value.
 */
export function rowCheck(
  schema: z.ZodObject,
  fields: readonly string[],
  options: { service: string; entity: string },
): (id: string, data: Readonly<Record<string, unknown>>) => Fields {
  const shape = pick(schema, fields);
  return (id, data) => {
    const checked = shape.safeParse(data);
    if (checked.success) return data as Fields; // the schema changes no value
    const named = [...new Set(checked.error.issues.map((issue) => String(issue.path[0])))].join('", "');
    throw new ServiceError(
      `Cannot use record "${id}" of "${options.entity}" from "${options.service}": field "${named}" holds a value that ` +
        "its schema does not know; correct the record, or the schema if the service changed",
      { service: options.service, code: "bad_row" },
    );
  };
}
