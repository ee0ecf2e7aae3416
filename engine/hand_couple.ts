/** Coupling and uncoupling by a person. */
import { DefinitionError } from "../errors.ts";
import type { Coupling, ReportRow, Settlement, Side, StoredRecord } from "../store/store.ts";
import { otherSide } from "./context.ts";
import { changesOf, compiledOf, findRecord, type Place, refuseUnsettled, selectorOf } from "./find_record.ts";
import { select } from "./plan.ts";
import { stands } from "./record.ts";
import type { Step } from "./step.ts";

/** What was coupled, or uncoupled; `saved` is false where it was so before. */
export interface ByHand {
  readonly row: ReportRow;
  readonly saved: boolean;
}

/**
 * Couples two records, by number or id of each (`now`: ISO 8601), and ends tombstones and what was open of either. Throws DefinitionError
 * "no_such_record", "several_records", "record_gone", "coupled_elsewhere" (with the partner), "write_unsettled".
 */
export async function coupleByHand(
  place: Place,
  name: string,
  { now, ...keys }: Readonly<Record<Side | "now", string>>,
): Promise<ByHand> {
  const { store, connection, steps } = place;
  const step = leading(place, select(steps, `${name}/${keys.erp}`).record!.step, "couple");
  const rowsOf = async (side: Side) => {
    const named = await store.named(connection, step.name, keys[side]);
    return named.filter((row) => row[side] !== null && [row[side].id, row[side].key].includes(keys[side]));
  };
  const rows = { erp: await rowsOf("erp"), crm: await rowsOf("crm") };
  const erp = await theOne(place, step, { side: "erp", key: keys.erp, rows: rows.erp });
  const crm = await theOne(place, step, { side: "crm", key: keys.crm, rows: rows.crm });
  const coupled = [...rows.erp, ...rows.crm].filter((row) => row.coupling?.state === "coupled");
  const together = coupled.find((row) => row.coupling!.erpId === erp.id && row.coupling!.crmId === crm.id);
  if (together !== undefined) return { row: together, saved: false };
  for (const row of coupled) throw taken(row, step.name, row.coupling!.erpId === erp.id ? "erp" : "crm");
  await refuseElsewhere(place, step, crm);
  const row: ReportRow = { step: step.name, erp, crm, coupling: null, open: [], blankKeys: false };
  // A doubt that the service can't end any more is for people to settle: this is how they do.
  const open = (await changesOf(place, row, ["intended", "sent", "open"])).filter(({ state, reasons }) =>
    state !== "open" ||
    reasons.some(({ code, until }) => code === "unknown_outcome" && until !== undefined && until > now)
  );
  refuseUnsettled({ ...row, open }, "couple");
  const coupling: Coupling = {
    ...{ erpId: erp.id, crmId: crm.id, state: "coupled", base: null, seen: { erp: null, crm: null } },
    ...{ definition: compiledOf(steps, step.name).hash, how: "by hand", written: null, resolution: null },
  };
  // A record can stand in the tombstones of several pairs.
  const tombstones = async (name: string) => {
    const named = [...await store.named(connection, name, erp.id), ...await store.named(connection, name, crm.id)];
    const over = named.flatMap(({ coupling }) => coupling?.state === "tombstone" ? coupling : []);
    const ended = over.filter(({ erpId, crmId }) => erpId === erp.id || crmId === crm.id);
    return [...new Set(ended.map(({ erpId }) => erpId))];
  };
  await eachFollower(place, step, async (follower) => {
    await store.save(connection, follower.name, { parted: await tombstones(follower.name) });
  });
  await store.save(connection, step.name, {
    parted: await tombstones(step.name),
    couplings: [coupling],
    close: closing(coupling),
  });
  return { row: { ...row, coupling }, saved: true };
}

/**
 * Parts a pair for good: a tombstone keeps both from being coupled by their keys, or created, again. Throws
 * DefinitionError "not_coupled", "write_unsettled", and as {@link findRecord} does.
 */
export async function uncoupleByHand(place: Place, selector: string): Promise<ByHand> {
  const { store, connection } = place;
  const row = await findRecord(place, selector);
  const step = leading(place, row.step, "uncouple");
  const { coupling } = row;
  if (coupling === null) {
    const remedy = `deno task why "${selectorOf(row)}" says how it stands`;
    throw new DefinitionError("not_coupled", `Cannot uncouple "${selectorOf(row)}": it is not coupled; ${remedy}`);
  }
  if (coupling.state === "tombstone") return { row, saved: false };
  refuseUnsettled(row, "uncouple");
  await eachFollower(place, step, async (follower) => {
    const [found] = await store.lookup(connection, follower.name, "erp", "id", [coupling.erpId]);
    if (found !== undefined) await store.save(connection, follower.name, parting(found.pair.coupling));
  });
  await store.save(connection, step.name, parting(coupling));
  return { row, saved: true };
}

function parting(coupling: Coupling): Settlement {
  return { couplings: [{ ...coupling, state: "tombstone", resolution: null }], close: closing(coupling) };
}

function closing({ erpId, crmId }: Coupling): NonNullable<Settlement["close"]> {
  return [{ side: "crm", source: erpId }, { side: "erp", source: crmId }];
}

/** The step, unless it takes its pairs from another one. */
function leading({ steps }: Place, name: string, action: string): Step {
  const step = steps.find((one) => one.name === name)!;
  if (step.of === null) return step;
  throw new DefinitionError(
    "follows_another",
    `Cannot ${action} records of "${name}": it works on the pairs of step "${step.of.name}"; ${action} them there`,
  );
}

/** Steps that work on the pairs of this one do so from the next run on; what they hold of a pair ends with it. */
async function eachFollower({ steps }: Place, step: Step, work: (follower: Step) => Promise<void>): Promise<void> {
  for (const follower of steps) if (follower.of?.name === step.name) await work(follower);
}

interface Sought {
  readonly side: Side;
  readonly key: string;
  /** What the report has of it. */
  readonly rows: readonly ReportRow[];
}

async function theOne({ store, connection }: Place, step: Step, { side, key, rows }: Sought): Promise<StoredRecord> {
  const found = new Map(rows.map((row) => [row[side]!.id, row[side]!]));
  if (found.size === 0) {
    for (const record of await store.records(connection, step.name, side, { ids: [key] }, { limit: 1 })) {
      found.set(record.id, record);
    }
  }
  const where = side.toUpperCase();
  if (found.size > 1) {
    throw new DefinitionError(
      "several_records",
      `Cannot tell which record "${key}" of the ${where} is: ${found.size} have this number; ` +
        `name one by its id: ${[...found.keys()].join(", ")}`,
    );
  }
  const [record] = found.values();
  if (record === undefined) {
    throw new DefinitionError(
      "no_such_record",
      `Cannot find "${key}" in the ${where}: step "${step.name}" has read no record with this number or id there; ` +
        "deno task report has them all",
    );
  }
  if (stands(record)) return record;
  throw new DefinitionError(
    "record_gone",
    `Cannot couple "${key}" of the ${where}: it is ${record.state === "left" ? "outside the filter" : record.state}; ` +
      "bring it back in its own service, and synchronize",
  );
}

function taken({ erp, crm, coupling }: ReportRow, step: string, side: Side): DefinitionError {
  const names = { erp: erp?.key ?? erp?.label ?? coupling!.erpId, crm: crm?.key ?? crm?.label ?? coupling!.crmId };
  const other = otherSide(side);
  return new DefinitionError(
    "coupled_elsewhere",
    `Cannot couple "${names[side]}" of the ${side.toUpperCase()}: it is coupled with "${names[other]}" of the ` +
      `${other.toUpperCase()} (${coupling![other === "erp" ? "erpId" : "crmId"]}); deno task uncouple ` +
      `"${step}/${coupling!.erpId}" parts the two`,
  );
}

/** A record of the CRM belongs to one step; one of the ERP can be behind several, such as an item with its prices. */
async function refuseElsewhere(
  { store, connection, steps }: Place,
  step: Step,
  crm: StoredRecord,
): Promise<void> {
  for (const other of steps) {
    const same = (side: Side) => other.extract[side].name === step.extract[side].name;
    if (other.name === step.name || other.of !== null || !same("crm") || same("erp")) continue;
    const [found] = await store.lookup(connection, other.name, "crm", "id", [crm.id]);
    if (found !== undefined) throw taken({ ...found.pair, step: "", open: [], blankKeys: false }, other.name, "crm");
  }
}
