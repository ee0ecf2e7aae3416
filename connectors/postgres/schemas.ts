/** Schemas of tables that a definition declares: its columns, each made by fields.ts. */
import { z } from "zod";

/** The row of a table with these columns. */
export function rowSchema<S extends z.ZodRawShape>(columns: S): z.ZodObject<S> {
  return z.object(columns) as unknown as z.ZodObject<S>;
}
