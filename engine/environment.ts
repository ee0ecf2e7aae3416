/** The guard of the environment: a connection goes on only with the company and the organization that it began with. */
import type { Connector, Identity } from "../connectors/connector.ts";
import { DefinitionError, ServiceError } from "../errors.ts";
import type { Newest, Pin, Side, Store } from "../store/store.ts";
import type { Step } from "./step.ts";

export interface Guarded {
  readonly connection: string;
  readonly steps: readonly Step[];
  readonly erp: Connector;
  readonly crm: Connector;
  readonly store: Store;
  readonly kind: Pin["kind"];
  readonly rebase?: boolean;
  readonly off?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal;
  readonly database?: string | null;
}

/** So many records are asked for before a side is taken for what it was: one that is gone proves nothing. */
const mostAsked = 3;

/**
 * Reads who the outside is. Throws DefinitionError "other_environment" where it is another one than the connection was
 * first used with, "environment_restored" where a record is older there than when it was last read. With `rebase` both
 * pass: the connection belongs to this environment from now on, and all pairs meet for the first time.
 */
export async function recognise(options: Guarded): Promise<{ erp: Identity; crm: Identity }> {
  const { store, connection, kind } = options;
  const [erp, crm] = await Promise.all([options.erp.identity(options.signal), options.crm.identity(options.signal)]);
  if (options.rebase === true) {
    // Bases first: with the new pin and old bases, a stop in between would take old values for edits.
    for (const step of await store.steps(connection)) await store.save(connection, step, { rebase: true });
    await store.connection(connection, { kind, erp, crm }, { anew: true });
    return { erp, crm };
  }
  const pin = await store.connection(connection, { kind, erp, crm });
  refuseOther(options, { erp, crm }, pin!);
  for (const side of ["erp", "crm"] as const) await refuseRestored(options, side);
  return { erp, crm };
}

function refuseOther(
  { connection, database = null }: Guarded,
  now: Readonly<Record<Side, Identity>>,
  pin: Pin,
): void {
  for (const side of ["erp", "crm"] as const) {
    const [is, was] = [now[side].parts, pin[side].parts];
    const moved = Object.keys(was).find((part) => was[part] !== is[part]);
    if (moved === undefined) continue;
    const [place, remedy] = database === null
      ? ["", "another TENGING_HOME"]
      : [` in the ${database}`, "another database (DATABASE_URL) with a TENGING_HOME of its own"];
    throw new DefinitionError(
      "other_environment",
      `Cannot use connection "${connection}"${place}: its ${side.toUpperCase()} was "${
        was[moved]
      }" (${moved}) and is ` +
        `"${
          is[moved]
        }" now; point the connection back, or use ${remedy} for the other environment; where this is the ` +
        `same data that moved or was copied, go on with it: plan --rebase, then sync --rebase`,
    );
  }
}

/** A backup that was put back has the ids of before, and records that are older than we know them. */
async function refuseRestored(options: Guarded, side: Side): Promise<void> {
  const { store, connection, steps, off } = options;
  const known: { step: Step; newest: Newest }[] = [];
  for (const step of steps) {
    if (step.of !== null || step.under !== null || off?.has(step.name)) continue;
    const newest = (await store.step(connection, step.name)).newest[side];
    if (newest !== null) known.push({ step, newest });
  }
  known.sort((a, b) => a.newest.modifiedAt < b.newest.modifiedAt ? 1 : -1);
  for (const { step, newest } of known.slice(0, mostAsked)) {
    const entity = step.extract[side];
    const at = await modifiedAt(options, side, { step, id: newest.id });
    if (at === null) continue;
    if (Date.parse(at) >= Date.parse(newest.modifiedAt)) return;
    throw new DefinitionError(
      "environment_restored",
      `Cannot go on with connection "${connection}": record "${newest.id}" of "${entity.name}" was modified at ` +
        `${newest.modifiedAt} when it was last read, and says ${at} now, so the ${side.toUpperCase()} was restored to ` +
        `an earlier time; look at what that means with plan --rebase, then sync --rebase`,
    );
  }
}

/** When a record was modified last, by the service; null where it is gone, or can't be read. */
async function modifiedAt(
  options: Guarded,
  side: Side,
  { step, id }: { readonly step: Step; readonly id: string },
): Promise<string | null> {
  const entity = step.extract[side];
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  try {
    for await (const { rows } of options[side].open(entity).read({ fields: [entity.key], ids: [id], ...signal })) {
      const row = rows.find((one) => one.id === id);
      if (row !== undefined) return row.modifiedAt;
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // The step meets the same fault and tells it, without keeping the others from running.
  }
  return null;
}
