/** The log of requests: in memory, and a line of JSON each in a file, so that another process can count them. */

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
  const output = Deno.openSync(file, { create: true, append: true });
  let last = entries.at(-1)?.n ?? 0;
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

function earlier(file: string): LogEntry[] {
  let text: string;
  try {
    if (Deno.statSync(file).size > MAX_BYTES) {
      Deno.renameSync(file, `${file}.old`);
      return [];
    }
    text = Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  // A killed process can leave half a line behind the last line break.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) Deno.writeTextFileSync(file, whole);
  return whole.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as LogEntry);
}
