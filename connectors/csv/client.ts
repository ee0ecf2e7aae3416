/** A folder of CSV files as a {@link Connector}: what a system exported, or is to import. */
import { ServiceError } from "../../errors.ts";
import {
  type AnyEntity,
  type Clock,
  type Connector,
  type Met,
  noRequests,
  type Opened,
  type Page,
  type ReadOptions,
  type Requests,
  type Row,
} from "../connector.ts";
import { liesIn } from "../odata.ts";
import { fileError, service } from "./records.ts";
import { found, narrowed, rowOf, type Table } from "./table.ts";
import { recall, write } from "./writing.ts";

export interface CsvFolderOptions {
  /** The folder; a handle's records are in its file `<name>.csv`. */
  readonly dir: string;
  readonly clock: Clock;
  /** Rows of one page; 10,000 if not given. */
  readonly pageSize?: number;
}

/** How a reading ends: a folder tells no changes, so the next one reads everything. */
const everything = "everything";

/** Opens a folder; nothing is read before something is asked of it. */
export function openCsvFolder({ dir, clock, pageSize = 10_000 }: CsvFolderOptions): Connector {
  const total = { ...noRequests };

  function open(entity: AnyEntity, parts?: AnyEntity): Opened {
    if (parts !== undefined) {
      throw new ServiceError(
        `Cannot open "${entity.name}" with its parts: a folder of CSV files has no documents; switch the step off`,
        { service, code: "no_documents" },
      );
    }
    const own = { ...noRequests };
    const table: Table = {
      entity,
      path: `${dir}/${entity.name}.csv`,
      count(what) {
        own[what]++;
        total[what]++;
      },
    };
    return {
      read: (asked) => asked.ids === undefined ? readAll(table, asked, pageSize) : readSome(table, asked, asked.ids),
      write: (writes, asked) => write(table, writes, { ...asked, clock }),
      recall: (sent, asked) => recall(table, sent, asked),
      requests: (): Requests => ({ ...own }),
      batchSize: 5_000, // each batch writes the whole file
      cost: () => ({ requests: 1, units: 0 }),
    };
  }

  return {
    service,
    open,
    async identity() {
      try {
        const folder = await Deno.realPath(dir);
        return { service, name: folder, parts: { folder } };
      } catch (error) {
        throw fileError("use", dir, error);
      }
    },
    requests: () => ({ ...total }),
  };
}

async function* readAll(table: Table, options: ReadOptions, pageSize: number): AsyncGenerator<Page> {
  const { since, signal, only } = options;
  if (since !== undefined && since !== everything) throw expired(table);
  signal?.throwIfAborted();
  const rows: Row[] = [];
  const page = (cursor: string | null): Page => {
    const some = rows.splice(0);
    const met = some.map(({ id, modifiedAt }): Met => ({ id, modifiedAt }));
    const told = only === "ids" ? { rows: [], met } : { rows: some };
    return { ...told, deleted: [], left: [], kind: "full", cursor: only === "ids" ? null : cursor };
  };
  for await (const row of rowsIn(table, options)) {
    if (rows.length === pageSize) {
      yield page(null);
      signal?.throwIfAborted();
    }
    if (row.inside) rows.push(row.row);
  }
  yield page(everything);
}

async function* readSome(table: Table, options: ReadOptions, ids: readonly string[]): AsyncGenerator<Page> {
  options.signal?.throwIfAborted();
  const missing = new Set(ids);
  const rows: Row[] = [];
  const left: string[] = [];
  for await (const { row, inside } of rowsIn(table, options, missing)) {
    missing.delete(row.id);
    if (inside) rows.push(row);
    else left.push(row.id);
  }
  yield { rows, left, deleted: [...missing], kind: "some", cursor: null };
}

/** All rows, or those of some ids, and whether they lie in the handle's filter. */
async function* rowsIn(
  table: Table,
  { fields, signal }: ReadOptions,
  ids?: ReadonlySet<string>,
): AsyncGenerator<{ row: Row; inside: boolean }> {
  const { filter } = table.entity;
  const read = [...new Set([...fields, ...Object.keys(filter)])];
  for await (const { columns, found: one } of found(table)) {
    if (one === null || (ids !== undefined && !ids.has(one.id))) continue;
    signal?.throwIfAborted();
    const row = rowOf(table, columns, { ...one, fields: read });
    yield { row: narrowed(row, fields), inside: liesIn(filter, row.data) };
  }
}

function expired({ path }: Table): ServiceError {
  return new ServiceError(
    `Cannot go on reading "${path}": a folder of CSV files did not give that cursor; read everything again`,
    { service, code: "cursor_expired" },
  );
}
