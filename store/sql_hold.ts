/** The right to write a step, which every transaction that does so looks for first. */
import { type RawBuilder, sql } from "kysely";
import { leaseAfter } from "./refusals.ts";
import { gather } from "./sql_fresh.ts";
import { json } from "./sql_rows.ts";
import type { Work } from "./sql_work.ts";
import type { Lease } from "./store.ts";

/** A step that is held. */
export interface Held {
  /** How many couplings it has. */
  readonly coupled: number;
  /** Whether it may have uncoupled records in the table `fresh`. */
  readonly hasFresh: boolean;
}

/**
 * Refuses who lost the step, and lets others that hold it so write beside this transaction, but nobody who holds it whole.
 */
export async function holdBeside(work: Work, taken: Lease | undefined): Promise<Held> {
  const { tx, step } = work;
  // Who takes the step needs it whole, and two that hold it already would wait for each other. A lease is saved when it is
  // taken, so none that is new comes here.
  if (taken === undefined) return await hold(work, taken);
  const { rows } = await sql<Row>`${heldRow(work)} for key share`.execute(tx);
  const last: Lease | null = JSON.parse(rows[0]?.lease ?? "null");
  return leaseAfter(step, last, taken) === last ? heldOf(rows[0]!) : await hold(work, taken);
}

/**
 * Makes the step known, refuses who lost it, and lets one transaction at a time write to it: what is derived (`dirty`) is
 * only right when nobody else changes what it is derived from.
 */
export async function hold(work: Work, taken: Lease | undefined): Promise<Held> {
  const { tx, connection, step } = work;
  const { rows } = await sql<Row>`${heldRow(work)} for update`.execute(tx);
  if (rows.length === 0) {
    await sql`insert into steps (connection, step) values (${connection}::text, ${step}::text)
      on conflict do nothing`.execute(tx);
    return await hold(work, taken);
  }
  const held = heldOf(rows[0]!);
  const last: Lease | null = JSON.parse(rows[0]!.lease ?? "null");
  const lease = leaseAfter(step, last, taken);
  if (lease === last) return held;
  await sql`update steps set lease = ${json(lease)}::jsonb where connection = ${connection} and step = ${step}`
    .execute(tx);
  if (held.hasFresh) await gather(work);
  return { ...held, hasFresh: false };
}

interface Row extends Held {
  readonly lease: string | null;
}

function heldRow({ connection, step }: Work): RawBuilder<unknown> {
  return sql`select lease::text as lease, coupled, fresh as "hasFresh" from steps
    where connection = ${connection} and step = ${step}`;
}

function heldOf({ coupled, hasFresh }: Row): Held {
  return { coupled, hasFresh };
}
