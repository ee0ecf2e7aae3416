import { assertEquals } from "@std/assert";
import { isWanted } from "../../engine/document.ts";
import { compile } from "../../engine/compile.ts";
import { orderLines } from "../../pipelines/order_lines.ts";
import { orders } from "../../pipelines/orders.ts";
import { agreedOn, created, merged } from "./rows.ts";

const coupled = {
  productid: { "Item 1896-S": "athens-id", "Resource LINA": "lina-id" },
  uomid: { PCS: "piece-id", HOUR: "hour-id" },
};
const crm = {
  productid: "athens-id",
  productdescription: null,
  uomid: "piece-id",
  quantity: "3",
  priceperunit: "649.4",
  linediscount: "10",
  quantityshipped: null,
  linetype: "product",
};
const erp = {
  sequence: 10000,
  product: "Item 1896-S",
  description: "ATHENS Desk",
  unitOfMeasureCode: "PCS",
  quantity: "3",
  unitPrice: "649.4",
  discountAmount: "10",
  shippedQuantity: "0",
  comment: false,
};

Deno.test("order lines makes a line with item, unit, quantity, price and the whole discount", () => {
  const { fields, reasons, stops } = created(orderLines, "erp", { source: crm, coupled });
  assertEquals(fields, {
    product: "Item 1896-S",
    unitOfMeasureCode: "PCS",
    quantity: "3",
    unitPrice: "649.4",
    discountAmount: "10",
  });
  assertEquals([reasons, stops], [[], false]);
});

const written: readonly (readonly [string, string | undefined])[] = [
  ["write-in", "Account 6110"],
  ["freight", "Account 6910"],
  ["comment", undefined],
];
for (const [linetype, lineObject] of written) {
  Deno.test(`order lines books ${linetype} on ${lineObject ?? "nothing: it is a comment"}`, () => {
    const source = { ...crm, productid: null, uomid: null, productdescription: "Assembly on site", linetype };
    const { fields, stops } = created(orderLines, "erp", { source, coupled });
    assertEquals([fields["lineObject"], fields["description"], stops], [lineObject, "Assembly on site", false]);
  });
}

Deno.test("order lines waits for a product that is not coupled: it never becomes a comment", () => {
  const { reasons, stops } = created(orderLines, "erp", { source: { ...crm, productid: "new-id" }, coupled });
  assertEquals([reasons.map(({ code, field }) => [code, field]), stops], [[["waiting", "productid"]], true]);
});

Deno.test("order lines makes a line of the CRM at the ERP's price and in its place, resources too", () => {
  const source = { ...erp, product: "Resource LINA", unitOfMeasureCode: "HOUR", shippedQuantity: "1" };
  assertEquals(created(orderLines, "crm", { source, coupled }).fields, {
    productid: "lina-id",
    productdescription: "ATHENS Desk",
    uomid: "hour-id",
    quantity: "3",
    priceperunit: "649.4",
    quantityshipped: "1",
    isproductoverridden: false,
    ispriceoverridden: true,
    manualdiscountamount: "10",
    lineitemnumber: 10000,
  });
});

Deno.test("order lines writes a line in by hand that the ERP has with an account, such as freight", () => {
  const source = { ...erp, product: null, unitOfMeasureCode: null, description: "Freight" };
  const { fields, stops } = created(orderLines, "crm", { source, coupled });
  const { productid, productdescription, isproductoverridden } = fields;
  assertEquals([productid, productdescription, isproductoverridden, stops], [undefined, "Freight", true, false]);
});

Deno.test("order lines keeps comments of the ERP in the ERP, and takes all lines of the CRM", () => {
  const compiled = compile(orderLines);
  assertEquals(isWanted(compiled, "crm", erp), true);
  assertEquals(isWanted(compiled, "crm", { ...erp, product: null, comment: true }), false);
  assertEquals(isWanted(compiled, "erp", crm), true);
});

Deno.test("order lines brings back what was shipped, and never ships", () => {
  const before = agreedOn(erp, crm);
  const shipped = { ...erp, shippedQuantity: "2" };
  const decided = merged(orderLines, { erp: shipped, crm, base: before, coupled });
  assertEquals([decided.crm, decided.erp], [{ quantityshipped: "2" }, {}]);
  const base = agreedOn(shipped, { ...crm, quantityshipped: "2" });
  const claimed = merged(orderLines, { erp: shipped, crm: { ...crm, quantityshipped: "3" }, base, coupled });
  assertEquals([claimed.crm, claimed.erp], [{ quantityshipped: "2" }, {}]);
});

Deno.test("order lines goes both ways with quantity and price, field by field", () => {
  const decided = merged(orderLines, {
    erp: { ...erp, unitPrice: "600" },
    crm: { ...crm, quantity: "4" },
    base: agreedOn(erp, crm),
    coupled,
  });
  // The ERP would make another discount of the new quantity: what stands is sent with it.
  assertEquals([decided.crm, decided.erp], [{ priceperunit: "600" }, { quantity: "4", discountAmount: "10" }]);
});

Deno.test("order lines are parts of orders", () => {
  assertEquals([orderLines.under, orderLines.extract.erp.partOf, orderLines.extract.crm.partOf], [
    orders,
    "salesOrders",
    "salesorders",
  ]);
});
