/** Where text goes: data to stdout, messages to stderr, with an area on a terminal that is drawn again and again. */

export interface Output {
  /** True when messages are read on a terminal. */
  readonly isTerminal: boolean;
  /** True once whoever read stdout has gone away; what is written then is dropped. */
  readonly isUnread: boolean;
  /** Writes to stdout as it is. */
  data(text: string): Promise<void>;
  /** A line on stderr, above the area. */
  message(text: string): void;
  /** Replaces the area at the bottom of the terminal; on anything but a terminal nothing happens. */
  draw(lines: readonly string[]): void;
  /** Leaves the area where it is and forgets it. */
  keep(): void;
  /** Makes a word stand out, where the terminal shows colours and NO_COLOR is not set. */
  paint(colour: Colour, text: string): string;
}
export type Colour = "green" | "yellow" | "red" | "dim";

/** As much of a stream as is used here. */
export interface Stream {
  write(bytes: Uint8Array): Promise<number>;
}
export interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}
export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: SyncStream;
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  /** How wide the terminal is now; lines of the area are cut to it. */
  readonly columns: () => number;
}

const codes: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, dim: 2 };
const encoder = new TextEncoder();

/** The output of a process. A reader that goes away is nobody's fault: nothing is thrown for it. */
export function openOutput(options: OutputOptions): Output {
  const { stdout, stderr, isTerminal } = options;
  let isUnread = false;
  let area: readonly string[] = [];
  let drawn = 0;

  function toStderr(text: string): void {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stderr.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
  function clear(): string {
    return drawn === 0 ? "" : `\x1b[${drawn}A\x1b[J`;
  }
  function areaText(): string {
    const width = Math.max(20, options.columns() - 1);
    drawn = area.length;
    return area.map((line) => `${cut(line, width)}\n`).join("");
  }

  return {
    isTerminal,
    get isUnread() {
      return isUnread;
    },
    async data(text) {
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length && !isUnread;) at += await stdout.write(bytes.subarray(at));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        isUnread = true;
      }
    },
    message(text) {
      toStderr(`${clear()}${text}\n${drawn === 0 ? "" : areaText()}`);
    },
    draw(lines) {
      if (!isTerminal) return;
      const before = clear();
      area = lines;
      toStderr(before + areaText());
    },
    keep() {
      area = [];
      drawn = 0;
    },
    paint: (colour, text) => options.hasColours ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text,
  };
}

/** At most `width` characters; colours count nothing and are ended where the line is cut. */
function cut(line: string, width: number): string {
  let length = 0;
  let text = "";
  // deno-lint-ignore no-control-regex
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    if (part.startsWith("\x1b[")) text += part;
    else {
      const characters = [...part].slice(0, width - length);
      length += characters.length;
      text += characters.join("");
    }
  }
  return text;
}
