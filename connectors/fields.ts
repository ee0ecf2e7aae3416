/**
 * Row schemas as both services' schemas.ts write them: zod for the shape, with what a definition is checked against
 * (kind, length, choices) kept beside it. {@link fieldsOf} turns a schema into the handle's field list.
 */
import { z } from "zod";
import type { Field, Key, Ref, Value } from "./connector.ts";

type Facts = Omit<Field, "kind" | "nullable">;
const facts = new WeakMap<object, Field>();
function known<S extends z.ZodType>(schema: S, field: Field): S {
  facts.set(schema, field);
  return schema;
}

/** What many fields have in common is made once; the field's own schema stands around it. */
const anyText = z.string();
const decimalText = z.string().regex(/^-?\d+(\.\d+)?$/);
const wholeNumber = z.number().int();
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** Text of at most `max` characters; blank is null. */
export function text(max: number, more: Facts = {}): z.ZodNullable<z.ZodString> {
  return known(z.nullable(anyText), { kind: "text", nullable: true, max, ...more });
}
/** Text that is never blank: the service refuses a record without it. */
export function name(max: number, more: Facts = {}): z.ZodString {
  return known(z.string(), { kind: "text", nullable: false, max, required: true, ...more });
}
/** The id that the service itself gave the record. */
export function id(): z.ZodString {
  return name(36, { match: "exact", required: false });
}
/** An exact decimal as canonical text ("12.5", never a float); `scale` digits after the point are kept. */
export function decimal(scale: number, more: Facts = {}): z.ZodNullable<z.ZodString> {
  return known(z.nullable(decimalText), { kind: "decimal", nullable: true, scale, ...more });
}
export function integer(more: Facts = {}): z.ZodNullable<z.ZodNumber> {
  return known(z.nullable(wholeNumber), { kind: "integer", nullable: true, ...more });
}
export function flag(): z.ZodBoolean {
  return known(z.boolean(), { kind: "boolean", nullable: false });
}
/** A day, "2026-01-31". */
export function date(more: Facts = {}): z.ZodNullable<z.ZodString> {
  return known(z.nullable(day), { kind: "date", nullable: true, ...more });
}
/** One of the values that the service knows, or null. */
export function choice<const V extends string | number>(
  values: readonly V[],
  more: Facts = {},
): z.ZodNullable<z.ZodType<V>> {
  return known(z.nullable(z.literal(values) as unknown as z.ZodType<V>), {
    kind: "choice",
    nullable: true,
    values,
    ...more,
  });
}
/** One of the values that the service knows; never null. */
export function state<const V extends string | number>(values: readonly V[], more: Facts = {}): z.ZodType<V> {
  return known(z.literal(values) as unknown as z.ZodType<V>, { kind: "choice", nullable: false, values, ...more });
}
/** The id of a record of one of these entities, or null. */
export function ref<const N extends string>(_to: N | readonly N[], more: Facts = {}): z.ZodNullable<z.ZodType<Ref<N>>> {
  return known(z.nullable(anyText as unknown as z.ZodType<Ref<N>>), { kind: "lookup", nullable: true, ...more });
}
/** The natural key of a record of one of these entities, or null. */
export function key<const N extends string>(_to: N | readonly N[], more: Facts = {}): z.ZodNullable<z.ZodType<Key<N>>> {
  return known(z.nullable(anyText as unknown as z.ZodType<Key<N>>), { kind: "lookup", nullable: true, ...more });
}
/** The natural key of a record of one of these entities; never null. */
export function filledKey<const N extends string>(_to: N | readonly N[], more: Facts = {}): z.ZodType<Key<N>> {
  return known(z.string() as unknown as z.ZodType<Key<N>>, { kind: "lookup", nullable: false, ...more });
}

/** The field list of a handle. Every property of the schema must come from this file. */
export function fieldsOf<S extends z.ZodRawShape>(schema: z.ZodObject<S>): { readonly [K in keyof S & string]: Field } {
  const fields: Record<string, Field> = {};
  for (const [property, type] of Object.entries(schema.shape)) {
    const field = facts.get(type as unknown as object);
    if (field === undefined) throw new TypeError(`Cannot describe field "${property}": it was not made by fields.ts`);
    fields[property] = field;
  }
  return fields as { readonly [K in keyof S & string]: Field };
}

type Rows = z.ZodType<Readonly<Record<string, Value>>>;
const picked = new WeakMap<z.ZodObject, Map<string, Rows>>();

/**
 * Rows of a schema with only some of its fields: what is checked when a definition reads just those. It is compiled, which
 * takes longer than checking many rows does then, and so kept for the next page.
 */
export function pick(schema: z.ZodObject, fields: readonly string[]): Rows {
  const known = picked.get(schema) ?? new Map<string, Rows>();
  const name = JSON.stringify(fields);
  const found = known.get(name);
  if (found !== undefined) return found;
  const mask = Object.fromEntries(fields.map((field) => [field, true as const]));
  const rows = z.compile(schema.pick(mask as never)) as unknown as Rows;
  picked.set(schema, known.set(name, rows));
  return rows;
}
