/** What a write of an order means to its service: freight is the head's, and not every product may stand on a line. */
import type { Fields, PartWrite, Write } from "../connector.ts";
import { chained, guid, pages, queryOf } from "../odata.ts";
import { rounded, times } from "./amounts.ts";
import type { Context } from "./context.ts";
import { freightField, freightKey } from "./order_lines.ts";

/** A write as it is sent. */
export interface OrderWrite {
  readonly write: Write;
  readonly id: string;
  /** The head's, without its state. */
  readonly fields: Fields;
  readonly parts: readonly PartWrite[];
  /** The state that it is to have in the end; null: the one that it has. */
  readonly state: number | null;
}

/** A product that is not active: nobody may put it on an order. */
export interface Inactive {
  readonly number: string;
  readonly name: string;
  readonly state: string;
}
const states: Readonly<Record<number, string>> = { 1: "retired", 2: "draft", 3: "under revision" };

/** The products of new lines that are not active, by id. */
export async function inactiveProducts(
  { http }: Context,
  writes: readonly Write[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Inactive>> {
  const created = writes.flatMap(({ parts = [] }) => parts.filter(({ op }) => op === "create"));
  const ids = [...new Set(created.map(({ fields }) => fields["productid"] ?? null).filter((id) => id !== null))];
  const found = new Map<string, Inactive>();
  const $select = "productid,productnumber,name,statecode";
  const around = `${http.root}products${queryOf({ $select })}`.length;
  for (const terms of chained(ids.map((id) => `productid eq ${guid(String(id))}`), around)) {
    const path = `products${queryOf({ $select, $filter: terms.join(" or ") })}`;
    for await (const { rows } of pages(http, path, { signal })) {
      for (const { productid, productnumber, name, statecode } of rows) {
        if (statecode === 0) continue;
        const state = states[Number(statecode)] ?? "inactive";
        found.set(String(productid).toLowerCase(), { number: String(productnumber), name: String(name ?? ""), state });
      }
    }
  }
  return found;
}

export function orderWriteOf(write: Write, inactive: ReadonlyMap<string, Inactive>): OrderWrite {
  const { statecode, ...fields } = write.fields;
  const [freight, lines] = [[], []] as [PartWrite[], PartWrite[]];
  for (const part of write.parts ?? []) (part.key === freightKey ? freight : lines).push(part);
  return {
    write,
    id: guid(write.id!),
    fields: Object.assign(fields, ...freight.map(freightOf)),
    parts: lines.map((part) => lineOf(part, inactive)),
    state: typeof statecode === "number" ? statecode : null,
  };
}

function freightOf({ op, fields: { priceperunit, quantity } }: PartWrite): Fields {
  if (op === "delete") return { [freightField]: "0" };
  if (priceperunit === undefined) return {};
  return { [freightField]: rounded(times(String(priceperunit ?? "0"), String(quantity ?? "1")), 2) };
}

/**
 * A price of ours is not to be replaced by that of the price list. A new line has either a product with a unit, or a
 * description and neither: the service refuses both together.
 */
function lineOf(part: PartWrite, inactive: ReadonlyMap<string, Inactive>): PartWrite {
  if (part.op === "delete") return part;
  const isPriced = (part.fields["priceperunit"] ?? null) !== null;
  const fields: Fields = isPriced ? { ...part.fields, ispriceoverridden: true } : part.fields;
  if (part.op === "update") return { ...part, fields };
  const { productid, uomid, productdescription, ...rest } = fields;
  const id = productid ?? null;
  if (id === null) {
    return { ...part, fields: { ...rest, productdescription: productdescription ?? null, ...writtenIn } };
  }
  const product = inactive.get(String(id).toLowerCase());
  if (product === undefined) return { ...part, fields: { ...rest, productid: id, uomid: uomid ?? null } };
  const text = descriptionOf(product, productdescription == null ? product.name : String(productdescription));
  return { ...part, fields: { ...rest, productdescription: text, ...writtenIn } };
}
const writtenIn = { isproductoverridden: true };

/** "1896-S ATHENS Desk (retired product)", in as many characters as the service keeps. */
function descriptionOf({ number, state }: Inactive, name: string): string {
  const why = ` (${state} product)`;
  return `${number} ${name}`.trim().slice(0, 250 - why.length) + why;
}
