/** The tables of the Dataverse imitation by entity set. */
import { products, transactioncurrencies, uoms, uomschedules } from "./catalog_tables.ts";
import { ordercloses, salesorderdetails, salesorders } from "./order_tables.ts";
import { accounts, contacts } from "./party_tables.ts";
import { businessunits, organizations, systemusers, teams } from "./platform_tables.ts";
import { pricelevels, productpricelevels } from "./price_tables.ts";
import type { Column, TableSchema } from "./schema.ts";

/** All tables. */
export const schemas: readonly TableSchema[] = [
  accounts,
  contacts,
  products,
  transactioncurrencies,
  uomschedules,
  uoms,
  pricelevels,
  productpricelevels,
  salesorders,
  salesorderdetails,
  ordercloses,
  systemusers,
  teams,
  businessunits,
  organizations,
];
const bySet = new Map(schemas.map((schema) => [schema.set, schema]));

/** The table of an entity set, or undefined. */
export function schemaOf(set: string): TableSchema | undefined {
  return bySet.get(set);
}

/** How a property is called in answers, filters and $select: a lookup is read as "_<name>_value". */
export function readName(name: string, column: Column): string {
  return column.kind === "lookup" ? `_${name}_value` : name;
}

/** The column behind a property of an answer, or undefined. */
export function columnOf(schema: TableSchema, property: string): { name: string; column: Column } | undefined {
  const match = /^_(.+)_value$/.exec(property);
  const name = match === null ? property : match[1]!;
  const column = Object.hasOwn(schema.columns, name) ? schema.columns[name] : undefined;
  if (column === undefined || (column.kind === "lookup") !== (match !== null)) return undefined;
  return { name, column };
}

/** What a navigation property of a body binds: `parentcustomerid_account` → parentcustomerid to accounts. */
export function navigationOf(
  schema: TableSchema,
  navigation: string,
): { name: string; column: Column; sets: readonly string[] } | undefined {
  for (const [name, column] of Object.entries(schema.columns)) {
    if (column.targets === undefined) continue;
    // An owner is a user or a team, bound by one name.
    if (name === "ownerid" && navigation === name) return { name, column, sets: Object.values(column.targets) };
    const set = name !== "ownerid" && Object.hasOwn(column.targets, navigation)
      ? column.targets[navigation]
      : undefined;
    if (set !== undefined) return { name, column, sets: [set] };
  }
  return undefined;
}
