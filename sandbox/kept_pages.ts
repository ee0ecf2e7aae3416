/** Large pages, kept as they were sent for as long as no row changes: whoever reads everything again has them at once. */
import { bodyText } from "./send.ts";
import type { Answer, Asked } from "./service.ts";
import type { Tables } from "./tables.ts";

/** Smaller answers are made anew each time. */
const LEAST_ROWS = 500;

/** Returns what answers requests: a GET with the answer that `work` gave to the same one, if no row changed since. */
export function keepPages(tables: Tables): (asked: Asked, work: () => Answer) => Answer {
  const pages = new Map<string, () => Answer>();
  let at = tables.changes();
  return (asked, work) => {
    if (asked.method !== "GET") return work();
    if (at !== tables.changes()) pages.clear();
    at = tables.changes();
    const key = `${asked.url.href} ${asked.headers.get("prefer")}`;
    const known = pages.get(key);
    if (known !== undefined) return known();
    const answer = work();
    if ((answer.rows ?? 0) < LEAST_ROWS || answer.dated === "all" || answer.status !== 200) return answer;
    const kept = keep(answer, answer.dated);
    if (at === tables.changes()) pages.set(key, kept);
    return kept();
  };
}

/** Gives the answer again, with the end of its body as it is then. */
function keep(answer: Answer, dated?: () => Readonly<Record<string, unknown>>): () => Answer {
  const text = bodyText(answer);
  if (dated === undefined) {
    const kept = { ...answer, body: new TextEncoder().encode(text) };
    return () => kept;
  }
  const end = () => `,${JSON.stringify(dated()).slice(1)}`;
  const beginning = new TextEncoder().encode(text.slice(0, text.length - end().length));
  return () => {
    const rest = new TextEncoder().encode(end());
    const body = new Uint8Array(beginning.length + rest.length);
    body.set(beginning);
    body.set(rest, beginning.length);
    return { ...answer, body };
  };
}
