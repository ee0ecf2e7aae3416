/** What a write of an order means to its service: freight is the head's, and not every product may stand on a line. */
import type { Fields, PartWrite, Write } from "../connector.ts";
import { chained, guid, pages, queryOf, type RawRow } from "../odata.ts";
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
interface Inactive {
  readonly number: string;
  readonly name: string;
  readonly state: string;
}
const states: Readonly<Record<number, string>> = { 1: "retired", 2: "draft", 3: "under revision" };

/** What has to be known of other rows to write lines. */
export interface Known {
  /** The products of new lines that are not active, by id. */
  readonly inactive: ReadonlyMap<string, Inactive>;
  /** Whether a line that is there was written in by hand, by id. */
  readonly writtenIn: ReadonlyMap<string, boolean>;
}
export const nothingKnown: Known = { inactive: new Map(), writtenIn: new Map() };

/** Asks once for a batch; for nothing where no line needs it. */
export async function knownOf(
  context: Context,
  writes: readonly Write[],
  signal: AbortSignal | undefined,
): Promise<Known> {
  const parts = writes.flatMap((write) => write.parts ?? []);
  const products = parts.filter(asksOfProducts).map(({ fields }) => fields["productid"] ?? null);
  const lines = parts.filter(asksOfLines);
  const [inactive, writtenIn] = [new Map<string, Inactive>(), new Map<string, boolean>()];
  const asked = { set: "products", id: "productid", columns: "productnumber,name,statecode", signal };
  const ids = products.filter((id) => id !== null).map(String);
  for await (const { productid, productnumber, name, statecode } of rowsOf(context, ids, asked)) {
    if (statecode === 0) continue;
    const state = states[Number(statecode)] ?? "inactive";
    inactive.set(idIn(productid), { number: String(productnumber), name: String(name ?? ""), state });
  }
  const askedLines = { set: "salesorderdetails", id: "salesorderdetailid", columns: "isproductoverridden", signal };
  const keys = lines.map(({ key }) => key);
  for await (const { salesorderdetailid, isproductoverridden } of rowsOf(context, keys, askedLines)) {
    writtenIn.set(idIn(salesorderdetailid), isproductoverridden === true);
  }
  return { inactive, writtenIn };
}
const describing = ["productdescription", "uomid"];

/** Whether the product of a part must be looked at before the part is written. */
export function asksOfProducts({ op, key, fields }: PartWrite): boolean {
  return key !== freightKey && op === "create" && (fields["productid"] ?? null) !== null;
}
/** Whether the line itself must be. */
export function asksOfLines({ op, key, fields }: PartWrite): boolean {
  return key !== freightKey && op === "update" && describing.some((field) => fields[field] != null);
}

async function* rowsOf(
  { http }: Context,
  ids: readonly string[],
  asked: { set: string; id: string; columns: string; signal: AbortSignal | undefined },
): AsyncGenerator<RawRow> {
  const $select = `${asked.id},${asked.columns}`;
  const around = `${http.root}${asked.set}${queryOf({ $select })}`.length;
  for (const terms of chained([...new Set(ids.map(guid))].map((id) => `${asked.id} eq ${id}`), around)) {
    const path = `${asked.set}${queryOf({ $select, $filter: terms.join(" or ") })}`;
    for await (const { rows } of pages(http, path, { signal: asked.signal, counts: "lookups" })) yield* rows;
  }
}
function idIn(value: unknown): string {
  return String(value).toLowerCase();
}

export function orderWriteOf(write: Write, known: Known): OrderWrite {
  const { statecode, ...fields } = write.fields;
  const [freight, lines] = [[], []] as [PartWrite[], PartWrite[]];
  for (const part of write.parts ?? []) (part.key === freightKey ? freight : lines).push(part);
  const parts = lines.map((part) => lineOf(part, known));
  return {
    write,
    id: guid(write.id!),
    fields: Object.assign(fields, ...freight.map(freightOf)),
    parts: parts.filter(({ op, fields }) => op !== "update" || Object.keys(fields).length > 0),
    state: typeof statecode === "number" ? statecode : null,
  };
}

function freightOf({ op, fields: { priceperunit, quantity } }: PartWrite): Fields {
  if (op === "delete") return { [freightField]: "0" };
  if (priceperunit === undefined) return {};
  return { [freightField]: rounded(times(String(priceperunit ?? "0"), String(quantity ?? "1")), 2) };
}

/**
 * A price of ours is not to be replaced by that of the price list. A line has either a product with a unit, or a
 * description and neither: the service refuses both together, so what the line can't hold is left out.
 */
function lineOf(part: PartWrite, { inactive, writtenIn }: Known): PartWrite {
  if (part.op === "delete") return part;
  const isPriced = (part.fields["priceperunit"] ?? null) !== null;
  const fields: Fields = isPriced ? { ...part.fields, ispriceoverridden: true } : part.fields;
  const { productid, uomid, productdescription, ...rest } = fields;
  if (part.op === "update") {
    const isWrittenIn = writtenIn.get(part.key.toLowerCase());
    if (isWrittenIn === undefined) return { ...part, fields };
    const without = isWrittenIn ? "uomid" : "productdescription";
    return { ...part, fields: Object.fromEntries(Object.entries(fields).filter(([field]) => field !== without)) };
  }
  const id = productid ?? null;
  const text = productdescription ?? null;
  if (id === null) return { ...part, fields: { ...rest, productdescription: text, ...byHand } };
  const product = inactive.get(String(id).toLowerCase());
  if (product === undefined) return { ...part, fields: { ...rest, productid: id, uomid: uomid ?? null } };
  const description = descriptionOf(product, text === null ? product.name : String(text));
  return { ...part, fields: { ...rest, productdescription: description, ...byHand } };
}
const byHand = { isproductoverridden: true };

/** "1896-S ATHENS Desk (retired product)", in as many characters as the service keeps. */
function descriptionOf({ number, state }: Inactive, name: string): string {
  const why = ` (${state} product)`;
  return `${number} ${name}`.trim().slice(0, 250 - why.length) + why;
}
