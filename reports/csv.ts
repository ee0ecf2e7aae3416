/** CSV text as RFC 4180 wants it, safe to open in a spreadsheet. */
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
/** What has to stand in quotes; blanks at the ends and a guard too, which some readers would drop, and lone CRs. */
const quotedIn = { ",": /[,"\r\n]|^['\s]|\s$/u, ";": /[;"\r\n]|^['\s]|\s$/u };

/** The header line, with the byte order mark where one is wanted. */
export function csvHeader(columns: readonly CsvColumn[], options: CsvOptions = {}): string {
  const { separator, quoted } = formatOf(options);
  const names = columns.map(({ name }) => inQuotes(name, quoted));
  return `${options.excel ? "\ufeff" : ""}${names.join(separator)}\r\n`;
}

/** Lines ended by CR LF; a null cell is empty. Cells stand in the order of the columns. */
export function csvLines(
  columns: readonly CsvColumn[],
  rows: readonly (readonly (string | null)[])[],
  options: CsvOptions = {},
): string {
  const { separator, quoted } = formatOf(options);
  return rows.map((row) =>
    `${row.map((cell, at) => written(cell, columns[at]?.kind ?? "text", quoted)).join(separator)}\r\n`
  ).join("");
}

function formatOf({ excel = false }: CsvOptions): { readonly separator: string; readonly quoted: RegExp } {
  const separator = excel ? ";" : ",";
  return { separator, quoted: quotedIn[separator] };
}

function written(cell: string | null, kind: CsvColumn["kind"], quoted: RegExp): string {
  if (cell === null) return "";
  return inQuotes(kind === "text" && formula.test(cell) ? `'${cell}` : cell, quoted);
}

function inQuotes(cell: string, quoted: RegExp): string {
  return quoted.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
