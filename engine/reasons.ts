/** What people are told of records that want them. */
import type { Pair, Reason, Side, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import type { Compiled } from "./compile.ts";

/** What people call a record, by the first of these that says it: a document by its number, others by their names. */
export function nameOf({ parts }: Compiled, ...records: readonly (StoredRecord | null)[]): string {
  const names = records.flatMap((record) => {
    if (record === null) return [];
    return parts === null ? [record.label, record.key] : [record.key, record.label];
  });
  return names.find((name) => name !== null) ?? records.find((record) => record !== null)?.id ?? "";
}

/** One of a pair was deleted. A document is left to its service's own way of ending one, and is not brought back. */
export function missing({ step, compiled }: StepContext, pair: Pair, gone: Side): Reason {
  const other = gone === "erp" ? "crm" : "erp";
  const id = { erp: pair.coupling.erpId, crm: pair.coupling.crmId };
  const name = (side: Side) => pair[side] === null ? id[side] : nameOf(compiled, pair[side]);
  const where = other.toUpperCase();
  const entity = step.extract[gone].name;
  const remedy = compiled.parts === null
    ? `delete it in the ${where} as well, or bring it back in its own service`
    : other === "crm"
    ? `cancel "${name("crm")}" in the CRM, and order anew there what is still wanted`
    : `delete "${name("erp")}" in the ERP, unless it goes on there without the CRM`;
  const message = `Cannot synchronize "${name(gone)}": it was deleted from "${entity}"; ${remedy}`;
  return { code: "missing", message, about: [id[gone]] };
}

/** One of a pair was deleted, and somebody changed the other one since; without fields: may have. */
export function deletedAndChanged(
  { step, compiled }: StepContext,
  pair: Pair,
  gone: Side,
  fields: readonly string[],
): Reason {
  const other = gone === "erp" ? "crm" : "erp";
  const id = { erp: pair.coupling.erpId, crm: pair.coupling.crmId };
  const name = pair[other] === null ? id[other] : nameOf(compiled, pair[other]);
  const named = fields.map((field) => `"${field}"`).join(", ");
  const since = fields.length > 0
    ? `changed in the ${other.toUpperCase()} since (${named})`
    : `nobody knows whether it was changed in the ${other.toUpperCase()} since`;
  const message =
    `Cannot synchronize "${name}": it was deleted from "${
      step.extract[gone].name
    }" and ${since}; say which counts (conflicts resolve): ${gone} lets the deletion stand, ` +
    `${other} makes it anew`;
  return { code: "conflict", message, about: [id[gone]] };
}

/** A record lies outside the filter on one side, or on both: it keeps its coupling and is written no more. */
export function left({ step, compiled }: StepContext, { erp, crm }: Pair): Reason {
  const away = [["erp", erp], ["crm", crm]] as const;
  const where = away.filter(([, record]) => record?.state === "left").map(([side]) => `"${step.extract[side].name}"`);
  const message = `"${nameOf(compiled, erp, crm)}" left what the step works with in ${where.join(" and ")}; ` +
    `it stays coupled and goes on when it is back`;
  return { code: "left", message };
}

/** Of two records that were merged both have a partner, or the one that goes on is none of this step's. */
export function mergedAway(
  { step, compiled }: StepContext,
  pair: Pair,
  side: Side,
  { into, partner }: { readonly into: string; readonly partner: string | null },
): Reason {
  const other = side === "erp" ? "crm" : "erp";
  const why = partner === null
    ? `which is none of this step's; bring that record into the step's filter, or uncouple this one`
    : `which is coupled with "${partner}"; merge the two in the ${other.toUpperCase()} as well, or uncouple this one`;
  const message =
    `Cannot synchronize "${nameOf(compiled, pair[side], pair[other])}": it was merged into another record ` +
    `of "${step.extract[side].name}", ${why}`;
  return { code: "merged", message, about: [into] };
}

/** Somebody changed a document that the other side has completed. */
export function tooLate({ compiled }: StepContext, { erp, crm }: Pair, target: StoredRecord): Reason {
  const why = (target.frozen ?? "").replace(/\.$/, "");
  const message = `Cannot write "${nameOf(compiled, crm, erp)}" any more: ` +
    `${why.charAt(0).toLowerCase()}${why.slice(1)}; undo the change on the other side`;
  return { code: "held", message };
}

/** The CRM keeps what it had until it can have the record again, or another record takes its place. */
export function unfit({ compiled }: StepContext, crm: StoredRecord, field: string, why: unknown): Reason {
  const message = `Cannot synchronize "${nameOf(compiled, crm)}": the CRM has no place for it any more ` +
    `(${why}) and still has what it was before; delete that there, unless another record takes its place`;
  return { code: "unfit", field, message };
}
