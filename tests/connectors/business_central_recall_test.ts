/** Orders that an attempt at a creation left, found again. */
import { assert, assertEquals } from "@std/assert";
import type { Fields, PartWrite, Write } from "../../connectors/connector.ts";
import { change, create, line, order, refusedBy, some, startShop, wanted } from "./business_central_order_shop.ts";
import { okRow } from "./business_central_world.ts";

Deno.test("recall() finds a creation whose answer was lost, and one that was posted since", async () => {
  await using shop = await startShop();
  await shop.fault({ service: "business_central", match: "$batch", kind: "lost_reply" });
  const parts = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const sent = order({ customerId: shop.customerId, externalDocumentNumber: "SO-7" }, parts);
  const [outcome] = await shop.orders.write([sent], wanted);
  assertEquals(outcome?.kind, "unknown");
  const since = "2026-05-20T11:00:00Z";
  const [open, ...others] = (await shop.orders.recall([sent], { ...wanted, since }))[0]!;
  assertEquals([open?.data["externalDocumentNumber"], open?.parts?.length, others.length], ["SO-7", 1, 0]);
  await shop.desk(open!, "post");
  const [posted, ...more] = (await shop.orders.recall([sent], { ...wanted, since }))[0]!;
  assertEquals([posted?.id, posted?.data["state"], more.length], [open!.id, "Invoiced", 0]);
  assertEquals(
    [posted?.data["customerId"], posted?.parts?.[0]?.data["shippedQuantity"]],
    [shop.customerId, "3"],
  );
  assert(posted?.frozen !== undefined);
  const never = order({ customerId: shop.customerId, externalDocumentNumber: "SO-8" }, parts);
  assertEquals((await shop.orders.recall([never], { ...wanted, since }))[0]!, []);
  const later = "2027-01-01T00:00:00Z"; // the same number, but of an order of before
  assertEquals((await shop.orders.recall([sent], { ...wanted, since: later }))[0]!, []);
  const stranger = order({ ...sent.fields, customerId: String(shop.item["id"]) }, parts);
  assertEquals((await shop.orders.recall([stranger], { ...wanted, since }))[0]!, []);
});

Deno.test("recall() of many orders looks for all numbers at once, among open and posted ones", async () => {
  await using shop = await startShop();
  const parts = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const writes = Array.from(
    { length: 12 },
    (_, at) => order({ customerId: shop.customerId, externalDocumentNumber: `SO-${at}` }, parts),
  );
  const made = (await shop.orders.write(writes.filter((_, at) => at % 3 !== 0), wanted)).map((one) => okRow(one));
  for (const [at, row] of made.entries()) if (at % 2 === 0) await shop.desk(row, "post");
  const { read, lookups } = shop.orders.requests();
  const found = await shop.orders.recall(writes, { ...wanted, since: "2026-05-20T11:00:00Z" });
  const after = shop.orders.requests();
  assertEquals([after.read - read, after.lookups - lookups], [3, 1]); // orders, invoices, shipments; their customer
  const expected = writes.map((_, at) => at % 3 === 0 ? [] : [made[at - Math.ceil(at / 3)]!.id]);
  assertEquals(found.map((rows) => rows.map(({ id }) => id)), expected);
});

Deno.test("recall() leaves it to a person whether an order without a reference is ours", async () => {
  await using shop = await startShop({ extension: true });
  const lines = [
    line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3.50", unitPrice: "12" }),
    line(20000, { lineObject: null, description: "Thanks" }),
  ];
  const sent = order({ customerId: shop.customerId, shipToCity: "Vík", yourReference: "SO-1" }, lines);
  await shop.fault({ service: "business_central", kind: "lost_reply", method: "POST", match: "$batch" });
  const [outcome] = await shop.orders.write([sent], wanted);
  assertEquals(outcome?.kind, "unknown");
  const asked = { fields: ["state"], partFields: ["quantity"], since: "2026-05-20T11:00:00Z" };
  const found = (await shop.orders.recall([sent], asked))[0]!;
  assertEquals(found.map(({ data, parts }) => [data, parts!.map(({ data }) => data["quantity"])]), [
    [{ state: "Draft" }, ["3.5", "0"]],
  ]);
  assert(found[0]!.doubt!.includes('write "SO-1" into its Your Reference'), found[0]!.doubt);
  const recalled = (fields: Fields, parts = lines) =>
    shop.orders.recall([order({ ...sent.fields, ...fields }, parts)], asked).then(([found]) => found!);
  const others = [
    await recalled({ shipToCity: "Selfoss" }),
    await recalled({}, [line(10000, { ...lines[0]!.fields, unitPrice: "11" }), lines[1]!]),
    await recalled({}, [line(10000, { ...lines[0]!.fields, quantity: "3" }), lines[1]!]),
    await recalled({}, [...lines, line(30000, { lineObject: "Account 6110", quantity: "1" })]),
    (await shop.orders.recall([sent], { ...asked, since: "2026-05-20T13:00:00Z" }))[0]!,
  ];
  assertEquals(others, others.map(() => []));
  okRow((await shop.orders.write([change(found[0]!, { yourReference: "SO-1" })], wanted))[0]);
  assertEquals(((await shop.orders.recall([sent], asked))[0]!).map(({ id, doubt }) => [id, doubt]), [[
    found[0]!.id,
    undefined,
  ]]);
});

Deno.test("recall() tells our order from the customer's others of the same number by its lines", async () => {
  await using shop = await startShop({ extension: true });
  const [item, asked] = [`Item ${shop.item["number"]}`, { ...wanted, since: "2026-05-20T11:00:00Z" }];
  const made = await create(shop, { externalDocumentNumber: "SO-1" }, [
    line(10000, { lineObject: item, quantity: "3" }),
    line(20000, { lineObject: "Account 6110", quantity: "1", unitPrice: "7" }),
    line(30000, { lineObject: null, description: "A note of the service" }),
  ]);
  const fields = { customerId: shop.customerId, externalDocumentNumber: "SO-1", yourReference: "SO-1" };
  const sold = (quantity: string, more: readonly PartWrite[] = []) =>
    order(fields, [line(10000, { lineObject: item, quantity }), ...more]);
  const freight = line(20000, { lineObject: "Account 6110", quantity: "1" });
  const likeness = async (sent: Write) => {
    const found = (await shop.orders.recall([sent], asked))[0]!;
    return found.map(({ id, doubt }) => [id, doubt === undefined ? "ours" : "doubtful"]);
  };
  const strangers = order(fields, [line(10000, { lineObject: "Account 6110", quantity: "3" })]);
  assertEquals(await likeness(strangers), [[made.id, "doubtful"]]);
  assertEquals(await likeness(sold("3")), [[made.id, "doubtful"]]);
  assertEquals(await likeness(sold("4", [freight])), [[made.id, "doubtful"]]);
  const reference = async () =>
    ((await shop.orders.recall([sold("3")], { ...asked, fields: ["yourReference"] }))[0]!)[0]?.data;
  assertEquals(await reference(), { yourReference: null }, "what may be another's is not written");
  assertEquals(await likeness(sold("3", [freight])), [[made.id, "ours"]]);
  assertEquals(await reference(), { yourReference: "SO-1" });
  await shop.desk(made, "post");
  assertEquals(await likeness(strangers), [[made.id, "doubtful"]]);
  assertEquals(await likeness(sold("3")), [[made.id, "doubtful"]]);
  assertEquals(await likeness(sold("3", [freight])), [[made.id, "ours"]]);
});

Deno.test("write() creates no order that could not be found again", async () => {
  await using shop = await startShop();
  const lines = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const without = [{}, { externalDocumentNumber: null }, { yourReference: "SO-1" }]; // the extension isn't there
  const writes = without.map((fields) => order({ customerId: shop.customerId, ...fields }, lines));
  const outcomes = await shop.orders.write(writes, wanted);
  assertEquals(outcomes.map((outcome) => refusedBy(outcome)[0]), without.map(() => "not_found_again"));
  const pages = await Array.fromAsync(shop.orders.read({ fields: ["number"] }));
  assertEquals(pages.flatMap(({ rows }) => rows), []);
});

Deno.test("recall() writes what an order was cut off before, over nothing that stands there", async () => {
  await using shop = await startShop({ extension: true });
  const fields = { customerId: shop.customerId, externalDocumentNumber: "PO-2" };
  const sold = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "1" })];
  const row = await create(shop, fields, sold);
  okRow((await shop.orders.write([change(row, { workDescription: "By hand" })], wanted))[0]);
  const sent = order({ ...fields, yourReference: "SO-2", workDescription: "Sent" }, sold);
  const asked = { fields: ["yourReference", "workDescription"], partFields: [], since: "2026-05-20T11:00:00Z" };
  const [found] = (await shop.orders.recall([sent], asked))[0]!;
  assertEquals(found?.data, { yourReference: "SO-2", workDescription: "By hand" });
  const [now] = (await some(shop, row.id)).rows;
  assertEquals(now?.version, found?.version);
  // Released meanwhile: it can't be written, and is found all the same.
  const other = await create(shop, { ...fields, externalDocumentNumber: "PO-3" }, sold);
  await shop.desk(other, "release");
  const late = order({ ...fields, externalDocumentNumber: "PO-3", yourReference: "SO-3" }, sold);
  assertEquals(((await shop.orders.recall([late], asked))[0]!).map(({ id }) => id), [other.id]);
});

Deno.test("a cut while an order is created leaves one order, which recall() finds, and its discount is still to write", async () => {
  await using shop = await startShop({ extension: true });
  const lines = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const since = "2026-05-20T11:00:00Z";
  const cuts: readonly Record<string, unknown>[] = [
    { method: "POST", match: "$batch" },
    { method: "PATCH", match: "api/v2.0" },
    { method: "PATCH", match: "integration" },
  ];
  for (const [at, cut] of cuts.entries()) {
    const fields = { externalDocumentNumber: `SO-${at}`, discountAmount: "2", yourReference: `SO-${at}` };
    const sent = order({ customerId: shop.customerId, ...fields }, lines);
    await shop.fault({ service: "business_central", kind: "lost_reply", ...cut });
    const [outcome] = await shop.orders.write([sent], wanted);
    assertEquals(outcome?.kind, "unknown", `cut ${at}`);
    const found = (await shop.orders.recall([sent], { ...wanted, since }))[0]!;
    assertEquals(found.map((row) => row.data["externalDocumentNumber"]), [`SO-${at}`]);
    assertEquals(found[0]!.data["discountAmount"], at === 0 ? "0" : "2");
    const [done] = await shop.orders.write([change(found[0]!, { discountAmount: "2" })], wanted);
    assertEquals(okRow(done).data["discountAmount"], "2");
  }
});
