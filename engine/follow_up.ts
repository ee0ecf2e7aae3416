/** Follow-up steps work on the pairs that another step coupled: they never couple by keys and never create. */
import type { Coupling, Pair, Side, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { isGone } from "./decide_gone.ts";
import { pagesOf } from "./paging.ts";
import type { Step } from "./step.ts";

const page = 500;

/**
 * Takes over the couplings of `of` for records that this step has not coupled yet. Where `of` gave a record of the CRM to
 * another one of the ERP, so does this step.
 */
export async function mirrorCouplings(context: StepContext, of: Step): Promise<void> {
  const { store, connection, step } = context;
  const uncoupled = pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, "erp", { uncoupled: true }, keyset),
  );
  for await (const records of uncoupled) {
    const found = await store.lookup(connection, of.name, "erp", "id", records.map((record) => record.id));
    const couplings = found.map(({ pair }) => followed(context, of, pair.coupling));
    if (couplings.length === 0) continue;
    const held = await store.lookup(connection, step.name, "crm", "id", couplings.map(({ crmId }) => crmId));
    const parted = held.map(({ pair }) => pair.coupling.erpId);
    await store.save(connection, step.name, { couplings, parted });
  }
  await followGone(context, of);
}

/** Where a record of a pair is gone, the step does what `of` did: the pair ends, or goes on with another record. */
async function followGone(context: StepContext, of: Step): Promise<void> {
  const { store, connection, step, compiled } = context;
  const pages = pagesOf<Pair>(
    page,
    (pair) => pair.coupling.erpId,
    (keyset) => store.pairs(connection, step.name, { ...keyset, definition: compiled.hash }),
  );
  for await (const pairs of pages) {
    const gone = pairs.filter(isGone);
    if (gone.length === 0) continue;
    const ids = (side: Side) => gone.map(({ coupling }) => side === "erp" ? coupling.erpId : coupling.crmId);
    const known = [
      ...await store.lookup(connection, of.name, "erp", "id", ids("erp")),
      ...await store.lookup(connection, of.name, "crm", "id", ids("crm")),
    ].map(({ pair }) => pair.coupling);
    const ended: Coupling[] = [];
    const parted: string[] = [];
    for (const { coupling } of gone) {
      const now = known.find(({ erpId, crmId }) => erpId === coupling.erpId || crmId === coupling.crmId);
      if (now === undefined) ended.push({ ...coupling, state: "tombstone" });
      else if (now.erpId !== coupling.erpId || now.crmId !== coupling.crmId) parted.push(coupling.erpId);
    }
    const couplings = [
      ...ended,
      ...known.filter(({ erpId, crmId }) =>
        gone.some(({ coupling }) => (coupling.erpId === erpId) !== (coupling.crmId === crmId))
      ).map((coupling) => followed(context, of, coupling)),
    ];
    await store.save(connection, step.name, { couplings, parted });
  }
}

function followed({ compiled }: StepContext, of: Step, coupling: Coupling): Coupling {
  const fresh = {
    base: null,
    seen: { erp: null, crm: null },
    definition: compiled.hash,
    written: null,
    resolution: null,
  };
  return { ...coupling, ...fresh, how: `coupled by ${of.name}` };
}
