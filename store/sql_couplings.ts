/** Couplings of the store in SQL: replaced set by set, counted, and never two for one record. */
import { sql } from "kysely";
import { couplingTaken } from "./refusals.ts";
import { type Given, given, ids, rowsOf } from "./sql_rows.ts";
import type { Work } from "./sql_work.ts";
import type { Coupling } from "./store.ts";
import { encode, storable } from "./text.ts";

interface Ended {
  readonly erpId: string;
  readonly crmId: string;
  readonly state: Coupling["state"];
}

/** Ends couplings without a tombstone; those that were there. */
export async function endCouplings(
  { tx, connection, step }: Work,
  erpIds: readonly string[],
): Promise<readonly Ended[]> {
  if (erpIds.length === 0) return [];
  return await rowsOf<Ended>(
    tx,
    sql`delete from couplings where connection = ${connection} and step = ${step} and erp_id = any(${ids(erpIds)})
      returning json_build_object('erpId', erp_id, 'crmId', crm_id, 'state', state)::text as row`,
  );
}

/** Writes couplings, of each ERP record one. Returns those that they take the place of. */
export async function writeCouplings(work: Work, couplings: readonly Coupling[]): Promise<readonly Ended[]> {
  const { tx, connection, step } = work;
  if (couplings.length === 0) return [];
  // Replaced as a set, so that two pairs may exchange their CRM records.
  const ended = await endCouplings(work, couplings.map((coupling) => coupling.erpId));
  await refuseTaken(work, couplings);
  const rows = couplings.map(({ erpId, crmId, state, base, seen, definition, how, written, resolution }) => [
    ...[
      storable(erpId),
      storable(crmId),
      state,
      base === null ? null : encode(base),
      storable(seen.erp),
      storable(seen.crm),
    ],
    ...[storable(definition), storable(how), written === null ? null : encode(written)],
    resolution === null ? null : encode(resolution),
  ]);
  await sql`
    insert into couplings (connection, step, erp_id, crm_id, state, base, seen_erp, seen_crm, definition, how, written,
      resolution)
    select ${connection}::text, ${step}::text, i.* from ${
    given(rows, [
      ...["erp_id", "crm_id", "state"].map((name): Given => [name, "text"]),
      ["base", "json"],
      ...["seen_erp", "seen_crm", "definition", "how"].map((name): Given => [name, "text"]),
      ["written", "json"],
      ["resolution", "json"],
    ])
  } i`.execute(tx);
  await work.grown(work, "couplings", couplings);
  return ended;
}

/** Of each ERP record the one that came last. */
export function lastCouplings(couplings: readonly Coupling[]): Coupling[] {
  return [...new Map(couplings.map((coupling) => [coupling.erpId, coupling])).values()];
}

/** Keeps the step's number of couplings. */
export async function countCouplings(
  { tx, connection, step }: Work,
  { ended, couplings }: { readonly ended: readonly Ended[]; readonly couplings: readonly Coupling[] },
): Promise<void> {
  const coupled = (some: readonly { readonly state: Coupling["state"] }[]) =>
    some.filter(({ state }) => state === "coupled").length;
  const more = coupled(couplings) - coupled(ended);
  if (more === 0) return;
  await sql`update steps set coupled = coupled + ${more}::int where connection = ${connection} and step = ${step}`
    .execute(tx);
}

/** The unique index refuses the same; this names the records. */
async function refuseTaken({ tx, connection, step }: Work, couplings: readonly Coupling[]): Promise<void> {
  const taken = new Map<string, string>();
  for (const { erpId, crmId, state } of couplings) {
    if (state === "tombstone") continue;
    const other = taken.get(crmId);
    if (other !== undefined) throw couplingTaken(step, { crmId, erpIds: [other, erpId] });
    taken.set(crmId, erpId);
  }
  const { rows } = await sql<{ crm: string; erp: string }>`select crm_id as crm, erp_id as erp from couplings
    where connection = ${connection} and step = ${step} and state <> 'tombstone'
      and crm_id = any(${ids([...taken.keys()])}) order by crm_id limit 1`.execute(tx);
  for (const { crm, erp } of rows) throw couplingTaken(step, { crmId: crm, erpIds: [erp, taken.get(crm) ?? ""] });
}
