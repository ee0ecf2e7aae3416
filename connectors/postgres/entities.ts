/**
 * Handles of tables, which definitions declare themselves: no two databases have the same ones. They open in a
 * PostgreSQL database, and in a folder of CSV files.
 */
import type { z } from "zod";
import { type Access, type Creation, type Entity, entity } from "../connector.ts";
import { fieldsOf } from "../fields.ts";
import { rowSchema } from "./schemas.ts";

export { choice, date, decimal, filledKey, flag, integer, key, name, ref, state, text } from "../fields.ts";

/** The row of a table with these columns. */
export type RowOf<S extends z.ZodRawShape> = z.infer<z.ZodObject<S>>;

export interface TableOptions<S extends z.ZodRawShape, A> {
  /** The column that people call a record by. */
  readonly key: keyof S & string;
  /** The column with its name; the key if not given. */
  readonly label?: keyof S & string;
  /**
   * "derived id" (if not given): its column `id` gets an id that we choose. "natural key": a record is known by its key,
   * which is the id where the table has no column `id`. "none": we create none.
   */
  readonly creation?: Extract<Creation, "derived id" | "natural key" | "none">;
  readonly refs?: Entity<RowOf<S>, string>["refs"];
  readonly access?: A;
  /** Values that put a record out of use without deleting it. */
  readonly inactive?: Partial<RowOf<S>>;
  readonly deletable?: true;
}

/**
 * Declares the handle of a table, `id` and `modified_at` apart, which it may have as well:
 *
 * ```ts
 * import { decimal, name, table, text } from "./entities.ts";
 *
 * export const customers = table("customers", { number: name(20), city: text(30), credit: decimal(2) }, { key: "number" });
 * ```
 */
export function table<
  const N extends string,
  S extends z.ZodRawShape,
  const A extends { readonly [K in keyof RowOf<S>]?: Access } = Record<never, never>,
>(named: N, columns: S, options: TableOptions<S, A>): Entity<RowOf<S>, N, A> {
  const { key, label = key, creation = "derived id", ...rest } = options;
  const spec = { ...rest, name: named, key, label, creation, fields: fieldsOf(rowSchema(columns)) };
  // deno-lint-ignore no-explicit-any
  return entity<any>()(spec as any) as unknown as Entity<RowOf<S>, N, A>;
}
