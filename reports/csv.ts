/** CSV text as RFC 4180 wants it, safe to open in a spreadsheet. */
import { stringify } from "@std/csv";

export interface CsvColumn {
  readonly name: string;
  /** text: may begin with what a spreadsheet takes for a formula, so it is guarded; plain: ids, numbers, times. */
  readonly kind: "text" | "plain";
}
export interface CsvOptions {
  /** For spreadsheets that expect a byte order mark and ";". */
  readonly excel?: boolean;
}

/** A cell that begins like this, also after blanks, is run as a formula by some spreadsheet. */
const formula = /^\0|^[\s\0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/u;
/** Cells that the standard library leaves bare although some readers trim them, drop the guard or end the line there. */
const bare = /^['\s]|\s$|\r/u;

/** The header line, with the byte order mark where one is wanted. */
export function csvHeader(columns: readonly CsvColumn[], options: CsvOptions = {}): string {
  const names = columns.map((column) => column.name);
  return stringify([names], { separator: separatorOf(options), bom: options.excel ?? false });
}

/** Lines ended by CR LF; a null cell is empty. Cells stand in the order of the columns. */
export function csvLines(
  columns: readonly CsvColumn[],
  rows: readonly (readonly (string | null)[])[],
  options: CsvOptions = {},
): string {
  const separator = separatorOf(options);
  let text = "";
  for (const row of rows) {
    const cells = row.map((cell, at) => guarded(cell, columns[at]?.kind ?? "text"));
    text += cells.some((cell) => bare.test(cell))
      ? cells.map((cell) => quoted(cell, separator)).join(separator) + "\r\n"
      : stringify([cells], { separator });
  }
  return text;
}

function separatorOf(options: CsvOptions): string {
  return options.excel ? ";" : ",";
}

function guarded(cell: string | null, kind: CsvColumn["kind"]): string {
  if (cell === null) return "";
  return kind === "text" && formula.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string, separator: string): string {
  const escaped: string = stringify([[cell]], { separator }).slice(0, -2);
  return bare.test(cell) && !escaped.startsWith('"') ? `"${escaped}"` : escaped;
}
