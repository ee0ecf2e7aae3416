/** The body of a creation or update → values by column, each checked against the table's description. */
import { isObject, type Json } from "../json.ts";
import type { Cell } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { refuse } from "./refusal.ts";
import type { Access, TableSchema } from "./schema.ts";
import { navigationOf, schemaOf } from "./tables.ts";
import { GUID, storedValue } from "./values.ts";

/** Stored values by column. A lookup is its row's id, with the entity set under "<column>@set". */
export type Values = Record<string, Cell>;

/** A row that is created together with this one: `column` then points to it. */
export interface Nested {
  readonly column: string;
  readonly schema: TableSchema;
  readonly body: Readonly<Record<string, Json>>;
}

export interface Input {
  readonly values: Values;
  readonly nested: readonly Nested[];
  /** Rows that are created after this one; their `column` then points here. */
  readonly children: readonly Nested[];
}

/** Finds the row that a reference ("/accounts(…)", an address, "$1") means; throws Refusal when there is none. */
export type Resolve = (reference: string) => { readonly set: string; readonly id: string };

/** Reads a body. Throws Refusal for what the table doesn't have, may not be written now, or doesn't fit. */
export function readInput(
  schema: TableSchema,
  body: Readonly<Record<string, Json>>,
  { when, resolve }: { when: Exclude<Access, "read">; resolve: Resolve },
): Input {
  const values: Values = {};
  const nested: Nested[] = [];
  const children: Nested[] = [];
  for (const [property, value] of Object.entries(body)) {
    if (property.endsWith("@odata.bind")) {
      bind(schema, { values, navigation: property.slice(0, -"@odata.bind".length), value, when, resolve });
      continue;
    }
    if (property.startsWith("@") || property.includes("@")) continue; // annotations say nothing about values
    const column = Object.hasOwn(schema.columns, property) ? schema.columns[property]! : undefined;
    if (column !== undefined && column.kind !== "lookup") {
      writable(schema, property, when);
      values[property] = storedValue(schema, property, value);
      continue;
    }
    const navigation = navigationOf(schema, property);
    const target = navigation === undefined ? undefined : schemaOf(navigation.sets[0]!);
    if (navigation !== undefined && isObject(value) && target !== undefined && when === "insert") {
      writable(schema, navigation.name, when);
      nested.push({ column: navigation.name, schema: target, body: value });
    } else if (schema.children?.[property] !== undefined && when === "insert") {
      children.push(...childrenOf(schema, property, value));
    } else if (navigation !== undefined && value === null) {
      bind(schema, { values, navigation: property, value, when, resolve });
    } else {
      throw unknown(schema, property);
    }
  }
  return { values, nested, children };
}

function childrenOf(schema: TableSchema, property: string, value: Json): Nested[] {
  const { set, column } = schema.children![property]!;
  if (!Array.isArray(value)) throw refuse.payload(`The value of '${property}' isn't a list of rows.`);
  return (value as readonly Json[]).map((body) => {
    if (!isObject(body)) throw refuse.payload(`The value of '${property}' isn't a list of rows.`);
    return { column, schema: schemaOf(set)!, body };
  });
}

function bind(schema: TableSchema, how: {
  values: Values;
  navigation: string;
  value: Json;
  when: Exclude<Access, "read">;
  resolve: Resolve;
}): void {
  const found = navigationOf(schema, how.navigation);
  if (found === undefined) throw unknown(schema, how.navigation);
  writable(schema, found.name, how.when);
  if (how.value === null) {
    how.values[found.name] = null;
    return;
  }
  if (typeof how.value !== "string") throw refuse.payload(`The value of '${how.navigation}@odata.bind' isn't text.`);
  const { set, id } = how.resolve(how.value);
  if (!found.sets.includes(set)) {
    throw refuse.payload(`'${how.navigation}' of '${schema.logical}' cannot point to a row of '${set}'.`);
  }
  how.values[found.name] = id;
  if (Object.keys(found.column.targets!).length > 1) how.values[`${found.name}@set`] = set;
}

function writable(schema: TableSchema, name: string, when: Exclude<Access, "read">): void {
  const { access } = schema.columns[name]!;
  if (access === undefined || access === when) return;
  const times = access === "read" ? "never" : access === "insert" ? "only in a creation" : "only in an update";
  throw refuse.payload(`The attribute '${name}' of '${schema.logical}' can be written ${times}.`);
}

function unknown(schema: TableSchema, property: string): Error {
  if (/^_.*_value$/.test(property)) {
    return refuse.payload(`'${property}' can't be written; bind its navigation property instead.`);
  }
  return refuse.payload(
    `Error identified in Payload provided by the user for Entity :'${schema.set}': the property '${property}' does ` +
      `not exist on type 'Microsoft.Dynamics.CRM.${schema.logical}'.`,
  );
}

/** A resolver for references inside a request. `earlier`: rows made in the same change set, by "$1". */
export function resolver(crm: Crm, earlier: ReadonlyMap<string, string>): Resolve {
  return (reference) => {
    const known = /^\/?(\$[\w-]+)$/.exec(reference)?.[1];
    const text = known === undefined ? reference : earlier.get(known);
    if (text === undefined) {
      throw refuse.query(`Content-ID Reference: '${known}' does not exist in the batch context.`);
    }
    const match = /(?:^|\/)(\w+)\(([^()]*)\)$/.exec(text);
    const schema = match === null ? undefined : schemaOf(match[1]!);
    if (match === null) throw refuse.payload(`'${reference}' isn't the address of a row.`);
    if (schema === undefined) throw refuse.noSuchSet(match[1]!);
    return { set: schema.set, id: keyOf(crm, schema, decodeURIComponent(match[2]!)).id };
  };
}

/** What stands in the parentheses of an address. */
export interface KeyInAddress {
  /** The row's id; for an alternate key that no row has, "" . */
  readonly id: string;
  /** An alternate key's values; null for a primary key. */
  readonly alternate: Values | null;
}

/** Reads a key; for a primary key the row need not exist. Throws Refusal; a missing row is the caller's to judge. */
export function keyInAddress(crm: Crm, schema: TableSchema, text: string): KeyInAddress {
  const primary = new RegExp(`^(?:${schema.key}=)?([0-9a-f-]{36})$`, "i").exec(text)?.[1];
  if (primary !== undefined && GUID.test(primary)) return { id: primary.toLowerCase(), alternate: null };
  if (/[/<>*%&:\\?+]/.test(text)) throw refuse.query("The key holds a character that an address can't carry.");
  const alternate: Values = {};
  for (const match of text.matchAll(/(?:^|,)\s*(\w+)=('(?:[^']|'')*'|[^,']*)/g)) {
    const raw = match[2]!;
    const name = match[1]!.replace(/^_(.*)_value$/, "$1");
    const number = /^-?\d+$/.test(raw) ? Number(raw) : raw.toLowerCase();
    alternate[name] = raw.startsWith("'") ? raw.slice(1, -1).replaceAll("''", "'") : number;
  }
  const names = Object.keys(alternate).sort().join();
  const keys = crm.settings().alternateKeys[schema.set] ?? [];
  if (names === "" || !keys.some((key) => [...key].sort().join() === names)) {
    throw refuse.query(
      `The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.${schema.logical}'.`,
    );
  }
  const [first, ...rest] = Object.entries(alternate);
  const same = (a: Cell | undefined, b: Cell) => String(a).toLowerCase() === String(b).toLowerCase();
  const row = crm.rows(schema).where(first![0], first![1])
    .find((candidate) => rest.every(([name, value]) => same(candidate[name], value)));
  return { id: row?.id ?? "", alternate };
}

/** Like {@link keyInAddress}, for a row that must exist. */
export function keyOf(crm: Crm, schema: TableSchema, text: string): KeyInAddress {
  const key = keyInAddress(crm, schema, text);
  if (crm.rows(schema).get(key.id) === undefined) throw refuse.noSuchRow(schema.logical, key.id || text);
  return key;
}
