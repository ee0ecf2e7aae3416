/** Finds the rows of a large table that have the highest numbers without looking at the others: those changed last. */

/** Ids of rows in the order of their numbers. */
export interface Ranking {
  /** To be told of each row that is put. */
  changed(id: string): void;
  /** All ids whose rows may have this number or a higher one, each once; some of those rows have lower ones, or are gone. */
  from(least: number): Iterable<string>;
}

/** So many changed rows are looked at each time before all are sorted anew. */
const MANY = 2000;

/** A ranking of the rows that `rows` gives; `rank` gives each its number, such as that of its last change. */
export function rankingOf<R extends { readonly id: string }>(
  rank: (row: R) => number,
  rows: () => Iterable<R>,
): Ranking {
  let ids: readonly string[] = [];
  let numbers = new Float64Array(0);
  /** Null: everything did, or nothing was sorted yet. */
  let changed: Set<string> | null = null;

  function sort(): Set<string> {
    const sorted = [...rows()].map((row) => ({ id: row.id, number: rank(row) }))
      .filter(({ number }) => !Number.isNaN(number)).sort((a, b) => a.number - b.number);
    ids = sorted.map(({ id }) => id);
    numbers = Float64Array.from(sorted, ({ number }) => number);
    return new Set();
  }
  return {
    changed(id) {
      changed?.add(id);
      if (changed !== null && changed.size > Math.max(MANY, ids.length / 10)) changed = null;
    },
    from(least) {
      changed ??= sort();
      let [low, high] = [0, numbers.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (numbers[middle]! < least) low = middle + 1;
        else high = middle;
      }
      return new Set([...ids.slice(low), ...changed]);
    },
  };
}
