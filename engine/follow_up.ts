/** Follow-up steps work on the pairs that another step coupled: they never couple by keys and never create. */
import type { Unclear } from "../matching/couple.ts";
import type { Coupling, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { pagesOf } from "./paging.ts";
import type { Step } from "./step.ts";

const page = 500;

/**
 * Takes over the couplings of `of` for records that this step has not coupled yet. Where `of` gave a record of the CRM to
 * another one of the ERP, so does this step.
 */
export async function mirrorCouplings(context: StepContext, of: Step): Promise<readonly Unclear[]> {
  const { store, connection, step } = context;
  const uncoupled = pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, "erp", { uncoupled: true }, keyset),
  );
  for await (const records of uncoupled) {
    const found = await store.lookup(connection, of.name, "erp", "id", records.map((record) => record.id));
    const couplings = found.map(({ pair }): Coupling => ({
      ...pair.coupling,
      base: null,
      seen: { erp: null, crm: null },
      definition: context.compiled.hash,
      how: `coupled by ${of.name}`,
      written: null,
    }));
    if (couplings.length === 0) continue;
    const held = await store.lookup(connection, step.name, "crm", "id", couplings.map(({ crmId }) => crmId));
    const parted = held.map(({ pair }) => pair.coupling.erpId);
    await store.save(connection, step.name, { couplings, parted });
  }
  return [];
}
