/**
 * Rows that are committed late: their time stamp is set when the statement runs, but others see them only at the end of
 * a long transaction. Here the changes of one request are taken back and put in later, column by column.
 */
import { addDecimals, canonicalDecimal } from "../decimal.ts";
import type { Row, Table, Tables } from "../tables.ts";
import type { Company } from "./facts.ts";

/** How the next request that changes something is to be treated. */
export interface Lateness {
  /** How much earlier than now its rows are stamped. */
  readonly seconds: number;
  /** How many requests don't see the rows yet; absent: none does until {@link LateCommits.commit}. */
  readonly requests?: number;
}

export interface LateCommits {
  /** The company to work on: inside {@link around} its tables and clock may be those of a late transaction. */
  readonly company: Company;
  /** Runs what may change rows. When it is to be late, its result is that of a transaction that isn't committed yet. */
  around<T>(work: () => T): T;
  /** Says that a request has come: what has waited long enough is committed before it. */
  tick(): void;
  next(lateness: Lateness): void;
  /** Commits everything that waits, and forgets what was to be late next. */
  commit(): void;
  /** How many requests' changes wait. */
  waiting(): number;
}

/** A row that was put, and what it replaced; or the id of one that was deleted. */
type Change =
  | { readonly table: string; readonly row: Row; readonly before: Row | undefined }
  | { readonly table: string; readonly gone: string };
/** Numbers are given out at once, whatever becomes of the transaction. */
const AT_ONCE = "numberSeries";

export function lateCommits(real: Company): LateCommits {
  let armed: Lateness | null = null;
  let lag = 0;
  let recorded: Change[] | null = null;
  let waiting: { readonly changes: readonly Change[]; left: number }[] = [];
  const undone = new Error("taken back until it is committed");

  const recording = (table: Table): Table => {
    const kept = recorded!;
    return {
      name: table.name,
      get size() {
        return table.size;
      },
      get: (id) => table.get(id),
      all: () => table.all(),
      after: (place) => table.after(place),
      where: (field, value) => table.where(field, value),
      from: (rank, least) => table.from(rank, least),
      put(row) {
        kept.push({ table: table.name, row, before: table.get(row.id) });
        table.put(row);
      },
      delete(id) {
        kept.push({ table: table.name, gone: id });
        return table.delete(id);
      },
    };
  };
  const tables: Tables = {
    ...real.tables,
    table: (name) => recorded === null ? real.tables.table(name) : recording(real.tables.table(name)),
    transaction(work) {
      const start = recorded?.length ?? 0;
      try {
        return real.tables.transaction(work);
      } catch (error) {
        recorded?.splice(start); // undone, so not to be committed either
        throw error;
      }
    },
  };
  const apply = (changes: readonly Change[]) =>
    real.tables.transaction(() => {
      for (const change of changes) {
        const table = real.tables.table(change.table);
        if ("gone" in change) table.delete(change.gone);
        else table.put(merged(real.tables, change.table, change));
      }
    });

  return {
    company: { ...real, tables, clock: { ...real.clock, now: () => real.clock.now() - lag } },
    around(work) {
      if (armed === null) return work();
      const { seconds, requests = Infinity } = armed;
      const changes: Change[] = recorded = [];
      lag = seconds * 1000;
      let result: { readonly value: ReturnType<typeof work> } | undefined;
      try {
        real.tables.transaction(() => {
          result = { value: work() };
          throw undone;
        });
      } catch (error) {
        if (error !== undone) throw error;
      } finally {
        recorded = null;
        lag = 0;
      }
      apply(changes.filter(({ table }) => table === AT_ONCE));
      const late = changes.filter(({ table }) => table !== AT_ONCE);
      if (late.length > 0) {
        waiting.push({ changes: late, left: requests });
        armed = null;
      }
      return result!.value;
    },
    tick() {
      const due = waiting.filter((one) => one.left === 0);
      waiting = waiting.filter((one) => one.left > 0);
      for (const one of waiting) one.left--;
      for (const { changes } of due) apply(changes);
    },
    next: (lateness) => void (armed = lateness),
    commit() {
      armed = null;
      const all = waiting;
      waiting = [];
      for (const { changes } of all) apply(changes);
    },
    waiting: () => waiting.length,
  };
}

/** The row as it is now with what the late change changed; a stock is what the ledger says. */
function merged(
  tables: Tables,
  table: string,
  { row, before }: { readonly row: Row; readonly before: Row | undefined },
): Row {
  const now = tables.table(table).get(row.id);
  if (now === undefined || before === undefined) return row;
  const changed = Object.entries(row).filter(([name, value]) => before[name] !== value);
  const result: Record<string, Row[string]> = { ...now, ...Object.fromEntries(changed) };
  for (const name of Object.keys(before)) if (!Object.hasOwn(row, name)) delete result[name]; // blank now
  if (row["version"] !== before["version"]) result["version"] = Number(now["version"]) + 1;
  if (table === "items" && row["inventory"] !== before["inventory"]) {
    const entries = tables.table("itemLedgerEntries").where("itemId", row.id).map((entry) =>
      String(entry["quantity"] ?? "0")
    );
    result["inventory"] = canonicalDecimal(entries.reduce(addDecimals, "0"));
  }
  return result as unknown as Row;
}
