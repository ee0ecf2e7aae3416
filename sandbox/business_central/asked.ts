/** What a request asks for, and whether it may. */
import type { Asked } from "../service.ts";
import type { Row } from "../tables.ts";
import { etagOf } from "./company.ts";
import { notFound, Refusal, ruleBroken } from "./refusal.ts";

/** The id in "customers(<id>)", or null for "customers". */
export function keyIn(segment: string, set: string): string | null {
  if (segment === set) return null;
  const match = /^\((?:id=)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)$/i.exec(segment.slice(set.length));
  if (match === null) throw notFound(`the segment "${segment}"`);
  return match[1]!.toLowerCase();
}

/** The header that says which preference was followed. */
export function applied(asked: Asked): Record<string, string> {
  const size = /odata\.maxpagesize=\d+/.exec(asked.headers.get("prefer") ?? "");
  return size === null ? {} : { "Preference-Applied": size[0] };
}

/** Throws a Refusal when the request says that it only reads. */
export function writable(asked: Asked): void {
  if (/^readonly$/i.test(asked.headers.get("data-access-intent") ?? "")) {
    throw ruleBroken("The request writes, but its Data-Access-Intent is ReadOnly.");
  }
}

/** Throws a Refusal when the request isn't a GET. */
export function onlyReads(asked: Asked, set: string): void {
  if (asked.method !== "GET") throw notAllowed(asked.method, set);
}

/** The method isn't one for this set. */
export function notAllowed(method: string, set: string): Refusal {
  return new Refusal(405, "BadRequest_MethodNotAllowed", `${method} isn't allowed on ${set}.`);
}

/** A change needs the version that it is based on, or a star. */
export function checkMatch(asked: Asked, row: Row, isRequired: boolean): void {
  const wanted = asked.headers.get("if-match");
  if (wanted === null) {
    if (!isRequired) return;
    throw new Refusal(
      412,
      "BadRequest_RequiredParamNotProvided",
      "The header If-Match must name the record's ETag or *.",
    );
  }
  if (wanted === "*" || wanted === etagOf(row)) return;
  if (!/^(W\/)?"[^"]*"$/.test(wanted)) throw new Refusal(400, "BadRequest_InvalidToken", "If-Match isn't an ETag.");
  throw new Refusal(
    409,
    "Request_EntityChanged",
    "Another user has already changed the record. Read it again before you change it.",
  );
}
