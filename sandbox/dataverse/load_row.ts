/** Rows from files and generators, in columns as a file has them. */
import type { Cell } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { createRow } from "./records.ts";
import { Refusal } from "./refusal.ts";
import { schemaOf } from "./tables.ts";
import { GUID, storedValue, valueOfText } from "./values.ts";

/**
 * Stores a row as a creation over HTTP would, with the service's defaults; the id is the key column's ("accountid") or a
 * new one, and is returned. Lookups are given by their column with an id ("transactioncurrencyid"); text is read by the
 * column's kind; "" is null. Unlike over HTTP, states, full names, createdon and modifiedon may be given.
 * Throws TypeError "<column>: <why>" when the table refuses it.
 */
export function loadRow(crm: Crm, set: string, given: Readonly<Record<string, Cell>>): string {
  const schema = schemaOf(set);
  if (schema === undefined) throw new TypeError(`${set}: the CRM has no such entity set`);
  const values: Values = {};
  for (const [name, cell] of Object.entries(given)) {
    const column = Object.hasOwn(schema.columns, name) ? schema.columns[name]! : undefined;
    if (column === undefined) throw new TypeError(`${name}: the entity set "${set}" has no such column`);
    if (cell === null || cell === "") continue;
    try {
      if (column.kind !== "lookup") {
        values[name] = storedValue(schema, name, valueOfText(column, cell));
        continue;
      }
    } catch (error) {
      throw explained(error, name);
    }
    const id = String(cell).toLowerCase();
    const target = Object.values(column.targets!).find((other) => crm.tables.table(other).get(id) !== undefined);
    if (!GUID.test(id) || target === undefined) throw new TypeError(`${name}: no row has the id "${cell}"`);
    values[name] = id;
    if (Object.keys(column.targets!).length > 1) values[`${name}@set`] = target;
  }
  if (values.statecode !== undefined) values.statuscode ??= schema.states![Number(values.statecode)]![0]!;
  try {
    return createRow(crm, schema, values).id;
  } catch (error) {
    throw explained(error, schema.key);
  }
}

function explained(error: unknown, column: string): unknown {
  return error instanceof Refusal ? new TypeError(`${column}: ${error.message}`, { cause: error }) : error;
}
