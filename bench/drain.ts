/**
 * Fetches all bytes of readings and looks at none of them but the link to the next page: as fast as a program can get at
 * the services' data. `drain.ts JSON`, see {@link Drained} for what it prints.
 */
import { signIn } from "./services.ts";

export interface Reading {
  /** The first page. */
  readonly url: string;
  readonly prefer: string;
}
/** Of each reading, in their order. */
export interface Drained {
  readonly ms: number;
  readonly bytes: number;
  readonly pages: number;
}

if (import.meta.main) {
  const { tokenUrl, readings } = JSON.parse(Deno.args[0]!) as { tokenUrl: string; readings: readonly Reading[] };
  const all: Drained[] = [];
  for (const reading of readings) all.push(await drain(tokenUrl, reading));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(all)));
}

async function drain(tokenUrl: string, { url, prefer }: Reading): Promise<Drained> {
  const began = performance.now();
  const headers = { ...await signIn(tokenUrl, url), Prefer: prefer };
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
