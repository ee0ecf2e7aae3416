/** A file of lines that is only ever appended to, in whole groups of lines. */

export interface Journal {
  /** All of these lines are in the file when it returns; when it throws, none is. */
  append(lines: Iterable<string>): void;
  close(): void;
}

/** Opens a journal, an empty one where there is none. Its end must be that of a whole line. */
export function openJournal(path: string): Journal {
  const file = Deno.openSync(path, { create: true, append: true });
  /** How long the file is; null when more is in it that can't be taken away. */
  let length: number | null = file.statSync().size;
  return {
    append(lines) {
      const before = length;
      if (before === null) throw broken(path);
      length = null;
      try {
        let written = 0;
        for (const line of lines) written += writeAll(file, line);
        length = before + written;
      } catch (error) {
        // What is written behind half a line would be lost when the file is read again.
        file.truncateSync(before);
        length = before;
        throw error;
      }
    },
    close: () => file.close(),
  };
}

function broken(path: string): Error {
  return new Error(
    `Cannot keep a change: an earlier one broke off in "${path}", and the rest of it can't be taken away; ` +
      "make room on the disk, then start the sandbox again",
  );
}

/** Returns how many bytes they were. */
export function writeAll(file: Deno.FsFile, text: string): number {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  return bytes.length;
}

/** Whether there is such a file. */
export function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Lines that end in a line break, with their length in bytes; what follows the last line break is left out. */
export function* journalLines(file: string): Generator<readonly [text: string, bytes: number]> {
  if (!exists(file)) return;
  const source = Deno.openSync(file);
  try {
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(1 << 20);
    let rest: Uint8Array = new Uint8Array(0);
    for (let count = source.readSync(chunk); count !== null; count = source.readSync(chunk)) {
      const bytes = new Uint8Array(rest.length + count);
      bytes.set(rest);
      bytes.set(chunk.subarray(0, count), rest.length);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield [decoder.decode(bytes.subarray(start, end)), end + 1 - start];
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
  } finally {
    source.close();
  }
}
