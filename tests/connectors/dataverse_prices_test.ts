/** Units, price lists and prices against the sandbox's imitation of Dataverse. */
import { assertEquals } from "@std/assert";
import type { Fields } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { openOrderWorld, type OrderWorld, unitOf } from "./dataverse_order_world.ts";
import { chosen, create, readAll, rowIn, update, writeOne } from "./dataverse_world.ts";

function price(world: OrderWorld, more: Fields = {}): Fields {
  return {
    pricelevelid: world.list,
    productid: world.product,
    uomid: world.unit,
    amount: "99.95",
    pricingmethodcode: 1,
    quantitysellingcode: 1,
    ...more,
  };
}
const seen = ["productnumber", "pricelevelid", "productid", "uomid", "amount", "pricingmethodcode"];

Deno.test("write() adopts the price that the service keeps for the list, product and unit", async () => {
  await using world = await openOrderWorld();
  const theirs = (await world.api("GET", "productpricelevels"))["value"] as { productpricelevelid: string }[];
  const other = await world.add("pricelevels", { name: "Other" });
  const outcomes = await world.crm.open(dv.priceListItems).write([
    create(chosen(1), price(world, { productid: world.product.toUpperCase() })),
    create(chosen(2), price(world, { pricelevelid: other })),
    create(chosen(3), price(world, { productid: world.retired })),
  ], { fields: seen });
  const adopted = rowIn(outcomes[0], "exists");
  assertEquals([adopted.id, adopted.data], [theirs[0]!.productpricelevelid, {
    productnumber: "1896-S",
    pricelevelid: world.list,
    productid: world.product,
    uomid: world.unit,
    amount: "100",
    pricingmethodcode: 1,
  }]);
  assertEquals(rowIn(outcomes[1]).data["pricelevelid"], other);
  assertEquals(rowIn(outcomes[2]).data["productnumber"], "1900-S");

  const changed = update(adopted.id, adopted.version, { amount: "101.5" });
  assertEquals(rowIn(await writeOne(world.crm, dv.priceListItems, changed, seen)).data["amount"], "101.5");
});

Deno.test("write() adopts no price that lies outside the filter", async () => {
  await using world = await openOrderWorld();
  const fixed = dv.priceListItems.where({ quantitysellingcode: 3 });
  const write = create(chosen(1), price(world, { quantitysellingcode: 3 }));
  const outcome = await writeOne(world.crm, fixed, write, seen);
  assertEquals(outcome.kind === "refused" && outcome.code, "outside_filter");
});

Deno.test("read() gives prices by an id that units and unit groups carry", async () => {
  await using world = await openOrderWorld();
  const prices = await readAll(world.crm.open(dv.priceListItems), { fields: ["uomid"] });
  const units = await readAll(world.crm.open(dv.uoms), { fields: ["name", "isschedulebaseuom", "quantity"] });
  const groups = await readAll(world.crm.open(dv.unitGroups), { fields: ["name"] });
  const unit = units.rows.find(({ id }) => id === world.unit)!;
  assertEquals(unit.data, { name: "PCS", isschedulebaseuom: true, quantity: "1", baseuomid: world.unit });
  assertEquals(prices.rows[0]!.data["uomid"], unit.data["baseuomid"]);
  assertEquals(groups.rows.find(({ data }) => data["name"] === "PCS")!.data["baseuomid"], world.unit);
});

Deno.test("write() makes a unit beside the base unit and adopts one with its name in the same group only", async () => {
  await using world = await openOrderWorld();
  const other = await world.add("uomschedules", { name: "BOX", baseuomname: "BOX" });
  const base = await unitOf(world, other);
  const outcomes = await world.crm.open(dv.uoms).write([
    create(chosen(1), { name: "pack", quantity: "12.5", uomscheduleid: other }),
    create(chosen(2), { name: "box", quantity: "1", uomscheduleid: other }),
    create(chosen(3), { name: "PCS", quantity: "6", uomscheduleid: other }),
  ], { fields: ["name", "quantity", "uomscheduleid"] });
  assertEquals(rowIn(outcomes[0]).data, {
    name: "pack",
    quantity: "12.5",
    uomscheduleid: other,
    baseuomid: chosen(1),
  });
  assertEquals(rowIn(outcomes[1], "exists").id, base);
  assertEquals(rowIn(outcomes[2]).id, chosen(3));
});

// The zone, the columns of dates alone, and what is stored of the day on which the list begins.
const zones: readonly (readonly [string, readonly string[], string])[] = [
  ["Europe/Berlin", [], "2026-03-28T23:00:00Z"],
  ["America/New_York", [], "2026-03-29T04:00:00Z"],
  ["Europe/Berlin", ["begindate", "enddate"], "2026-03-29"],
  ["America/New_York", ["begindate"], "2026-03-29"],
];
for (const [timeZone, dateOnly, begins] of zones) {
  Deno.test(`dates of a price list are days in ${timeZone}, both ways; dates alone: ${dateOnly.join() || "none"}`, async () => {
    await using world = await openOrderWorld();
    await world.set("dataverse", { timeZone, dateOnly: { pricelevels: dateOnly } });
    const crm = world.connect({ timeZone });
    const [currency] = (await world.api("GET", "transactioncurrencies"))["value"] as {
      transactioncurrencyid: string;
    }[];
    const fields = {
      name: "Spring",
      begindate: "2026-03-29",
      enddate: "2026-10-25",
      transactioncurrencyid: currency!.transactioncurrencyid,
    };
    const made = rowIn(await writeOne(crm, dv.priceLists, create(chosen(1), fields), Object.keys(fields)));
    assertEquals(made.data, fields);
    assertEquals((await world.api("GET", `pricelevels(${chosen(1)})`))["begindate"], begins);
    const days = dv.priceLists.where({ begindate: "2026-03-29" });
    for (const changeTracking of [true, false]) {
      await world.set("dataverse", { changeTracking: { pricelevels: changeTracking } });
      const fresh = world.connect({ timeZone });
      const { rows } = await readAll(fresh.open(days), { fields: ["begindate", "enddate"] });
      assertEquals(rows.map(({ id, data }) => [id, data]), [
        [chosen(1), { begindate: "2026-03-29", enddate: "2026-10-25" }],
      ]);
    }
    const later = update(chosen(1), made.version, { begindate: "2026-04-01" });
    const changed = rowIn(await writeOne(crm, dv.priceLists, later, ["begindate"]));
    assertEquals(changed.data, { begindate: "2026-04-01" });
    const cleared = update(chosen(1), changed.version, { enddate: null });
    assertEquals(rowIn(await writeOne(crm, dv.priceLists, cleared, ["enddate"])).data, { enddate: null });
  });
}

for (
  const [name, entity, set] of [
    ["prices", dv.priceListItems, "productpricelevels"],
    ["units", dv.uoms, "uoms"],
    ["price lists", dv.priceLists, "pricelevels"],
  ] as const
) {
  for (const changeTracking of [true, false]) {
    Deno.test(`read() of ${name} goes on, change tracking ${changeTracking ? "on" : "off"}`, async () => {
      await using world = await openOrderWorld();
      await world.set("dataverse", { changeTracking: { [set]: changeTracking } });
      const crm = world.connect({});
      const column = { productpricelevels: "amount", uoms: "quantity", pricelevels: "description" }[set];
      const first = await readAll(crm.open(entity), { fields: [column] });
      assertEquals([first.kind, first.rows.length > 0], ["full", true]);
      world.clock.pass(600_000);
      const id = set === "uoms" ? chosen(7) : first.rows[0]!.id;
      if (set === "uoms") {
        await world.api("PATCH", `uoms(${id})`, {
          name: "PACK",
          quantity: 6,
          "uomscheduleid@odata.bind": `/uomschedules(${await groupOf(world)})`,
        });
      } else await world.api("PATCH", `${set}(${id})`, { [column]: set === "pricelevels" ? "new" : 77 });
      const second = await readAll(crm.open(entity), { fields: [column], since: first.cursor! });
      const changed = second.rows.filter((row) => row.id === id).map(({ data }) => data[column]);
      assertEquals([second.kind, changed], ["delta", [{ amount: "77", quantity: "6", description: "new" }[column]]]);
    });
  }
}
async function groupOf(world: OrderWorld): Promise<string> {
  return String((await world.api("GET", `uoms(${world.unit})`))["_uomscheduleid_value"]);
}
