/** CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of one table in one request, all or none. */
import { isObject, type Json } from "../json.ts";
import type { Answer } from "../service.ts";
import type { Crm } from "./crm.ts";
import type { Resolve } from "./input.ts";
import { createFromBody, updateFromBody } from "./records.ts";
import { refuse } from "./refusal.ts";
import type { TableSchema } from "./schema.ts";

/** Answers POST <set>/Microsoft.Dynamics.CRM.<action>. Throws Refusal. */
export function multiple(
  crm: Crm,
  schema: TableSchema,
  { action, body, resolve }: { action: string; body: Readonly<Record<string, Json>>; resolve: Resolve },
): Answer {
  const name = /^Microsoft\.Dynamics\.CRM\.(Create|Update|Upsert)Multiple$/.exec(action)?.[1];
  if (name === undefined || !schema.can.multiple) throw refuse.noSuchSet(action);
  const targets = Array.isArray(body.Targets) ? body.Targets as readonly Json[] : [];
  if (targets.length === 0) throw refuse.payload("'Targets' must be a list of rows.");
  const ids = crm.tables.transaction(() =>
    targets.map((target) => {
      if (!isObject(target) || target["@odata.type"] !== `Microsoft.Dynamics.CRM.${schema.logical}`) {
        throw refuse.payload(`Each target needs "@odata.type": "Microsoft.Dynamics.CRM.${schema.logical}".`);
      }
      if (name === "Create") return createFromBody(crm, schema, { body: target, resolve }).id;
      const id = String(target[schema.key] ?? "").toLowerCase();
      const exists = crm.rows(schema).get(id) !== undefined;
      if (name === "Update" || exists) return updateFromBody(crm, schema, { body: target, resolve, id }).id;
      return createFromBody(crm, schema, { body: target, resolve }).id;
    })
  );
  return name === "Create" ? { status: 200, body: { Ids: ids }, rows: ids.length } : { status: 204, rows: ids.length };
}
