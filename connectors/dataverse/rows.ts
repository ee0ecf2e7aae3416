/** Between a handle's fields and the columns of its table: what is asked for, what comes back, what is sent. */
import { ServiceError } from "../../errors.ts";
import { type AnyEntity, blankFields, type Field, type Fields, type Row, type Value } from "../connector.ts";
import { exact } from "../json.ts";
import { withoutBlank } from "../blanks.ts";
import { decimalsOf, guid, liesIn, type RawRow, rowCheck, someOf } from "../odata.ts";
import { beginningOf, dayOf } from "./days.ts";
import type { Environment } from "./environment.ts";
import { made } from "./made.ts";
import { schemas } from "./schemas.ts";
import { type Table, tables } from "./tables.ts";

/** How rows of one handle with some of its fields are asked for and understood. */
export interface Columns {
  readonly entity: AnyEntity;
  readonly table: Table;
  /** For `$select`. */
  readonly select: string;
  /** What the request must prefer to be given. */
  readonly prefer: readonly string[];
  readonly decimals: ReadonlySet<string>;
  idOf(raw: RawRow): string;
  /** `derived` holds what no column of the row does. */
  rowOf(raw: RawRow, derived?: Fields): { readonly row: Row; readonly inFilter: boolean };
}

const tableOfValue = "Microsoft.Dynamics.CRM.lookuplogicalname";

/** The table behind a handle; throws TypeError for a handle that is none of this service. */
export function tableOf(entity: AnyEntity): Table {
  const table = tables[entity.name];
  if (table === undefined) throw new TypeError(`Cannot open "${entity.name}": Dataverse has no handle of this name`);
  return table;
}

export interface ColumnsOptions {
  /** The IANA name of the zone that days are counted in. */
  readonly timeZone: string;
  /** Every row counts, whatever the handle's filter says. */
  readonly everything?: boolean;
  /** Columns that are asked for besides. */
  readonly also?: readonly string[];
}

/**
 * Rows come with `fields` and what the handle carries; the columns of the filter are read to decide it, unless
 * `everything` says that every row counts.
 */
export function columnsOf(entity: AnyEntity, fields: readonly string[], options: ColumnsOptions): Columns {
  const table = tableOf(entity);
  const given = [...new Set([...fields, ...entity.carries])];
  const filter = options.everything ? {} : entity.filter as Fields;
  const read = [...new Set([...given, ...Object.keys(filter)])];
  const lookups = read.map((field) => field === "parentcustomeridtype" ? "parentcustomerid" : field)
    .filter((field) => Object.hasOwn(table.lookups, field));
  const own = made[entity.name] ?? {};
  const behind = read.flatMap((field) => own[field]?.from ?? []);
  const plain = read.filter((field) => !(Object.hasOwn(table.lookups, field)) && !table.derived.includes(field));
  const check = rowCheck(schemas[entity.name]!, read, { service: "dataverse", entity: entity.name });
  const named = [...new Set(lookups)];
  const isAll = read.length === given.length;
  const readers = read.map((field) => ({ field, value: readerOf(field) }));
  return {
    entity,
    table,
    select: [
      ...new Set([
        table.id,
        ...plain,
        ...behind,
        ...named.map((field) => `_${field}_value`),
        ...options.also ?? [],
        "modifiedon",
      ]),
    ].join(","),
    prefer: named.some((field) => table.lookups[field]!.polymorphic)
      ? [`odata.include-annotations="${tableOfValue}"`]
      : [],
    decimals: new Set([...decimalsOf(entity.fields), ...behind]),
    idOf: (raw) => idOf(entity, table, raw),
    rowOf(raw, derived = {}) {
      const id = idOf(entity, table, raw);
      const version = raw["@odata.etag"];
      if (typeof version !== "string" || version === "") throw incomplete(entity, id, "it has no ETag");
      const known = { id, derived };
      const values: Record<string, unknown> = blankFields(read);
      for (const { field, value } of readers) values[field] = value(raw, known);
      const data = check(id, values);
      const row: Row = {
        id,
        version,
        modifiedAt: modifiedAt(raw),
        data: isAll ? data : someOf(given, data, blankFields(given)),
      };
      return { row, inFilter: liesIn(filter, data) };
    },
  };

  /** What is the same for all rows is found out once. */
  function readerOf(field: string): (raw: RawRow, known: { id: string; derived: Fields }) => unknown {
    const lookup = table.lookups[field];
    if (field === "parentcustomeridtype") return (raw, { id }) => tableBehind(raw, "parentcustomerid", id);
    if (Object.hasOwn(own, field)) return own[field]!.of;
    if (lookup === undefined) {
      const facts = entity.fields[field]!;
      const { kind } = facts;
      return (raw, { derived }) => {
        const found = Object.hasOwn(derived, field) ? derived[field] : raw[field];
        const value = withoutBlank(facts, kind === "date" ? dayOf(found, options.timeZone) : found);
        return kind === "boolean" ? value ?? false : value; // a switch never set is off
      };
    }
    const property = `_${field}_value`;
    return (raw, { id }) => {
      const value = raw[property] ?? null;
      if (typeof value !== "string") return null;
      const elsewhere = lookup.polymorphic && tableBehind(raw, field, id) !== lookup.logical;
      return elsewhere ? null : value.toLowerCase();
    };
  }

  function tableBehind(raw: RawRow, field: string, id: string): Value {
    if ((raw[`_${field}_value`] ?? null) === null) return null;
    const logical = raw[`_${field}_value@${tableOfValue}`];
    if (typeof logical === "string") return logical;
    throw incomplete(entity, id, `it does not say which table "${field}" points at`);
  }
}

/** When the service says that a row was modified last. */
export function modifiedAt(raw: RawRow): string | null {
  return typeof raw["modifiedon"] === "string" ? raw["modifiedon"] : null;
}

function idOf(entity: AnyEntity, table: Table, raw: RawRow): string {
  const id = raw[table.id];
  if (typeof id === "string" && id !== "") return id.toLowerCase();
  throw incomplete(entity, "", `it has no "${table.id}"`);
}

function incomplete(entity: AnyEntity, id: string, state: string): ServiceError {
  return new ServiceError(
    `Cannot use record "${id}" of "${entity.name}" from "dataverse": ${state}; check the configured address`,
    { service: "dataverse", code: "bad_row" },
  );
}

/** What is written of a row: its fields, when it is made or changed. */
export interface Written {
  readonly op: "create" | "update" | "delete";
  readonly fields: Fields;
}

/** The body of a write as text; see {@link valuesOf}. */
export function bodyOf(entity: AnyEntity, write: Written, options: BodyOptions): string {
  return JSON.stringify(valuesOf(entity, write, options));
}

export interface BodyOptions {
  readonly timeZone: string;
  /** By logical table name: the columns that hold days as they are. */
  readonly plainDays: ReadonlyMap<string, ReadonlySet<string>>;
  readonly ownerTeam?: string | undefined;
}

/**
 * The body of a write. Lookups are bound by navigation property, decimals keep their digits; a creation says nothing
 * of what is blank. Throws TypeError for a field that may not be written then: definitions are checked before.
 */
export function valuesOf(entity: AnyEntity, write: Written, options: BodyOptions): Record<string, unknown> {
  const table = tableOf(entity);
  const body: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(write.fields)) {
    requireWritable(entity, write, field);
    if (table.derived.includes(field) && field !== "baseuomname") continue;
    if (write.op === "create" && value === null) continue;
    if (Object.hasOwn(table.lookups, field)) Object.assign(body, binding(table, field, write));
    else if (options.plainDays.get(table.logical)?.has(field)) body[field] = value;
    else body[field] = plainValue(entity.fields[field]!.kind, value, options.timeZone);
  }
  const owned = "ownerid" in entity.fields && (write.fields["ownerid"] ?? null) === null;
  const unowned = owned && (write.op === "create" || "ownerid" in write.fields);
  if (unowned && options.ownerTeam !== undefined) body["ownerid@odata.bind"] = `/teams(${guid(options.ownerTeam)})`;
  return body;
}

/** What {@link BodyOptions.plainDays} has to hold for these writes; nothing is asked where they hold no days. */
export async function plainDaysOf(
  { environment }: { readonly environment: Environment },
  written: readonly { readonly entity: AnyEntity; readonly fields: Fields }[],
  signal: AbortSignal | undefined,
): Promise<BodyOptions["plainDays"]> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { entity, fields } of written) {
    const { logical } = tableOf(entity);
    const isDated = Object.entries(fields).some(([field, value]) => {
      return value !== null && entity.fields[field]?.kind === "date";
    });
    if (isDated && !found.has(logical)) found.set(logical, await environment.plainDays(logical, signal));
  }
  return found;
}

function plainValue(kind: Field["kind"], value: Value, timeZone: string): unknown {
  if (value === null) return null;
  return kind === "decimal" ? exact(String(value)) : kind === "date" ? beginningOf(String(value), timeZone) : value;
}

const contactBind = { nav: "parentcustomerid_contact", set: "contacts" };
function binding(table: Table, field: string, write: Written): Record<string, string | null> {
  const underContact = field === "parentcustomerid" && write.fields["parentcustomeridtype"] === "contact";
  const { nav, set } = underContact ? contactBind : table.lookups[field]!;
  const id = write.fields[field] ?? null;
  return { [`${nav}@odata.bind`]: id === null ? null : `/${set}(${guid(String(id))})` };
}

function requireWritable(entity: AnyEntity, write: Written, field: string): void {
  const known = entity.fields[field];
  const when = (entity.access as Readonly<Record<string, string>>)[field] ?? write.op;
  if (known !== undefined && when === write.op) return;
  const state = known === undefined ? "there is no such field" : `it may be written on ${when} only`;
  throw new TypeError(
    `Cannot write field "${field}" of "${entity.name}" on ${write.op}: ` +
      `${when === "never" ? "it may never be written" : state}; correct the definition`,
  );
}
