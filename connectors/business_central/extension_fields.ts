/** Turns fields of the extension's pages into row schemas, so that the app and the connector can't disagree on them. */
import type { z } from "zod";
import type { PageField } from "../../extension/page.ts";
import type { Key, Ref } from "../connector.ts";
import { date, decimal, filledKey, flag, integer, key, name, ref, state, text } from "../fields.ts";

type Facts = NonNullable<Parameters<typeof text>[1]>;

/** The schema of one field: what is never blank is never null. */
export type SchemaOf<F> = F extends { readonly kind: "guid"; readonly of: infer N extends string }
  ? z.ZodNullable<z.ZodType<Ref<N>>>
  : F extends { readonly of: infer N extends string; readonly filled: true } ? z.ZodType<Key<N>>
  : F extends { readonly of: infer N extends string } ? z.ZodNullable<z.ZodType<Key<N>>>
  : F extends { readonly kind: "choice"; readonly choices: readonly (infer V extends string)[] } ? z.ZodType<V>
  : F extends { readonly kind: "boolean" } ? z.ZodBoolean
  : F extends { readonly kind: "integer" } ? z.ZodNullable<z.ZodNumber>
  : F extends { readonly filled: true } ? z.ZodString
  : z.ZodNullable<z.ZodString>;

/** Digits after the point that Business Central keeps of prices and quantities. */
const scale = 5;

/**
 * Schemas of the fields of a page that a handle has, by their names there. `facts`: what the page doesn't say of a
 * field, such as what to do about a blank.
 */
export function fromPage<
  const P extends { readonly fields: Readonly<Record<string, PageField>> },
  const N extends keyof P["fields"] & string,
>(
  page: P,
  names: readonly N[],
  facts: { readonly [K in N]?: Facts } = {},
): { [K in N]: SchemaOf<P["fields"][K]> } {
  const shape = Object.fromEntries(names.map((field) => [field, schemaOf(page.fields[field]!, facts[field])]));
  return shape as { [K in N]: SchemaOf<P["fields"][K]> };
}

/** The same for fields that the page has besides those of the standard page that it stands in for. */
export function addedByPage<
  const P extends { readonly fields: Readonly<Record<string, PageField>> },
  const N extends keyof P["fields"] & string,
>(
  page: P,
  names: readonly N[],
  facts: { readonly [K in N]?: Facts } = {},
): { [K in N]: SchemaOf<P["fields"][K]> } {
  const needy = Object.fromEntries(names.map((field) => [field, { ...facts[field], needs: "extension" }]));
  return fromPage(page, names, needy as { [K in N]: Facts });
}

function schemaOf(field: PageField, facts: Facts = {}): z.ZodType {
  const { kind, length = 0, choices = [], of, filled } = field;
  if (kind === "guid" && of !== undefined) return ref(of, facts);
  if (of !== undefined) return filled ? filledKey(of, facts) : key(of, facts);
  switch (kind) {
    case "choice":
      return state(choices, facts);
    case "boolean":
      return flag();
    case "decimal":
      return decimal(scale, facts);
    case "integer":
      return integer(facts);
    case "date":
      return date(facts);
    case "code":
      return filled
        ? name(length, { match: "code", required: false, ...facts })
        : text(length, { match: "code", ...facts });
    case "text":
      return filled ? name(length, facts) : text(length, facts);
    default:
      throw new TypeError(`Cannot make a field of ours from "${field.source}": no handle shows its kind, "${kind}"`);
  }
}
