/** Stands between the program and PostgreSQL, and cuts a connection at a COMMIT: before it arrives, or after it was done. */

export interface CuttingProxy {
  readonly port: number;
  /** Cuts at the `nth` commit from now on, counted from 1; commits are counted anew. */
  cut(nth: number, when: "before" | "after"): void;
  /** Cuts nothing any more; returns how many commits there were since the last call of `cut`. */
  rest(): number;
  /** Whether the cut was made. */
  hasCut(): boolean;
  stop(): void;
}

export function cuttingProxy(to: { readonly hostname: string; readonly port: number }): CuttingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let commits = 0;
  let wanted: { readonly nth: number; readonly when: "before" | "after" } | null = null;
  let isCut = false;
  const open = new Set<Deno.Conn>();

  async function serve(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect(to);
    const end = () => {
      for (const side of [client, server]) if (open.delete(side)) side.close();
    };
    open.add(client).add(server);
    const commitsIn = reader();
    let cutsAtAnswer = false;
    await Promise.all([
      copy(client, (bytes) => {
        for (let found = commitsIn(bytes); found > 0; found--) {
          if (++commits !== wanted?.nth) continue;
          isCut = true;
          if (wanted.when === "before") return end();
          cutsAtAnswer = true;
        }
        return write(server, bytes);
      }).finally(end),
      // The answer says that it was done; nobody gets it.
      copy(server, (bytes) => cutsAtAnswer ? end() : write(client, bytes)).finally(end),
    ]);
  }

  (async () => {
    for await (const client of listener) serve(client).catch(ignoreEnd);
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    cut: (nth, when) => {
      wanted = { nth, when };
      commits = 0;
      isCut = false;
    },
    rest: () => {
      wanted = null;
      return commits;
    },
    hasCut: () => isCut,
    stop: () => {
      listener.close();
      for (const side of open) side.close();
      open.clear();
    },
  };
}

/**
 * Reads what a client sends (https://www.postgresql.org/docs/15/protocol-message-formats.html), piece by piece; returns
 * how many commits are in a piece: statements of nothing but COMMIT, each bound once more for each time it is used.
 */
function reader(): (bytes: Uint8Array) => number {
  const named = new Set<string>();
  let rest = new Uint8Array();
  let isBegun = false;
  return (bytes) => {
    rest = Uint8Array.from([...rest, ...bytes]);
    let found = 0;
    for (;;) {
      const head = isBegun ? 1 : 0; // the first message has no type
      if (rest.length < head + 4) return found;
      const length = new DataView(rest.buffer).getUint32(head);
      if (rest.length < head + length) return found;
      const type = isBegun ? String.fromCharCode(rest[0]!) : "";
      const [first = "", second = ""] = new TextDecoder().decode(rest.subarray(head + 4, head + length)).split("\0");
      rest = rest.slice(head + length);
      isBegun = true;
      const isCommit = (text: string) => /^commit;?$/i.test(text);
      if (type === "Q" && isCommit(first)) found++;
      if (type === "P" && isCommit(second)) named.add(first);
      if (type === "B" && named.has(second)) found++;
    }
  };
}

async function copy(from: Deno.Conn, give: (bytes: Uint8Array) => Promise<void> | void): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    let count: number | null;
    try {
      count = await from.read(buffer);
    } catch (error) {
      return ignoreEnd(error);
    }
    if (count === null) return;
    await give(buffer.slice(0, count));
  }
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) done += await to.write(bytes.subarray(done));
  } catch (error) {
    ignoreEnd(error);
  }
}

/** A connection that was closed, by us or by the other end. */
function ignoreEnd(error: unknown): void {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted } = Deno.errors;
  if (![BadResource, BrokenPipe, ConnectionReset, Interrupted].some((kind) => error instanceof kind)) throw error;
}
