/**
 * The action Merge (Microsoft, "Merge table rows"): the subordinate row is deactivated and names the target as its
 * master; what pointed at it points at the target from then on.
 */
import { isObject, type Json } from "../json.ts";
import type { Answer } from "../service.ts";
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Resolve } from "./input.ts";
import { accounts, contacts } from "./party_tables.ts";
import { updateFromBody, updateRow } from "./records.ts";
import { refuse } from "./refusal.ts";
import type { TableSchema } from "./schema.ts";
import { stamped } from "./stamped.ts";
import { schemas } from "./tables.ts";

type Body = Readonly<Record<string, Json>>;

/** Answers POST Merge with {Target, Subordinate, UpdateContent, PerformParentingChecks}. Throws Refusal. */
export function merge(crm: Crm, { body, resolve }: { body: Body; resolve: Resolve }): Answer {
  const schema = tableIn(body, "Target");
  if (tableIn(body, "Subordinate") !== schema) throw refuse.argument("Rows of two tables can't be merged.");
  const [target, subordinate] = [rowIn(crm, schema, body["Target"]!), rowIn(crm, schema, body["Subordinate"]!)];
  if (target.id === subordinate.id) throw refuse.argument("A row can't be merged with itself.");
  for (const row of [target, subordinate]) {
    if (row.statecode !== 0) throw refuse.argument(`${schema.logical} With Id = ${row.id} is not active.`);
  }
  if (body["PerformParentingChecks"] === true) checkParents(schema, target, subordinate);
  crm.tables.transaction(() => {
    const given = body["UpdateContent"];
    if (isObject(given)) {
      const { [schema.key]: _own, ...content } = given; // clients send zeros there
      if (Object.keys(content).some((name) => !name.startsWith("@"))) {
        updateFromBody(crm, schema, { body: content, resolve, id: target.id });
      }
    }
    moveReferences(crm, schema, { from: subordinate.id, to: target.id });
    const before = crm.rows(schema).get(subordinate.id)!;
    updateRow(crm, schema, { before, values: { statecode: 1, merged: true, masterid: target.id } });
  });
  return { status: 204, headers: { "OData-Version": "4.0" }, entity: schema.set, rows: 1 };
}

function tableIn(body: Body, parameter: string): TableSchema {
  const row = body[parameter];
  if (!isObject(row)) throw refuse.payload(`The parameter '${parameter}' is missing.`);
  const type = row["@odata.type"];
  const schema = [accounts, contacts].find(({ logical }) => type === `Microsoft.Dynamics.CRM.${logical}`);
  if (schema !== undefined) return schema;
  throw refuse.payload(`The parameter '${parameter}' needs '@odata.type' of a table whose rows can be merged.`);
}

function rowIn(crm: Crm, schema: TableSchema, given: Json): Row {
  const id = String((given as Body)[schema.key] ?? "").toLowerCase();
  const row = crm.rows(schema).get(id);
  if (row === undefined) throw refuse.noSuchRow(schema.logical, id);
  return row;
}

function checkParents(schema: TableSchema, target: Row, subordinate: Row): void {
  const parent = schema === accounts ? "parentaccountid" : "parentcustomerid";
  if ((target[parent] ?? null) === (subordinate[parent] ?? null)) return;
  throw refuse.argument(`The two rows have different parents in '${parent}'.`);
}

/** Orders that nobody may edit any more go along, too. */
function moveReferences(crm: Crm, schema: TableSchema, { from, to }: { from: string; to: string }): void {
  for (const other of schemas) {
    for (const [name, column] of Object.entries(other.columns)) {
      if (name === "masterid" || !Object.values(column.targets ?? {}).includes(schema.set)) continue;
      for (const row of [...crm.rows(other).where(name, from)]) {
        if (row.id !== to) crm.rows(other).put(stamped(crm, { ...row, [name]: to }));
      }
    }
  }
}
