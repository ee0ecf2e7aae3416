/** Folders of CSV files (UTF-8, RFC 4180, a header in the first line), with the line of every record. */
import { parse } from "@std/csv";

/** A folder, file or cell that can't be loaded; nothing was loaded then. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  constructor(readonly code: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** One record of a file. */
export interface CsvRecord {
  readonly file: string;
  /** Line of the file on which the record begins; the header is line 1. */
  readonly line: number;
  /** Cells by column; blank text for a blank cell. */
  readonly cells: ReadonlyMap<string, string>;
}

/** Names of the CSV files in a folder, sorted. Throws LoadError when it can't be read or has none. */
export function csvFiles(dir: string): string[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(dir)].filter((entry) => entry.isFile).map((entry) => entry.name);
  } catch (error) {
    throw new LoadError(
      "data_folder_missing",
      `Cannot load "${dir}": it can't be read as a folder; name a folder of CSV files`,
      { cause: error },
    );
  }
  const files = names.filter((name) => name.endsWith(".csv")).sort();
  if (files.length > 0) return files;
  throw new LoadError(
    "data_folder_empty",
    `Cannot load "${dir}": it holds no CSV file; name a folder with files such as customers.csv`,
  );
}

/** The records of a file. Throws LoadError on text that isn't CSV, or a header that names a column twice. */
export function readCsv(dir: string, file: string): CsvRecord[] {
  const text = Deno.readTextFileSync(`${dir}/${file}`).replace(/^\uFEFF/, "");
  let rows: string[][];
  try {
    rows = parse(text) as string[][];
  } catch (error) {
    throw new LoadError(
      "data_file_malformed",
      `Cannot load "${file}": ${(error as Error).message}; correct the quotes or separators there`,
      { cause: error },
    );
  }
  const [header = [], ...records] = rows;
  const twice = header.find((column, at) => header.indexOf(column) !== at);
  if (twice !== undefined) throw badCell({ file, line: 1 }, twice, "the header names it twice", "rename one of them");
  const lines = text.split("\n");
  let at = 0;
  const place = (row: readonly string[]) => {
    while (/^\r?$/.test(lines[at] ?? "end")) at++; // the parser leaves empty lines out
    const line = at + 1;
    at += 1 + row.reduce((breaks, cell) => breaks + cell.split("\n").length - 1, 0);
    return line;
  };
  place(header);
  return records.map((row) => {
    const line = place(row);
    if (row.length !== header.length) {
      throw new LoadError(
        "data_row_malformed",
        `Cannot load "${file}" line ${line}: it has ${row.length} cells under ${header.length} columns; ` +
          "quote cells that hold a comma",
      );
    }
    return { file, line, cells: new Map(header.map((column, index) => [column, row[index]!])) };
  });
}

/** The error for one cell: where it is, what is wrong, what to do. */
export function badCell(
  where: { readonly file: string; readonly line: number },
  column: string,
  ...[what, remedy]: readonly [what: string, remedy: string]
): LoadError {
  return new LoadError(
    "data_cell_refused",
    `Cannot load "${where.file}" line ${where.line}, column "${column}": ${what}; ${remedy}`,
  );
}
