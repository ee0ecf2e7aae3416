/** The log of requests: in memory, and a line of JSON each in a file, so that another process can count them. */

import type { Written } from "./service.ts";

/** A request as it is logged. Control requests (/sandbox/…) are not. */
export interface LogEntry {
  /** 1, 2, 3 …; goes on when the sandbox is started again. */
  readonly n: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly service: "business_central" | "dataverse" | "token";
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The entity set, "customers"; "" where there is none. */
  readonly entity: string;
  readonly operation: "token" | "read" | "write" | "batch";
  /** 0: the client got no answer. */
  readonly status: number;
  readonly rows: number;
  /** $batch: what was inside. */
  readonly innerReads: number;
  readonly innerWrites: number;
  /** What was written, one by one, in their order; absent where nothing was, or a fault answered instead. */
  readonly writes?: readonly Written[];
  /** The kind of the fault that this request met. */
  readonly fault?: string;
}

export interface RequestLog {
  add(entry: Omit<LogEntry, "n">): void;
  /** Entries with a greater number, in order. */
  since(n: number): readonly LogEntry[];
  clear(): void;
  close(): void;
}

/** From this size on a log that is opened is set aside as `<file>.old`. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Opens a log; what the file holds from earlier is part of it. */
export function openLog(file: string): RequestLog {
  let entries = earlier(file);
  let last = entries.at(-1)?.n ?? lastIn(`${file}.old`);
  const output = Deno.openSync(file, { create: true, append: true });
  return {
    add(entry) {
      const numbered: LogEntry = { n: ++last, ...entry };
      entries.push(numbered);
      const bytes = new TextEncoder().encode(JSON.stringify(numbered) + "\n");
      for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
    },
    since: (n) => entries.slice(entries.findIndex((entry) => entry.n > n) >>> 0),
    clear() {
      entries = [];
      output.truncateSync(0);
    },
    close: () => output.close(),
  };
}

/** The number of the last entry; 0 where there is none. */
function lastIn(file: string): number {
  const line = wholeLines(file).trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? 0 : (JSON.parse(line) as LogEntry).n;
}

function earlier(file: string): LogEntry[] {
  const size = sizeOf(file);
  if (size > MAX_BYTES) {
    Deno.renameSync(file, `${file}.old`);
    return [];
  }
  const whole = wholeLines(file);
  if (new TextEncoder().encode(whole).length < size) Deno.writeTextFileSync(file, whole);
  return whole.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as LogEntry);
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** A killed process can leave half a line behind the last line break. */
function wholeLines(file: string): string {
  if (sizeOf(file) === 0) return "";
  const text = Deno.readTextFileSync(file);
  return text.slice(0, text.lastIndexOf("\n") + 1);
}
