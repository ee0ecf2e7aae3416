/**
 * Fetches all bytes of readings and looks at none of them but the link to the next page: as fast as a program can get at
 * the services' data. `drain.ts READINGS`; it prints {@link Drained}s, both as JSON. It imports nothing, to start at once.
 */

export interface Reading {
  /** The first page. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
/** Of each reading, in their order. */
export interface Drained {
  readonly ms: number;
  readonly bytes: number;
  readonly pages: number;
}

if (import.meta.main) {
  const all: Drained[] = [];
  for (const reading of JSON.parse(Deno.args[0]!) as readonly Reading[]) all.push(await drain(reading));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(all)));
}

async function drain({ url, headers }: Reading): Promise<Drained> {
  const began = performance.now();
  let bytes = 0;
  let pages = 0;
  for (let next: string | null = url; next !== null; pages++) {
    const response: Response = await fetch(next, { headers });
    const body = new Uint8Array(await response.arrayBuffer());
    if (!response.ok) throw new Error(`Cannot drain "${next}": ${response.status}`);
    bytes += body.length;
    const [, link] = /"@odata\.nextLink":("[^"]*")\s*}$/.exec(new TextDecoder().decode(body.subarray(-8192))) ?? [];
    next = link === undefined ? null : JSON.parse(link) as string;
  }
  return { ms: performance.now() - began, bytes, pages };
}
