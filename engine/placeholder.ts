/** What stands in a plan for values that a service chooses when it makes a record. */
import type { Value } from "../connectors/connector.ts";

const mark = "planned:";
const form = /^planned:\w+\/./s;

/** What stands for a value that a service chooses when it makes the record for `source`: its id, or with a field that. */
export function placeholderOf(entity: string, source: string, field?: string): string {
  return `${mark}${entity}/${source}${field === undefined ? "" : `/${field}`}`;
}

/** Whether a value may be one that is only known once the service has chosen it: people can write the same. */
export function isPlaceholder(value: Value | undefined): boolean {
  return typeof value === "string" && form.test(value);
}
