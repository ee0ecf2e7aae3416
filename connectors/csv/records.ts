/** CSV files (UTF-8, RFC 4180, a header in the first line), read line by line and never as a whole. */
import { ServiceError } from "../../errors.ts";

export const service = "csv";

/** One record: its cells in the order of the header's. */
export interface CsvRecord {
  /** Line of the file on which it begins; the header is line 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** The records of a file, the header first. Throws ServiceError "file_missing", "file_unusable" or "file_malformed". */
export async function* recordsOf(path: string): AsyncGenerator<CsvRecord> {
  const file = await Deno.open(path).catch((error) => {
    throw fileError("read", path, error);
  });
  let width: number | null = null;
  let line = 0;
  let begun = { line: 0, text: "" };
  const ended = (text: string): CsvRecord | null => {
    if (begun.text === "" && text === "") return null; // an empty line
    const whole = begun.text + text;
    const cells = whole.includes('"') ? cellsOf(whole) : whole.split(",");
    if (cells === null) throw malformed(path, begun.line, "a quote stands where none may");
    width ??= cells.length;
    if (cells.length !== width) {
      throw malformed(path, begun.line, `it has ${cells.length} cells under ${width} columns`);
    }
    return { line: begun.line, cells };
  };
  for await (const text of linesOf(file.readable)) {
    line++;
    if (begun.text === "") begun = { line, text: "" };
    const whole = begun.text + text;
    // An odd number of quotes: the line break stands inside a cell.
    if (whole.includes('"') && whole.split('"').length % 2 === 0) {
      begun = { ...begun, text: `${whole}\n` };
      continue;
    }
    const record = ended(text.endsWith("\r") ? text.slice(0, -1) : text);
    begun = { line: 0, text: "" };
    if (record !== null) yield record;
  }
  if (begun.text !== "") throw malformed(path, begun.line, "a quote is never closed");
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** The cells of a line with quotes; null where one stands in the middle of a bare cell, or something after the last. */
function cellsOf(line: string): string[] | null {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = cell.exec(line);
    if (found === null) return null;
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === "") return cells;
  }
}

/** A line with these cells, ended by CR LF. */
export function lineOf(cells: readonly string[]): string {
  const quoted = (cell: string) => /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const line = cells.map(quoted).join(",");
  return `${line === "" ? '""' : line}\r\n`;
}

function malformed(path: string, line: number, state: string): ServiceError {
  return new ServiceError(
    `Cannot read "${path}", line ${line}: ${state}; quote cells that hold a comma, a quote or a line break, and double ` +
      "the quotes in them",
    { service, code: "file_malformed" },
  );
}

/** The error for a file, or its folder, that can't be used. */
export function fileError(action: string, path: string, cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  if (cause instanceof Deno.errors.NotFound) {
    return new ServiceError(
      `Cannot ${action} "${path}": there is no such file; put it there, one that is empty with its header line only`,
      { service, code: "file_missing", cause },
    );
  }
  const [state, remedy] = cause instanceof Deno.errors.NotCapable
    ? ["deno.json does not permit it", `add the folder to "read" and "write" of the command's permission set there`]
    : [cause instanceof Error ? cause.message : String(cause), "correct that, then run it again"];
  return new ServiceError(`Cannot ${action} "${path}": ${state}; ${remedy}`, { service, code: "file_unusable", cause });
}
