/**
 * Rebuild: what a lost store knew of couplings, as far as both services still tell it. Nothing is written to them, and
 * nothing is created afterwards until a person confirms: a record without a partner may have had one that nobody can name.
 */
import type { Value } from "../connectors/connector.ts";
import { DefinitionError } from "../errors.ts";
import type { Change, Coupling, Side, Store, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { coupleMatches } from "./couple.ts";
import type { Place } from "./find_record.ts";
import { takeStep } from "./lease.ts";
import { pagesOf } from "./paging.ts";
import { derivedId } from "./record.ts";
import { type FieldRule, rulesOf } from "./rules.ts";
import type { Step } from "./step.ts";

/** What a rebuild made of one step. */
export interface Restored {
  /** Couplings of CRM records whose link column names the ERP record. */
  readonly byLink: number;
  /** Couplings whose CRM record has an id that we chose for the ERP record. */
  readonly byId: number;
  /** Couplings of records that agree on the keys of the step, as at a first run. */
  readonly byKeys: number;
  /** Present records without a partner. */
  readonly left: Readonly<Record<Side, number>>;
}

/** A run that restores couplings instead of deciding anything. */
export interface Rebuild {
  onRestored(step: string, restored: Restored): void;
}

/** Records are read, and couplings saved, in pages of this many. */
const page = 1000;
/** How a pair came about whose CRM record we made. */
const knownById = "created in the CRM, known by its id";
/** Nobody makes a record anew more often than this. */
const generations = 8;

/** Throws DefinitionError "not_lost" where the store has couplings that no rebuild restored just now. */
export async function refuseCoupled(store: Store, connection: string): Promise<void> {
  let [couplings, steps] = [0, 0];
  for (const name of await store.steps(connection)) {
    const { coupled, rebuilt } = await store.step(connection, name);
    if (coupled === 0 || rebuilt) continue;
    couplings += coupled;
    steps++;
  }
  if (couplings === 0) return;
  throw new DefinitionError(
    "not_lost",
    `Cannot rebuild connection "${connection}": the store has ${couplings} couplings of ${steps} ` +
      `${steps === 1 ? "step" : "steps"}; read everything again with deno task sync --full, or move the store away ` +
      `first if it is not to be relied on`,
  );
}

/** Holds creations back in all of these steps, before the first of them is read: a stop in between leaves them held. */
export async function holdCreations(
  store: Store,
  { connection, steps, holder }: {
    readonly connection: string;
    readonly steps: readonly Step[];
    readonly holder: string;
  },
): Promise<void> {
  // Parts are created with their heads, and a follow-up step creates nothing.
  for (const { name: step } of steps.filter(({ of, under }) => of === null && under === null)) {
    const taken = await takeStep(store, { connection, step, holder });
    await taken.save(connection, step, { rebuilt: true });
  }
}

/** Names of steps. */
export interface Confirmed {
  /** Creations go on there. */
  readonly confirmed: readonly string[];
  /** Nobody has seen all that would be created there. */
  readonly held: readonly string[];
  /** Creations that the last runs listed in the confirmed steps, to wait for this. */
  readonly creations: number;
}

/**
 * Lets creations go on where a run has listed them all since the rebuild. A record that is found again by a correlation was
 * looked for only once it was listed, so such a step waits until none of its records waits.
 */
export async function confirmRebuild({ store, connection, steps }: Place): Promise<Confirmed> {
  const confirmed: string[] = [];
  const held: string[] = [];
  let creations = 0;
  for (const step of steps) {
    const { rebuilt, ended, definition } = await store.step(connection, step.name);
    if (!rebuilt || definition === null) continue; // one that is off stays held until it has run
    if (ended === null || await isNotLookedFor({ store, connection, steps }, step)) held.push(step.name);
    else {
      await store.save(connection, step.name, { rebuilt: false });
      confirmed.push(step.name);
      for await (const changes of openOf({ store, connection, steps }, step)) {
        creations += changes.filter(({ reasons }) => reasons.some(({ code }) => code === "unconfirmed")).length;
      }
    }
  }
  return { confirmed, held, creations };
}

async function isNotLookedFor(place: Place, step: Step): Promise<boolean> {
  const codes = ["waiting", "required_blank", "ambiguous"];
  const isAwaited = ({ side, op, reasons }: Change) =>
    step.extract[side].creation === "correlation" && op === "none" && reasons.some(({ code }) => codes.includes(code));
  for await (const changes of openOf(place, step)) if (changes.some(isAwaited)) return true;
  return false;
}

function openOf({ store, connection }: Place, step: Step): AsyncGenerator<readonly Change[]> {
  return pagesOf<Change>(
    page,
    (change) => change.id,
    (keyset) => store.changes(connection, { step: step.name, states: ["open"] }, keyset),
  );
}

/** Couples what both sides, just read, still tell. A rebuild that was stopped goes on with what is not coupled yet. */
export async function restoreCouplings(context: StepContext): Promise<Restored> {
  const { store, connection, step } = context;
  const coupledNow = async () => (await store.step(connection, step.name)).coupled;
  const before = await coupledNow();
  await coupleByLink(context);
  const linked = await coupledNow();
  if (step.extract.crm.creation === "derived id") await coupleById(context);
  const proven = await coupledNow();
  await coupleMatches(context);
  const { coupled, uncoupled } = await store.step(connection, step.name);
  return { byLink: linked - before, byId: proven - linked, byKeys: coupled - proven, left: uncoupled };
}

/** The rule that writes the link column of the step's CRM records; null where none is in effect. */
export function linkOf(step: Step): FieldRule | null {
  return rulesOf(step).find(({ crm }) => step.extract.crm.fields[crm]?.needs === "link column") ?? null;
}

/** A link that several records have was copied with one of them: nobody can tell with which, and it couples none. */
async function coupleByLink(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  const rule = linkOf(step);
  if (rule === null || rule.erp === null) return;
  const links = new Map<string, string | null>();
  for await (const records of uncoupledOf(context, "crm")) {
    for (const { id, data } of records) {
      const link = linkIn(data[rule.crm]);
      if (link !== null) links.set(link, links.has(link) ? null : id);
    }
  }
  if (links.size === 0) return;
  for await (const records of uncoupledOf(context, "erp")) {
    const couplings = records.flatMap(({ id, data }): Coupling[] => {
      const crmId = links.get(linkIn(data[rule.erp!]) ?? "") ?? null;
      if (crmId === null) return [];
      const isOurs = madeFor(context, id, new Set([crmId])) !== null;
      return [restored(context, { erpId: id, crmId }, isOurs ? knownById : `match ${rule.crm}`)];
    });
    if (couplings.length > 0) await store.save(connection, step.name, { couplings });
  }
}

/** People and other programs write ids in capitals, too. */
function linkIn(value: Value | undefined): string | null {
  return typeof value === "string" ? value.trim().toLowerCase() : null;
}

/** Nothing is known of what both sides agreed on: they meet for the first time. */
function restored(
  { compiled }: StepContext,
  pair: Pick<Coupling, "erpId" | "crmId">,
  how: string,
): Coupling {
  return {
    ...pair,
    state: "coupled",
    base: null,
    seen: { erp: null, crm: null },
    definition: compiled.hash,
    how,
    written: null,
    resolution: null,
  };
}

async function coupleById(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  const free = new Set<string>();
  for await (const records of uncoupledOf(context, "crm")) for (const { id } of records) free.add(id);
  if (free.size === 0) return;
  for await (const records of uncoupledOf(context, "erp")) {
    const couplings = records.flatMap(({ id }): Coupling[] => {
      const crmId = madeFor(context, id, free);
      return crmId === null ? [] : [restored(context, { erpId: id, crmId }, knownById)];
    });
    if (couplings.length > 0) await store.save(connection, step.name, { couplings });
  }
}

/** The one of these CRM records that we made for an ERP record, the latest where it was made anew. */
function madeFor({ outside, step }: StepContext, erpId: string, free: ReadonlySet<string>): string | null {
  for (let generation = generations; generation >= 0; generation--) {
    const id = derivedId(outside, step.name, erpId, generation);
    if (free.has(id)) return id;
  }
  return null;
}

function uncoupledOf({ store, connection, step }: StepContext, side: Side): AsyncGenerator<readonly StoredRecord[]> {
  return pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, side, { uncoupled: true }, keyset),
  );
}
