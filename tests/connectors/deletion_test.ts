/** Deletions and records put out of use, on both sides. */
import { assertEquals, assertRejects } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Outcome, Write } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { startWorld as startExtension } from "../extension/world.ts";
import { rowsOf, startWorld } from "./business_central_world.ts";
import { chosen, create, openWorld, readAll, rowIn, update, writeOne } from "./dataverse_world.ts";

function deletion({ id, version }: { readonly id: string; readonly version: string }): Write {
  return { op: "delete", id, version, fields: {} };
}
function kindsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

Deno.test("handles say what may be deleted, and by which fields of theirs a record is put out of use", () => {
  const named = (all: Record<string, AnyEntity>) =>
    Object.values(all).filter(({ deletable }) => deletable).map(({ name }) => name).toSorted();
  assertEquals(named(bc), ["contacts", "priceListLines", "salesPrices"]);
  assertEquals(named(dv), ["contacts", "productpricelevels"]);
  const inactive = [...Object.values<AnyEntity>(bc), ...Object.values<AnyEntity>(dv)].filter((entity) =>
    entity.inactive !== null
  );
  assertEquals(inactive.map(({ name, inactive }) => [name, inactive]), [
    ["customers", { blocked: "All" }],
    ["items", { blocked: true }],
    ["resources", { blocked: true }],
    ["accounts", { statecode: 1 }],
    ["contacts", { statecode: 1 }],
    ["products", { statecode: 1 }],
    ["pricelevels", { statecode: 1 }],
  ]);
  for (const { fields, access, inactive: given } of inactive) {
    for (const field of Object.keys(given!)) {
      assertEquals([field in fields, access[field] ?? "update"], [true, "update"], field);
    }
  }
});

Deno.test("write() deletes contacts of Dataverse: what is gone is deleted, what changed meanwhile moved", async () => {
  await using world = await openWorld();
  for (const n of [1, 2, 3]) await world.add("contacts", { contactid: chosen(n), lastname: `Person ${n}` });
  const contacts = world.crm.open(dv.contacts);
  const { rows } = await readAll(contacts, { fields: ["lastname"] });
  await world.api("PATCH", `contacts(${chosen(2)})`, { lastname: "Changed" });
  await world.api("DELETE", `contacts(${chosen(3)})`);
  const outcomes = await contacts.write(rows.map(deletion), { fields: ["lastname"] });
  assertEquals(kindsOf(outcomes), ["deleted", "moved", "deleted"]);
  const left = await readAll(contacts, { fields: ["lastname"] });
  assertEquals(left.rows.map(({ id }) => id), [chosen(2)]);
});

Deno.test("write() settles a deletion whose answer was lost by trying it again", async () => {
  await using world = await openWorld();
  await world.add("contacts", { contactid: chosen(1), lastname: "Person" });
  const contacts = world.crm.open(dv.contacts);
  const { rows } = await readAll(contacts, { fields: [] });
  await world.set("faults", [{ service: "dataverse", match: "$batch", kind: "lost_reply" }]);
  assertEquals(await contacts.write(rows.map(deletion), { fields: [] }), [{ kind: "deleted" }]);
});

Deno.test("write() refuses in code what no definition may delete", async () => {
  await using world = await openWorld();
  await using erp = await startWorld();
  const gone = { id: chosen(1), version: 'W/"1"' };
  for (const entity of [dv.accounts, dv.products]) {
    await assertRejects(() => world.crm.open(entity).write([deletion(gone)], { fields: [] }), TypeError, "delete");
  }
  const orders = world.crm.open(dv.salesOrders, dv.salesOrderLines);
  await assertRejects(() => orders.write([deletion(gone)], { fields: [] }), TypeError, "delete");
  for (const opened of [erp.connector.open(bc.customers), erp.connector.open(bc.salesOrders, bc.salesOrderLines)]) {
    await assertRejects(() => opened.write([deletion(gone)], { fields: [] }), TypeError, "delete");
  }
});

Deno.test("write() deletes persons of Business Central, and settles lost answers by reading", async () => {
  await using world = await startWorld();
  const all = [];
  for (const displayName of ["Anna", "Björk", "Davíð"]) {
    all.push(await world.post("contacts", { displayName, type: "Person" }));
  }
  const persons = world.connector.open(bc.persons);
  const rows = rowsOf(await Array.fromAsync(persons.read({ fields: ["displayName"] })));
  await world.patch("contacts", all[1]!, { displayName: "Björk Óladóttir" });
  await world.remove("contacts", all[2]!);
  assertEquals(kindsOf(await persons.write(rows.map(deletion), { fields: [] })), ["deleted", "moved", "deleted"]);

  const [left] = rowsOf(await Array.fromAsync(persons.read({ fields: ["displayName"] })));
  assertEquals(left!.data["displayName"], "Björk Óladóttir");
  await world.fault({ service: "business_central", match: "$batch", kind: "lost_reply" });
  assertEquals(await persons.write([deletion(left!)], { fields: [] }), [{ kind: "deleted" }]);
  await world.fault({ service: "business_central", match: "$batch", kind: "503", times: 9 });
  const again = await persons.write([deletion(left!)], { fields: [] }).catch(() => "thrown");
  assertEquals(again, "thrown", "nothing was attempted");
});

Deno.test("write() deletes lines of price lists over the extension where the list can be edited", async () => {
  await using world = await startExtension();
  await world.standard("unitsOfMeasure", { code: "PCS" });
  await world.standard("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
  const [draft, active] = await world.create("priceListHeaders", { code: "A" }, { code: "B" });
  const line = { assetType: "Item", assetNumber: "I00010", unitPrice: 1, unitOfMeasureCode: "PCS" };
  await world.create("priceListLines", { ...line, priceListCode: "A" }, { ...line, priceListCode: "B" });
  await world.send("PATCH", `priceListHeaders(${active.id})`, { status: "Active" });
  const lines = world.connector.open(bc.priceListLines);
  const rows = rowsOf(await Array.fromAsync(lines.read({ fields: ["line"] })));
  assertEquals(draft.status, "Draft");
  assertEquals(kindsOf(await lines.write(rows.map(deletion), { fields: [] })), ["deleted", "refused"]);
  const contact = (await world.create("contacts", { type: "Person", displayName: "Anna" }))[0];
  const persons = world.connector.open(bc.persons);
  const write = deletion({ id: contact.id, version: contact["@odata.etag"] });
  assertEquals(await persons.write([write], { fields: [] }), [{ kind: "deleted" }]);
});

Deno.test("write() puts records out of use by what their handles call inactive", async () => {
  await using world = await openWorld();
  const made = rowIn(await writeOne(world.crm, dv.accounts, create(chosen(1), { name: "One" }), ["statecode"]));
  const off = update(made.id, made.version, dv.accounts.inactive!);
  assertEquals(rowIn(await writeOne(world.crm, dv.accounts, off, ["statecode"])).data, { statecode: 1 });
  const { statuscode } = await world.api("GET", `accounts(${made.id})?$select=statuscode`);
  assertEquals(statuscode, 2);

  await using erp = await startWorld();
  await erp.post("customers", { displayName: "Sól ehf." });
  const customers = erp.connector.open(bc.customers);
  const [row] = rowsOf(await Array.fromAsync(customers.read({ fields: ["blocked"] })));
  const [outcome] = await customers.write([update(row!.id, row!.version, bc.customers.inactive!)], {
    fields: ["blocked"],
  });
  assertEquals(rowIn(outcome).data, { blocked: "All" });
});
