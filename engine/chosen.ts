/** A value that a person chooses for a field, from the text that was typed. */
import type { Field, Value } from "../connectors/connector.ts";
import { DefinitionError } from "../errors.ts";
import { type Lookups, toErp } from "./reconcile.ts";
import { fieldOf, type FieldRule } from "./rules.ts";
import { isBlank } from "./same.ts";
import { unwritable } from "./writable.ts";

/**
 * The value of the rule's CRM field. Throws DefinitionError "bad_value" where the text is none of the field's kind, or
 * one of the two sides could not hold it.
 */
export function chosenValue(rule: FieldRule, text: string, lookups: Lookups): Value {
  const name = fieldOf(rule, "crm")!;
  const entity = rule.of.extract.crm;
  const field: Field = entity.fields[name]!;
  const value = text === "" ? null : valueOf(field, text);
  if (value === undefined) throw unfit(name, text, `it is no ${wanted(field)}`, "give one");
  if (isBlank(value) && !field.nullable) throw unfit(name, text, "the field is never blank", "give a value");
  if (value !== null && field.values !== undefined && !field.values.includes(value)) {
    throw unfit(name, text, "it is none of the field's values", `give one of ${field.values.join(", ")}`);
  }
  const back = toErp(rule, value, lookups);
  const reasons = [
    unwritable(entity, name, value, false),
    "reason" in back ? back.reason : null,
    "value" in back ? unwritable(rule.of.extract.erp, fieldOf(rule, "erp")!, back.value, false) : null,
  ];
  const why = reasons.find((reason) => reason !== null);
  if (why === undefined) return value;
  const [state = why.message] = why.message.split("; ");
  throw unfit(name, text, state.charAt(0).toLowerCase() + state.slice(1), "give another value");
}

function unfit(name: string, text: string, state: string, remedy: string): DefinitionError {
  return new DefinitionError("bad_value", `Cannot give "${name}" the value "${text}": ${state}; ${remedy}`);
}

function valueOf(field: Field, text: string): Value | undefined {
  switch (field.kind) {
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case "decimal":
      return decimalOf(text, field.scale ?? 10);
    case "boolean":
      return { true: true, false: false, yes: true, no: false }[text.toLowerCase()];
    case "date":
      return isDay(text) ? text : undefined;
    case "datetime":
      return isDay(text.slice(0, 10)) && /^.{10}T\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(text) ? text : undefined;
    case "choice":
      return field.values?.find((value) => String(value) === text) ?? (/^-?\d+$/.test(text) ? Number(text) : text);
    case "text":
    case "lookup":
      return text;
  }
}

/** As the connectors write decimals: no zeros that say nothing, no digits that the service would not keep. */
function decimalOf(text: string, scale: number): string | undefined {
  const [, sign = "", whole = "", part = ""] = /^(-?)0*(\d+)(?:\.(\d+?)0*)?$/.exec(text) ?? [];
  if (whole === "" || part.length > scale) return undefined;
  const digits = part.replace(/0+$/, "");
  const plain = digits === "" ? whole : `${whole}.${digits}`;
  return plain === "0" ? plain : sign + plain;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function wanted({ kind, scale }: Field): string {
  const words = {
    integer: "whole number",
    decimal: `number with a point and at most ${scale ?? 10} digits after it`,
    boolean: "true or false",
    date: "day such as 2026-01-31",
    datetime: "time such as 2026-01-31T09:00:00Z",
    choice: "choice",
    text: "text",
    lookup: "id",
  };
  return words[kind];
}
