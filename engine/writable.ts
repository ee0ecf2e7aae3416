/** What a field does not take. */
import type { AnyEntity, Value } from "../connectors/connector.ts";
import type { Reason } from "../store/store.ts";
import { isPlaceholder } from "./placeholder.ts";
import { accessOf } from "./rules.ts";
import { isBlank } from "./same.ts";

/** Whether a field of an existing record may be written. */
export function isWritable(entity: AnyEntity, field: string): boolean {
  const access = accessOf(entity, field);
  return access === "always" || access === "update";
}

/** Why a value can't be written to a field of an existing record; null where it can. */
export function unwritable(entity: AnyEntity, field: string, value: Value, equal: boolean): Reason | null {
  if (!equal && !isWritable(entity, field)) {
    const message = `Cannot write "${field}": it can only be given when a record of "${entity.name}" is created; ` +
      `change it there by hand, or change it back on the other side`;
    return { code: "not_writable", field, message };
  }
  if (entity.fields[field]?.required && isBlank(value)) {
    const message = `Cannot clear "${field}": a record of "${entity.name}" must have one; ` +
      `give it a value on the other side`;
    return { code: "required_blank", field, message };
  }
  return tooLong(entity, field, value);
}

/** Why a text does not fit a field; null where it does. Lengths are in UTF-16 units, as both services count. */
export function tooLong(entity: AnyEntity, field: string, value: Value): Reason | null {
  const max = entity.fields[field]?.max;
  if (max === undefined || typeof value !== "string" || value.length <= max || isPlaceholder(value)) return null;
  const message =
    `Cannot write "${field}" of "${entity.name}": the value has ${value.length} characters and the field ` +
    `holds ${max}; shorten it on the other side`;
  return { code: "too_long", field, message };
}
