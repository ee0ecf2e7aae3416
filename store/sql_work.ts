/** What all writes of the store in SQL have: a transaction, and the right to write the step. */
import { sql } from "kysely";
import { leaseAfter } from "./refusals.ts";
import { type Db, json } from "./sql_rows.ts";
import type { Lease, Side } from "./store.ts";

/** Ids of records of each side that a write may have changed something for. */
export type Touched = Record<Side, string[]>;

/** A transaction, and where what it writes belongs. */
export interface Work {
  readonly tx: Db;
  readonly connection: string;
  readonly step: string;
  /**
   * Told of rows of a table (and side) that are new or changed; makes new statistics where that is due. `isNew`: not yet,
   * more rows follow before anybody asks for these.
   */
  readonly grown: (
    work: Work,
    table: Table,
    rows: { readonly length: number },
    how?: { readonly isNew?: boolean },
  ) => Promise<void>;
}
/** A table whose rows are counted, and the side where it holds both. */
export type Table = "couplings" | "changes" | `${"records" | "uncoupled"} ${Side}`;

/**
 * Refuses who lost the step, and lets others that hold it so write beside this transaction, but nobody who holds it whole.
 */
export async function holdBeside(work: Work, taken: Lease | undefined): Promise<void> {
  const { tx, connection, step } = work;
  // Who takes the step needs it whole, and two that hold it already would wait for each other. A lease is saved when it is
  // taken, so none that is new comes here.
  if (taken === undefined) return void await hold(work, taken);
  const { rows } = await sql<{ lease: string | null }>`select lease::text as lease from steps
    where connection = ${connection} and step = ${step} for key share`.execute(tx);
  const last: Lease | null = JSON.parse(rows[0]?.lease ?? "null");
  if (leaseAfter(step, last, taken) !== last) await hold(work, taken);
}

/**
 * Makes the step known, refuses who lost it, and lets one transaction at a time write to it: what is derived (`dirty`) is
 * only right when nobody else changes what it is derived from. Returns how many couplings the step has.
 */
export async function hold(work: Work, taken: Lease | undefined): Promise<number> {
  const { tx, connection, step } = work;
  const { rows } = await sql<{ lease: string | null; coupled: number }>`select lease::text as lease, coupled from steps
    where connection = ${connection} and step = ${step} for update`.execute(tx);
  if (rows.length === 0) {
    await sql`insert into steps (connection, step) values (${connection}::text, ${step}::text)
      on conflict do nothing`.execute(tx);
    return await hold(work, taken);
  }
  const { lease: text, coupled } = rows[0]!;
  const last: Lease | null = JSON.parse(text ?? "null");
  const lease = leaseAfter(step, last, taken);
  if (lease !== last) {
    await sql`update steps set lease = ${json(lease)}::jsonb where connection = ${connection} and step = ${step}`
      .execute(tx);
  }
  return coupled;
}
