/** What the service's refusals mean, and what is refused before anything is sent. */
import type { AnyEntity, Fields, Outcome, Write } from "../connector.ts";
import { problemOf, type RawRow } from "../odata.ts";
import { namedField } from "./named_field.ts";
import type { Table } from "./table.ts";

export interface Refusal {
  readonly status: number;
  readonly body: RawRow;
}

const codes = { exists: "Internal_EntityWithSameKeyExists", changed: "Request_EntityChanged" };

/** Another record has the key of a creation. */
export function isDuplicate({ body }: Refusal): boolean {
  return problemOf(body).code === codes.exists;
}

/** The record changed after the version that the request named. */
export function isChanged({ status, body }: Refusal): boolean {
  const { code } = problemOf(body);
  return code === codes.changed || (status === 409 && code !== codes.exists) || status === 412;
}

/** The outcome of a refusal; `sent` is what was sent, by fields of the handle or properties of its page. */
export function refusal(
  { status, body }: Refusal,
  { sent, entity }: { readonly sent: Fields; readonly entity: AnyEntity },
): Outcome & { kind: "refused" } {
  const { code, message } = problemOf(body);
  const text = message.replace(/\s*CorrelationId:\s*[0-9a-f-]*\.?\s*$/i, "");
  const field = namedField(text, sent, entity);
  return {
    kind: "refused",
    code: code === "" ? `status_${status}` : code,
    message: text,
    ...(field === undefined ? {} : { field }),
  };
}

/** Throws TypeError for a field that may not be written then: no definition that was checked does. */
export function checkFields({ entity, fields: known }: Table, op: Write["op"], fields: Fields): void {
  const access = entity.access as Readonly<Record<string, string | undefined>>;
  for (const field of Object.keys(fields)) {
    const when = access[field];
    if (Object.hasOwn(known, field) && (when === undefined || when === op)) continue;
    throw new TypeError(
      `Cannot ${op} a record of "${entity.name}": field "${field}" ` +
        (Object.hasOwn(known, field)
          ? `may be written ${when === "never" ? "never" : `on ${when} only`}`
          : "is not known"),
    );
  }
}

export function unknown(error: unknown): Outcome & { kind: "unknown" } {
  return { kind: "unknown", message: error instanceof Error ? error.message : String(error) };
}
