/** An opened handle's standing parts, and how rows of its page become rows of ours. */
import type { z } from "zod";
import {
  type AnyEntity,
  blankFields,
  type Clock,
  type Field,
  type Fields,
  type Limiter,
  type Row,
} from "../connector.ts";
import type { Counted, Http } from "../http.ts";
import { withoutBlank } from "../blanks.ts";
import { decimalsOf, liesIn, pages, type RawRow, rowCheck, someOf } from "../odata.ts";
import type { List, Lookups } from "./lookups.ts";
import type { View } from "./view.ts";

export const service = "business_central";

export interface Table {
  readonly entity: AnyEntity;
  readonly fields: Readonly<Record<string, Field>>;
  readonly schema: z.ZodObject;
  readonly view: View;
  readonly http: Http;
  readonly clock: Clock;
  readonly limiter: Limiter;
  /** The company's path below the root in the API that has this handle's page, with a slash at its end. */
  readonly company: string;
  /** The same path in the standard API, where all other pages lie. */
  readonly standard: string;
  /** The same path in the extension's API; null where the company has no extension. */
  readonly extension: string | null;
  readonly pageSize: number;
  readonly overlapMs: number;
  /** Reads lists of the company in the standard API, all pages of them. */
  readonly list: List;
  lookups(): Lookups;
  /** From now on other pages are read anew. */
  forget(): void;
}

/** Reads lists of a company, all pages of them; lookups, where they aren't said to count as something else. */
export function listOf(http: Http, company: string, options: { pageSize: number; counts?: Counted }): List {
  return async (path, { decimals, signal } = {}) => {
    const rows: RawRow[] = [];
    const headers = { Prefer: `odata.maxpagesize=${options.pageSize}` };
    const counts = options.counts ?? "lookups";
    for await (const page of pages(http, company + path, { headers, signal, counts, ...(decimals && { decimals }) })) {
      rows.push(...page.rows);
    }
    return rows;
  };
}

/** The page properties that these fields of a table need. */
export function selectOf(table: Table, fields: readonly string[]): string {
  const { made, only } = table.view;
  const named = fields.flatMap((field) => made[field] ?? [field]);
  return [...new Set(["id", ...(only === undefined ? [] : [only.property]), ...named, "lastModifiedDateTime"])].join();
}

/** Decimal properties of the table's page. */
export function decimalsIn(table: Table): ReadonlySet<string> {
  return decimalsOf(table.fields);
}

export function idOf(raw: RawRow): string {
  return String(raw["id"]).toLowerCase();
}

/** Rows of ours, those outside the handle's filter apart. Throws ServiceError "bad_row". */
export async function mapRows(
  table: Table,
  raws: readonly RawRow[],
  fields: readonly string[],
): Promise<{ rows: Row[]; left: string[] }> {
  const { entity, view } = table;
  const { only } = view;
  const belonging = only === undefined ? raws : raws.filter((raw) => raw[only.property] === only.value);
  const left = only === undefined ? [] : raws.filter((raw) => raw[only.property] !== only.value).map(idOf);
  const needed = withFilter(table, fields);
  const made = await view.fill?.({ fields: new Set(needed), rows: belonging, lookups: table.lookups() });
  const check = rowCheck(table.schema, needed, { service, entity: entity.name });
  const filter = entity.filter as Fields;
  const isAll = needed.length === fields.length;
  const columns = needed.map((name) => ({
    name,
    field: table.fields[name],
    isMade: Object.hasOwn(view.made, name),
  }));
  const rows: Row[] = [];
  // One object is filled for each row and checked: this is what reading spends its time on.
  for (const raw of belonging) {
    const id = idOf(raw);
    const values = made?.(raw);
    const given: Record<string, unknown> = blankFields(needed);
    for (const { name, field, isMade } of columns) given[name] = isMade ? values?.[name] : valueOf(raw, name, field);
    const data = check(id, given);
    if (!liesIn(filter, data)) left.push(id);
    else {
      const version = String(raw["@odata.etag"]);
      rows.push({
        id,
        version,
        modifiedAt: modifiedAt(raw),
        data: isAll ? data : someOf(fields, data, blankFields(fields)),
      });
    }
  }
  return { rows, left };
}

/** A property that is not there is no blank: the check of the row then names it. */
function valueOf(raw: RawRow, property: string, field: Field | undefined): unknown {
  return Object.hasOwn(raw, property) && field !== undefined ? withoutBlank(field, raw[property]) : undefined;
}

const stamp: Field = { kind: "datetime", nullable: true };

/** When the service says that a row was modified last. */
export function modifiedAt(raw: RawRow): string | null {
  return withoutBlank(stamp, raw["lastModifiedDateTime"] ?? null) as string | null;
}

/** The fields, and those that the handle's filter decides by. */
export function withFilter(table: Table, fields: readonly string[]): string[] {
  return [...new Set([...fields, ...Object.keys(table.entity.filter)])];
}

/** The same table without the handle's filter: what a write met counts wherever it lies. */
export function withoutFilter(table: Table): Table {
  return { ...table, entity: { ...table.entity, filter: {} } };
}
