/**
 * Tables of rows, held in memory and kept in one journal file. A change is in the file before the call that made it
 * returns, so a process that is killed at any moment loses nothing that it has answered.
 */
import { exists, journalLines, openJournal, writeAll } from "./journal.ts";
import { type Ranking, rankingOf } from "./ranking.ts";

/** A value of a row. Decimals are text ("12.50"), dates and time stamps ISO 8601 text: never a float. */
export type Cell = string | number | boolean | null;
/** A row. It is replaced as a whole by {@link Table.put}; nobody changes one in place. */
export interface Row {
  /** A GUID in lower case, or any other text that is unique in its table. */
  readonly id: string;
  readonly [field: string]: Cell;
}

/** Gives a row a number, such as its version or the time of its last change; NaN where it has none. */
export type Rank = (row: Row) => number;

/** One table; it exists as soon as it is asked for. */
export interface Table {
  readonly name: string;
  readonly size: number;
  get(id: string): Row | undefined;
  /** All rows in the order of their creation; a changed row keeps its place. */
  all(): IterableIterator<Row>;
  /** Rows behind a place (0: from the start) with their places, in order: how pages are read without sorting. */
  after(place: number): IterableIterator<readonly [place: number, row: Row]>;
  /** Rows whose field has this value; text is compared without regard to case. Uses an index that it keeps. */
  where(field: string, value: Cell): readonly Row[];
  /** Rows whose rank is at least this, with their places, in order of place. Uses an index for each function that ranks. */
  from(rank: Rank, least: number): readonly (readonly [place: number, row: Row])[];
  /** Creates or replaces the row with this id. */
  put(row: Row): void;
  /** False when there was none. */
  delete(id: string): boolean;
}

/** All tables of one service. */
export interface Tables {
  table(name: string): Table;
  /** Names of the tables that have rows. */
  names(): string[];
  /**
   * Runs `work`; its changes reach the file together, or not at all when it throws (then they are undone). Transactions
   * inside one belong to it, and undo only their own changes when they throw. A change outside a transaction is one by
   * itself. May hold a whole load of data.
   */
  transaction<T>(work: () => T): T;
  /** How often anything was put, deleted or taken back: while it is the same number, all rows are the same. */
  changes(): number;
  /** Called after each transaction with changes is in the file. */
  onCommit(listener: () => void): void;
  close(): void;
}

type Put = readonly [table: string, place: number, row: Row];
type Delete = readonly [table: string, id: string];
/** One line of the journal; `more`: the transaction goes on in the next line. */
interface Line {
  readonly more?: true;
  readonly changes: readonly (Put | Delete)[];
}
interface Entry {
  readonly place: number;
  readonly row: Row;
}
const CHANGES_PER_LINE = 2000;

/** Opens the tables that `file` holds (none when it doesn't exist). A torn end, from a killed process, is cut off. */
export function openTables(file: string): Tables {
  const tables = new Map<string, MemoryTable>();
  const listeners: (() => void)[] = [];
  let pending: (Put | Delete)[] = [];
  let undo: (() => void)[] = [];
  let depth = 0;
  let changes = 0;

  const named = (name: string): MemoryTable => {
    let found = tables.get(name);
    if (found === undefined) tables.set(name, found = new MemoryTable(name, change));
    return found;
  };
  replay(file, (changes) => {
    for (const change of changes) {
      const [name, place, row] = change as [string, number | string, Row | undefined];
      if (row === undefined) named(name).set(place as string, undefined);
      else named(name).set(row.id, { place: place as number, row });
    }
  }, () => tables.values());
  const journal = openJournal(file);

  function change(table: MemoryTable, id: string, entry: Entry | undefined): void {
    transaction(() => {
      const before = table.set(id, entry);
      changes++;
      undo.push(() => {
        table.set(id, before);
        changes++;
      });
      pending.push(entry === undefined ? [table.name, id] : [table.name, entry.place, entry.row]);
    });
  }

  function transaction<T>(work: () => T): T {
    const start = undo.length; // each change adds one to both lists
    let committed = false;
    depth++;
    try {
      const result = work();
      if (depth === 1 && pending.length > 0) {
        journal.append(lines(pending));
        committed = true;
      }
      return result;
    } catch (error) {
      for (const step of undo.splice(start).reverse()) step();
      pending.length = start;
      throw error;
    } finally {
      depth--;
      if (depth === 0) [pending, undo] = [[], []];
      if (committed) { for (const listener of listeners) listener(); }
    }
  }

  return {
    table: named,
    names: () => [...tables.values()].filter((table) => table.size > 0).map((table) => table.name),
    transaction,
    changes: () => changes,
    onCommit: (listener) => void listeners.push(listener),
    close: () => journal.close(),
  };
}

class MemoryTable implements Table {
  readonly #entries = new Map<string, Entry>();
  /** Ids by place; a deleted row leaves a hole. */
  readonly #places: (string | undefined)[] = [];
  readonly #indexes = new Map<string, Map<Cell, Set<string>>>();
  readonly #rankings = new Map<Rank, Ranking>();
  readonly #change: (table: MemoryTable, id: string, entry: Entry | undefined) => void;

  constructor(readonly name: string, change: (table: MemoryTable, id: string, entry: Entry | undefined) => void) {
    this.#change = change;
  }
  get size(): number {
    return this.#entries.size;
  }
  get(id: string): Row | undefined {
    return this.#entries.get(id)?.row;
  }
  *all(): IterableIterator<Row> {
    for (const [, row] of this.after(0)) yield row;
  }
  *after(place: number): IterableIterator<readonly [number, Row]> {
    for (let at = place + 1; at < this.#places.length; at++) {
      const id = this.#places[at];
      const entry = id === undefined ? undefined : this.#entries.get(id);
      if (entry !== undefined) yield [at, entry.row];
    }
  }
  where(field: string, value: Cell): readonly Row[] {
    if (field === "id") return [this.get(String(value))].filter((row) => row !== undefined);
    let index = this.#indexes.get(field);
    if (index === undefined) {
      this.#indexes.set(field, index = new Map());
      for (const { row } of this.#entries.values()) add(index, row[field], row.id);
    }
    const ids = [...index.get(folded(value)) ?? []].map((id) => this.#entries.get(id)!);
    return ids.sort((a, b) => a.place - b.place).map((entry) => entry.row);
  }
  from(rank: Rank, least: number): readonly (readonly [number, Row])[] {
    let ranking = this.#rankings.get(rank);
    if (ranking === undefined) this.#rankings.set(rank, ranking = rankingOf(rank, () => this.all()));
    const found = [...ranking.from(least)].map((id) => this.#entries.get(id)).filter((entry) => entry !== undefined);
    return found.filter(({ row }) => rank(row) >= least).map(({ place, row }) => [place, row] as const)
      .sort(([a], [b]) => a - b);
  }
  put(row: Row): void {
    this.#change(this, row.id, { place: this.#entries.get(row.id)?.place ?? Math.max(1, this.#places.length), row });
  }
  delete(id: string): boolean {
    if (!this.#entries.has(id)) return false;
    this.#change(this, id, undefined);
    return true;
  }
  /** Sets or removes an entry in memory only, and returns what was there. */
  set(id: string, entry: Entry | undefined): Entry | undefined {
    const before = this.#entries.get(id);
    for (const [field, index] of this.#indexes) {
      if (before !== undefined) index.get(folded(before.row[field] ?? null))?.delete(id);
      if (entry !== undefined) add(index, entry.row[field], id);
    }
    for (const ranking of this.#rankings.values()) ranking.changed(id);
    if (before !== undefined) this.#places[before.place] = undefined;
    if (entry === undefined) {
      this.#entries.delete(id);
    } else {
      this.#entries.set(id, entry);
      this.#places[entry.place] = id;
    }
    return before;
  }
  *puts(): IterableIterator<Put> {
    for (const [place, row] of this.after(0)) yield [this.name, place, row];
  }
}

function folded(value: Cell): Cell {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function add(index: Map<Cell, Set<string>>, value: Cell | undefined, id: string): void {
  const key = folded(value ?? null);
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function* lines(changes: readonly (Put | Delete)[]): Generator<string> {
  for (let at = 0; at < changes.length; at += CHANGES_PER_LINE) {
    const part = changes.slice(at, at + CHANGES_PER_LINE);
    const line: Line = at + CHANGES_PER_LINE < changes.length ? { more: true, changes: part } : { changes: part };
    yield JSON.stringify(line) + "\n";
  }
}

/** Applies the whole transactions of a journal; cuts off what follows the last, and rewrites a journal of mostly old changes. */
function replay(
  file: string,
  apply: (changes: Line["changes"]) => void,
  tables: () => Iterable<MemoryTable>,
): void {
  let read = 0;
  let whole = 0; // bytes up to the end of the last whole transaction
  let group: (Put | Delete)[] = [];
  let counted = 0;
  for (const [text, bytes] of journalLines(file)) {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      break; // only a killed process leaves such a line, and only at the end
    }
    read += bytes;
    group.push(...line.changes);
    if (line.more) continue;
    counted += group.length;
    apply(group);
    group = [];
    whole = read;
  }
  let rows = 0;
  for (const table of tables()) rows += table.size;
  if (counted > 2 * rows + 1000) rewrite(file, tables());
  else if (exists(file)) Deno.truncateSync(file, whole);
}

function rewrite(file: string, tables: Iterable<MemoryTable>): void {
  const fresh = Deno.openSync(`${file}.new`, { create: true, write: true, truncate: true });
  for (const table of tables) {
    for (const line of lines([...table.puts()])) writeAll(fresh, line);
  }
  fresh.close();
  Deno.renameSync(`${file}.new`, file);
}
