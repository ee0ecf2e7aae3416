/** The query options of an address, decoded and taken apart; what a service makes of them is its own. */
import { compareDecimals } from "./decimal.ts";
import { type FilterKind, QueryError } from "./filter.ts";
import type { Cell, Row } from "./tables.ts";

export interface Expand {
  /** The navigation property. */
  readonly name: string;
  readonly query: Query;
}
/** Query options as they came; null where one is absent. */
export interface Query {
  readonly select: readonly string[] | null;
  readonly filter: string | null;
  readonly orderby: readonly { readonly property: string; readonly descending: boolean }[] | null;
  readonly top: number | null;
  readonly skip: number | null;
  readonly count: boolean;
  readonly expand: readonly Expand[];
  readonly skiptoken: string | null;
  readonly deltatoken: string | null;
  /** Options with another name: "$apply", "company", "tenant" … */
  readonly others: ReadonlyMap<string, string>;
}

/** Reads the query of an address ("?$select=a,b"). Throws {@link QueryError} on text that can't be understood. */
export function parseQuery(search: string): Query {
  const options = new Map<string, string>();
  for (const part of search.replace(/^\?/, "").split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    if (options.has(name)) throw new QueryError("syntax", `Query option '${name}' was given more than once.`);
    options.set(name, decoded(equals < 0 ? "" : part.slice(equals + 1)));
  }
  return queryOf(options);
}

function queryOf(options: Map<string, string>): Query {
  const take = (name: string): string | null => {
    const value = options.get(name) ?? null;
    options.delete(name);
    return value;
  };
  const number = (name: string): number | null => {
    const value = take(name);
    if (value === null) return null;
    if (!/^\d+$/.test(value)) throw new QueryError("syntax", `'${value}' isn't a value for ${name}.`);
    return Number(value);
  };
  const count = take("$count");
  if (count !== null && !["true", "false"].includes(count)) {
    throw new QueryError("syntax", `'${count}' isn't a value for $count.`);
  }
  return {
    select: take("$select")?.split(",").map((name) => name.trim()).filter((name) => name !== "") ?? null,
    filter: take("$filter"),
    orderby: take("$orderby")?.split(",").map(orderOf) ?? null,
    top: number("$top"),
    skip: number("$skip"),
    count: count === "true",
    expand: expandOf(take("$expand") ?? ""),
    skiptoken: take("$skiptoken"),
    deltatoken: take("$deltatoken"),
    others: options,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " ")); // as forms do: a real plus must come as %2B
  } catch {
    throw new QueryError("syntax", `'${text}' isn't percent-encoded text.`);
  }
}

function orderOf(part: string): { property: string; descending: boolean } {
  const match = /^\s*([\w./]+)(?:\s+(asc|desc))?\s*$/.exec(part);
  if (match === null) throw new QueryError("syntax", `'${part}' isn't a value for $orderby.`);
  return { property: match[1]!, descending: match[2] === "desc" };
}

/** "a($select=x,y;$filter=z eq 'b'),c" */
function expandOf(text: string): Expand[] {
  return splitOutside(text, ",").map((part) => {
    const match = /^\s*(\w+)\s*(?:\(([^]*)\))?\s*$/.exec(part);
    if (match === null) throw new QueryError("syntax", `'${part}' isn't a value for $expand.`);
    const options = new Map<string, string>();
    for (const option of splitOutside(match[2] ?? "", ";")) {
      const equals = option.indexOf("=");
      if (equals < 0) throw new QueryError("syntax", `'${option}' isn't an option of $expand.`);
      options.set(option.slice(0, equals).trim(), option.slice(equals + 1).trim());
    }
    return { name: match[1]!, query: queryOf(options) };
  });
}

/** Splits at a separator that stands outside of parentheses and quotes; empty text gives nothing. */
function splitOutside(text: string, separator: string): string[] {
  if (text.trim() === "") return [];
  const parts = [""];
  let depth = 0;
  let quoted = false;
  for (const letter of text) {
    if (letter === "'") quoted = !quoted;
    else if (!quoted && letter === "(") depth++;
    else if (!quoted && letter === ")") depth--;
    if (letter === separator && depth === 0 && !quoted) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** Compares rows by $orderby; null comes first. Throws {@link QueryError} on an unknown property. */
export function comparator(
  orderby: NonNullable<Query["orderby"]>,
  rules: {
    readonly kind: (property: string) => FilterKind | undefined;
    readonly value?: (row: Row, property: string) => Cell;
  },
): (a: Row, b: Row) => number {
  const value = rules.value ?? ((row, property) => row[property] ?? null);
  for (const { property } of orderby) {
    if (rules.kind(property) !== undefined) continue;
    throw new QueryError("unknown_property", `Could not find a property named '${property}'.`);
  }
  return (a, b) => {
    for (const { property, descending } of orderby) {
      const order = compare(value(a, property), value(b, property), rules.kind(property)!);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}

function compare(a: Cell, b: Cell, kind: FilterKind): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (kind === "decimal" || kind === "integer") return compareDecimals(String(a), String(b));
  const [left, right] = kind === "text" ? [String(a).toLowerCase(), String(b).toLowerCase()] : [a, b];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The preferences of the Prefer headers ("odata.maxpagesize=5"), names in lower case; a bare one has the value "". */
export function preferences(headers: Headers): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of (headers.get("prefer") ?? "").match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const [name, value = ""] = part.trim().split(/=(.*)/s);
    if (name) found.set(name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/s, "$1"));
  }
  return found;
}
