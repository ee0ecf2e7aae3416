import type { Keyset } from "../store/store.ts";

/** Pages of a keyset query until one is empty; `idOf` gives what the next page goes on after. */
export async function* pagesOf<Row>(
  limit: number,
  idOf: (row: Row) => string,
  read: (keyset: Keyset) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let rows = await read({ limit });
  while (rows.length > 0) {
    yield rows;
    rows = rows.length < limit ? [] : await read({ limit, after: idOf(rows.at(-1)!) });
  }
}
