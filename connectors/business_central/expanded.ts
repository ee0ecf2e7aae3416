/** Lines that come with their document. */
import type { Http } from "../http.ts";
import { pages, type RawRow } from "../odata.ts";

/** A document with all of its `lines`: a service that pages what it expands says where the rest is. */
export async function withAllLines(
  http: Http,
  raw: RawRow,
  { lines, ...options }: {
    readonly lines: string;
    readonly decimals: ReadonlySet<string>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<RawRow> {
  const link = raw[`${lines}@odata.nextLink`];
  if (typeof link !== "string" || link === "") return raw;
  const rest: RawRow[] = [];
  for await (const page of pages(http, link, { ...options, counts: "documents" })) rest.push(...page.rows);
  return { ...raw, [lines]: [...raw[lines] as RawRow[], ...rest] };
}
