/** What is known of orders that Business Central took away, by the invoices and shipments that they left. */
import { assertEquals } from "@std/assert";
import { api, id, lineId, ordersOf, wanted } from "./business_central_order_stub.ts";
import { serveStub } from "./stub.ts";

Deno.test("a posted order is partly invoiced while more was shipped than invoiced", async () => {
  const posted = (quantity: number) => {
    return { sequence: 10000, lineType: "Resource", lineObjectNumber: "LINA", quantity };
  };
  for (const [invoiced, state] of [[1, "Partly Invoiced"], [2.5, "Invoiced"]] as const) {
    await using stub = serveStub((_, path) => {
      if (path.includes("/salesInvoices")) {
        const totals = { totalAmountExcludingTax: 2.2, totalAmountIncludingTax: 2.2 };
        const head = { id: lineId, number: "I1", orderId: id, orderNumber: "S-ORD1", ...totals };
        return Response.json({ value: [{ ...head, salesInvoiceLines: [posted(invoiced)] }] });
      }
      if (path.includes("/salesShipments")) {
        const head = { id: lineId, number: "S1", orderNumber: "S-ORD1" };
        return Response.json({
          value: [
            { ...head, postingDate: "2026-05-02", salesShipmentLines: [posted(1.3)] },
            { ...head, postingDate: "2026-05-01", salesShipmentLines: [posted(1.2)] },
          ],
        });
      }
      return Response.json({ value: [] });
    });
    const fields = ["state", "lastShipmentDate", "totalAmountExcludingTax", "shipToName"];
    const partFields = ["shippedQuantity", "invoicedQuantity", "quantity"];
    const pages = await Array.fromAsync(ordersOf(stub).read({ fields, partFields, ids: [id] }));
    assertEquals(pages.at(-1)?.archived, [{
      id,
      data: { totalAmountExcludingTax: "2.2", lastShipmentDate: "2026-05-02", state },
      parts: [{ key: "10000", data: { shippedQuantity: "2.5", invoicedQuantity: String(invoiced) } }],
      frozen: 'The order "S-ORD1" was posted as invoice "I1", nobody can write it any more',
    }]);
    assertEquals(pages.flatMap(({ deleted }) => deleted), []);
  }
});

Deno.test("an order whose shipments were all undone is deleted; what is asked by number is asked once", async () => {
  const lineOf = (sequence: number, quantity: number) => {
    return { sequence, lineType: "Item", lineObjectNumber: "1896-S", quantity };
  };
  const other = id.replace(/1$/, "2");
  await using stub = serveStub((_, path) => {
    if (!path.includes("/salesShipments")) return Response.json({ value: [] });
    const undone = [lineOf(10000, 2), lineOf(15000, -2)];
    const head = { id: lineId, number: "S1", postingDate: "2026-05-02" };
    return Response.json({
      value: [
        { ...head, orderNumber: "S-ORD1", salesShipmentLines: undone },
        { ...head, orderNumber: "S-ORD2", salesShipmentLines: [...undone, lineOf(10000, 2)] },
      ],
    });
  });
  const keys = { [id]: "S-ORD1", [other]: "S-ORD2" };
  const pages = await Array.fromAsync(ordersOf(stub).read({ ...wanted, ids: [id, other], keys }));
  assertEquals(pages.flatMap(({ deleted }) => deleted), [id]);
  assertEquals(pages.flatMap(({ archived = [] }) => archived.map((one) => one.id)), [other]);
  const filters = stub.seen.filter((line) => /\/sales(Invoices|Shipments)/.test(line))
    .map((line) => decodeURIComponent(line).replace(/^.*\/(sales\w+)\?.*\$filter=/, "$1 "));
  assertEquals(filters, [
    `salesInvoices orderId eq ${id} or orderId eq ${other}`,
    "salesInvoices orderNumber eq 'S-ORD1' or orderNumber eq 'S-ORD2'",
    "salesShipments orderNumber eq 'S-ORD1' or orderNumber eq 'S-ORD2'",
  ]);
});

interface Documents {
  readonly shipments: readonly (readonly Line[])[];
  readonly invoices?: readonly (readonly Line[])[];
}
type Line = readonly [sequence: number, lineObjectNumber: string, quantity: number];

/** What is told of the order by its documents, of which each answer holds the first line: the rest is behind a link. */
async function toldBy({ shipments, invoices = [] }: Documents) {
  const row = ([sequence, lineObjectNumber, quantity]: Line) => {
    return { sequence, lineType: "Item", lineObjectNumber, quantity };
  };
  await using stub = serveStub((_, path) => {
    const [, set, at] = /\/(salesInvoice|salesShipment)s\/(\d+)\/rest/.exec(path) ?? [];
    const of = (name: string) => name === "salesInvoice" ? invoices : shipments;
    if (set !== undefined) return Response.json({ value: of(set)[Number(at)]!.slice(1).map(row) });
    const name = path.includes("/salesInvoices?") ? "salesInvoice" : "salesShipment";
    if (!path.includes(`/${name}s?`)) return Response.json({ value: [] });
    return Response.json({
      value: of(name).map(([first, ...more], at) => ({
        ...{ id: lineId, number: `D${at}`, orderId: id, orderNumber: "S-ORD1", postingDate: "2026-05-02" },
        ...{ totalAmountExcludingTax: 1, totalAmountIncludingTax: 1 },
        [`${name}Lines`]: [row(first!)],
        ...(more.length === 0 ? {} : { [`${name}Lines@odata.nextLink`]: `${stub.url}${api}/${name}s/${at}/rest` }),
      })),
    });
  });
  const asked = { fields: ["state"], partFields: ["shippedQuantity", "invoicedQuantity"], ids: [id] };
  const pages = await Array.fromAsync(ordersOf(stub).read({ ...asked, keys: { [id]: "S-ORD1" } }));
  const [archived] = pages.flatMap((page) => page.archived ?? []);
  return archived === undefined ? pages.flatMap(({ deleted }) => deleted) : [
    archived.data["state"],
    ...archived.parts!.map(({ key, data }) => [key, data["shippedQuantity"], data["invoicedQuantity"]]),
  ];
}

Deno.test("a shipment that was undone takes back what its line had shipped", async () => {
  const undone: readonly Line[] = [[10000, "A", 2], [15000, "A", -2], [20000, "B", 1]];
  const documents = { shipments: [undone, [[10000, "A", 2]]], invoices: [[[10000, "A", 2], [20000, "B", 1]]] } as const;
  assertEquals(await toldBy(documents), ["Invoiced", ["10000", "2", "2"], ["20000", "1", "1"]]);
});

Deno.test("a negative line of an order is its own line", async () => {
  const exchanged: readonly Line[] = [[10000, "A", 1], [20000, "A", -1]];
  const documents = { shipments: [exchanged], invoices: [exchanged] };
  assertEquals(await toldBy(documents), ["Invoiced", ["10000", "1", "1"], ["20000", "-1", "-1"]]);
});

Deno.test("an order that exchanged one item for another was posted, though it shipped nothing on balance", async () => {
  const told = await toldBy({ shipments: [[[10000, "A", 1], [20000, "B", -1]]] });
  assertEquals(told, ["Invoiced", ["10000", "1", undefined], ["20000", "-1", undefined]]);
});
