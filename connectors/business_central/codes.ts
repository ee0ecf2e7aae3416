/** Fields that hold a code where their page has the id of a record. */
import { zeroGuid } from "../blanks.ts";
import type { Value } from "../connector.ts";
import type { RawRow } from "../odata.ts";
import type { CodeSet, Lookups } from "./lookups.ts";
import { type Body, type ReadWork, refused, type Values, type WriteWork } from "./view.ts";

/** The page's property, and the set that its ids are of, by field. */
export type CodeFields = Readonly<Record<string, { readonly property: string; readonly set: CodeSet }>>;

/** Terms and methods as customers and orders have them. */
export const termFields: CodeFields = {
  paymentTermsCode: { property: "paymentTermsId", set: "paymentTerms" },
  shipmentMethodCode: { property: "shipmentMethodId", set: "shipmentMethods" },
};

/** The properties behind the fields, for a view's `made`. */
export function madeOf(fields: CodeFields): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(fields).map(([field, { property }]) => [field, [property]]));
}

/** The codes of rows. */
export async function readCodes(
  codeFields: CodeFields,
  { fields, rows, lookups }: ReadWork,
): Promise<(row: RawRow) => Values> {
  const wanted = Object.entries(codeFields).filter(([field]) => fields.has(field) && rows.length > 0);
  const tables = await Promise.all(wanted.map(async ([field, { property, set }]) => {
    return { field, property, codes: await lookups.codes(set) };
  }));
  return (row) => {
    const values: Record<string, Value> = {};
    for (const { field, property, codes } of tables) {
      values[field] = codes.get(String(row[property]).toLowerCase()) ?? null;
    }
    return values;
  };
}

/** The ids of codes that are written. */
export async function sendCodes(
  codeFields: CodeFields,
  { writes, lookups }: { writes: WriteWork["writes"]; lookups: Lookups },
): Promise<(write: WriteWork["writes"][number]) => Body> {
  const used = Object.entries(codeFields).filter(([field]) =>
    writes.some((write) => (write.fields[field] ?? null) !== null)
  );
  const ids = new Map(
    await Promise.all(used.map(async ([field, { set }]) => {
      const byCode = [...await lookups.codes(set)].map(([id, code]) => [code.toUpperCase(), id] as const);
      return [field, new Map(byCode)] as const;
    })),
  );
  return (write) => {
    const body: Record<string, unknown> = {};
    for (const [field, { property, set }] of Object.entries(codeFields)) {
      const code = write.fields[field];
      if (code === undefined) continue;
      const id = code === null ? zeroGuid : ids.get(field)?.get(String(code).toUpperCase());
      if (id === undefined) return refused("unknown_code", field, `no record of "${set}" has the code "${code}"`);
      body[property] = id;
    }
    return { body };
  };
}
