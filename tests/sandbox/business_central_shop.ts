/** A company that can sell, for the tests of the Business Central imitation's documents. */
import { type Body, type Reply, withBusinessCentral, type World } from "./business_central_world.ts";

export interface Shop extends World {
  /** C00010, with address, terms and salesperson. */
  readonly customer: Body;
  /** I00010: 12.35 a piece, ten in stock. I00020 is blocked. */
  readonly item: Body;
}

/** Runs `work` in the shop. A euro is 140 crowns, a yen 0.9; yen have no decimals. */
export async function withShop(work: (shop: Shop) => Promise<void>): Promise<void> {
  await withBusinessCentral(async (world) => {
    await world.create("unitsOfMeasure", { code: "PCS", displayName: "Piece" }, { code: "BOX", displayName: "Box" });
    await world.create("currencies", { code: "EUR" }, { code: "JPY", amountDecimalPlaces: "0" });
    for (const { id, code } of (await world.send("GET", "currencies")).body.value) {
      const amounts = code === "EUR" ? ["100", "14000"] : ["1", "0.9"]; // the page of rates can only be read
      world.tables.table("currencyExchangeRates").put({
        id: `rate of ${code}`,
        version: 1,
        currencyId: id,
        startingDate: "2026-01-01",
        exchangeRateAmount: amounts[0]!,
        relationalExchangeRateAmount: amounts[1]!,
      });
    }
    const [terms] = await world.create("paymentTerms", { code: "30D", dueDateCalculation: "30D" }) as [Body];
    const [method] = await world.create("shipmentMethods", { code: "FOB" }) as [Body];
    await world.create("salespeoplePurchasers", { code: "ÞG", displayName: "Þóra" });
    const [customer] = await world.create("customers", {
      displayName: "Bláfell ehf.",
      addressLine1: "Aðalgata 1",
      city: "Vík",
      postalCode: "870",
      country: "IS",
      phoneNumber: "555 0101",
      email: "post@blafell.example",
      paymentTermsId: terms.id,
      shipmentMethodId: method.id,
      salespersonCode: "ÞG",
    }) as [Body];
    const goods = { baseUnitOfMeasureCode: "PCS", unitPrice: 12.35 };
    const [item] = await world.create(
      "items",
      { displayName: "Ufsi", ...goods, inventory: 10 },
      { displayName: "Karfi", ...goods, blocked: true },
    ) as [Body];
    await work(Object.assign(world, { customer, item }));
  });
}

/**
 * Creates an order of C00010 with lines, of I00010 unless they say otherwise. An invoice discount is given afterwards, as
 * the service wants it.
 */
export async function order(
  world: World,
  { discountAmount, ...body }: Body,
  lines: readonly Body[] = [],
): Promise<Body> {
  const salesOrderLines = lines.map((line) => ({ lineType: "Item", lineObjectNumber: "I00010", ...line }));
  const [made] = await world.create("salesOrders", { customerNumber: "C00010", ...body, salesOrderLines });
  if (discountAmount === undefined) return made;
  const changed = await patch(world, `salesOrders(${made.id})`, { discountAmount });
  if (changed.status !== 200) throw new Error(changed.text);
  return changed.body;
}

/** Changes a record whatever its version. */
export async function patch(world: World, path: string, body: Body): Promise<Reply> {
  return await world.send("PATCH", path, { body, headers: { "If-Match": "*" } });
}

/** The lines of an order. */
export async function linesOf(world: World, id: string): Promise<Body[]> {
  return (await world.send("GET", `salesOrders(${id})/salesOrderLines`)).body.value;
}
