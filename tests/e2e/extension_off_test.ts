import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import type { AnyEntity } from "../../connectors/connector.ts";
import { steps } from "../../pipelines/mod.ts";
import { couplingReport } from "../../reports/coupling_report.ts";
import { addLine, crmOrder, erpOrder, extensionPath, linesOf, submit } from "./order_shop.ts";
import { openWorld, type Row, type World } from "./order_world.ts";
import { type Copy, run, startSandbox, sync, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";

const reason = "needs the Business Central extension";
const needing = steps.filter(({ extract }) => (extract.erp as AnyEntity).needs === "extension").map(({ name }) => name);
/** CRM fields that only the extension's fields lead to. */
const fields: Readonly<Record<string, readonly string[]>> = {
  customers: ["fax", "telephone2", "address1_primarycontactname", "address1_shippingmethodcode"],
  contacts: ["fax", "pager", "transactioncurrencyid", "ownerid"],
  items: ["stockvolume", "stockweight", "vendorid", "vendorpartnumber"],
  orders: ["shippingmethodcode", "description", "yourReference"],
};
/** It follows customers for nothing but such a field. */
const skipped = [...needing, "primary contacts"];

const configure = ({ dir }: Copy, extension: boolean) =>
  Deno.writeTextFile(`${dir}tenging.json`, JSON.stringify({ connections: { default: { extension } } }));

Deno.test("without the extension check, sync and status say what is skipped; where it is wrongly expected, what to do", async () => {
  assertEquals(needing.length, 10);
  await withCopy(async (copy) => {
    await configure(copy, false);
    const { stdout: checked } = await run(copy.home, "check");
    const lines = checked.split("\n");
    assertEquals(
      lines.filter((line) => line.startsWith("Skipped: ")).sort(),
      skipped.map((step) => `Skipped: ${step}, ${reason}`).sort(),
    );
    const left = Object.entries(fields).map(([step, names]) =>
      `Without the extension, ${step} leaves out: ${names.join(", ")}`
    );
    assertEquals(lines.filter((line) => line.startsWith("Without")), left);

    const sandbox = await startSandbox(copy.home, ...await writeCompany(`${copy.dir}data`));
    try {
      await sandbox.control("POST", "/sandbox/business_central", { extension: false });
      const { stdout, stderr } = await sync(copy.home);
      for (const { name } of steps) {
        assertEquals(new RegExp(`^${name} .*Success`, "m").test(stdout), !skipped.includes(name), name);
      }
      const off = stderr.split("\n").filter((line) => line.startsWith("Skipped: "));
      assertEquals(off.length, 1);
      assertEquals(
        off[0]!.replace(` · ${reason}`, "").slice("Skipped: ".length).split(", ").sort(),
        skipped.toSorted(),
      );
      const requests = await sandbox.requests();
      assertEquals(requests.filter(({ path }) => path.includes("/api/tenging/")), []);

      const status = await run(copy.home, "status");
      for (const name of skipped) assertMatch(status.stdout, new RegExp(`^${name} .*Skipped .*${reason}$`, "m"));
      const { steps: standings, runs } = JSON.parse((await run(copy.home, "status", "--json")).stdout);
      const why = (standings as Row[]).filter((one) => one["why"] === reason).map((one) => one["step"]);
      assertEquals(why.sort(), skipped.toSorted());
      const noted = Object.entries(runs[0].notes).filter(([, note]) => note === reason).map(([step]) => step);
      assertEquals(noted.sort(), skipped.toSorted());
      const report = await run(copy.home, "report");
      assert(skipped.every((name) => !report.stdout.includes(`,${name},`)), "they have no records");

      await configure(copy, true);
      const wrong = await sync(copy.home, 5);
      for (
        const [step, page] of [["customers", "customers"], ["items", "items"], ["price lists", "priceListHeaders"]]
      ) {
        assertStringIncludes(wrong.stderr, `${step}: Error · Cannot use "${page}" of "business_central"`);
      }
      assertMatch(wrong.stderr, /install the app of extension\/ and .* permission set, or say "extension": false/);
      const { runs: [last] } = JSON.parse((await run(copy.home, "status", "--json")).stdout);
      const codes = last.steps.flatMap((one: { error?: { code: string } }) => one.error?.code ?? []);
      assertEquals(codes.filter((code: string) => code !== "blocked_by_step"), Array(4).fill("extension_missing"));

      await configure(copy, false);
      await sync(copy.home); // nothing was lost
    } finally {
      await sandbox.stop();
    }
  });
});

const files = {
  resources: [{
    number: "ÞJÓN",
    displayName: "Þjónusta",
    type: "Person",
    baseUnitOfMeasureCode: "HR",
    unitPrice: "90",
  }],
  priceListLines: [{
    ...{ priceListCode: "EURO", assignToType: "All Customers", assetType: "Item", assetNumber: "V101" },
    ...{ minimumQuantity: "0", currencyCode: "EUR", unitPrice: "11", startingDate: "2025-01-01" },
  }],
};

/** A company whose records have values that only the extension shows. */
async function openCompany(extension: boolean): Promise<World> {
  const world = await openWorld({ extension, files });
  const set = async (entity: string, number: string, values: Row) => {
    const { id } = world.sandbox.erp.table(entity).where("number", number)[0]!;
    await world.asErpUser("PATCH", `${extensionPath(world)}${entity}(${id})`, values);
  };
  await set("customers", "K101", { faxNumber: "+354 555 1111", contactName: "Ása", shippingAgentCode: "" });
  await set("contacts", "P103", {
    faxNumber: "+354 555 2222",
    pager: "22",
    salespersonCode: "BW",
    currencyCode: "EUR",
  });
  await set("items", "V103", { unitVolume: 2.5, grossWeight: 7 });
  if (!extension) await world.control("/sandbox/business_central", { extension: false });
  await world.sync();
  return world;
}

Deno.test("the standard steps do the same without the extension, but for its fields", async () => {
  await using on = await openCompany(true);
  await using without = await openCompany(false);
  const lines = { on: await reportOf(on), without: await reportOf(without) };
  assert(lines.on.some(({ step }) => step === "resources") && lines.on.some(({ step }) => step === "price list lines"));
  const standard = lines.on.filter(({ step }) => !skipped.includes(step!));
  // The products of resources and the lists of prices are in no step of these that couples.
  const ofExtension = ({ crm_name: name }: Row) => name === "Þjónusta" || name === "EURO";
  assertEquals(lines.without, standard.filter((line) => !ofExtension(line)));
  assert(lines.without.length > 40, `${lines.without.length} lines`);

  const sets = { on: await setsOf(on), without: await setsOf(without) };
  const differing = new Set<string>();
  for (const [set, rows] of Object.entries(sets.without)) {
    const others = new Map(sets.on[set]!.map((row) => [nameOf(row), row]));
    for (const row of rows) {
      const other = others.get(nameOf(row))!;
      for (const name of Object.keys(row)) if (row[name] !== other[name]) differing.add(`${set} ${name}`);
    }
  }
  const derived = ["exchangerate"]; // of the currency
  const mayDiffer = {
    accounts: fields["customers"]!,
    contacts: [...fields["contacts"]!, ...derived],
    products: fields["items"]!,
  };
  const allowed = Object.entries(mayDiffer).flatMap(([set, names]) =>
    names.map((name) => `${set} ${/id$/.test(name) && name !== "vendorid" ? `_${name}_value` : name}`)
  );
  const values = ["accounts address1_primarycontactname", "accounts fax", "contacts _ownerid_value"];
  values.push("contacts _transactioncurrencyid_value", "contacts exchangerate", "contacts fax", "contacts pager");
  values.push("products stockvolume", "products stockweight");
  assertEquals([...differing].sort(), values.sort());
  assert(values.every((name) => allowed.includes(name)));
  assertEquals((await without.sync()).sent, []);
});

/** The lines of the report without what is of a run: ids, times, hashes. */
async function reportOf(world: World): Promise<Record<string, string>[]> {
  const options = { store: world.store, connection: "default", steps, exportedAt: "2026-01-01T00:00:00Z" };
  const text = (await Array.fromAsync(couplingReport(options))).join("");
  const lines = parse(text, { skipFirstRow: true }) as unknown as Record<string, string>[];
  const ofRun = /_id$|_at$|hash$/;
  const kept = lines.map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => !ofRun.test(name))));
  return kept.sort((one, other) => JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
}

const keys: Readonly<Record<string, string>> = {
  ...{
    accounts: "accountid",
    contacts: "contactid",
    products: "productid",
    transactioncurrencies: "transactioncurrencyid",
  },
  ...{ systemusers: "systemuserid", uoms: "uomid", uomschedules: "uomscheduleid", pricelevels: "pricelevelid" },
  productpricelevels: "productpricelevelid",
};
const priceOf = (row: Row) =>
  ["_pricelevelid_value", "_productid_value", "_uomid_value"].map((name) => row[name]).join();
const nameOf = (row: Row) => String(row["fullname"] ?? row["currencyname"] ?? row["name"] ?? priceOf(row));

/** Rows of the CRM, each record that they point at by its name. */
async function setsOf(world: World): Promise<Record<string, Row[]>> {
  const names = new Map<unknown, string>();
  const sets: Record<string, Row[]> = {};
  for (const [set, key] of Object.entries(keys)) {
    sets[set] = await world.crm(set);
    if (set !== "productpricelevels") { for (const row of sets[set]) names.set(row[key], nameOf(row)); }
  }
  const ofRun = /^@|version|createdon|modifiedon|modifiedby|createdby|owning|organization|business/;
  const isId = (value: unknown) => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(String(value));
  const shown = (row: Row): Row =>
    Object.fromEntries(
      Object.entries(row).filter(([name]) => !ofRun.test(name))
        .map(([name, value]) => [name, names.get(value) ?? (isId(value) ? "an id" : value)]),
    );
  return Object.fromEntries(Object.entries(sets).map(([set, rows]) => [set, rows.map(shown)]));
}

Deno.test("orders are created, changed and followed without the extension", async () => {
  await using world = await openCompany(false);
  const id = await submit(world, "ORD-1");
  await world.sync();
  const made = await erpOrder(world, "ORD-1"); // found by its external document number
  assertEquals([
    made["status"],
    world.sandbox.erp.table("salesOrders").get(String(made["id"]))!["yourReference"] || null,
  ], [
    "Draft",
    null,
  ]);
  assertEquals(linesOf(made), ["V101 × 10 @ 12.5", "V102 × 4 @ 13.5", "6110 × 2 @ 45.25", "6910 × 1 @ 19.9"]);

  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 0 });
  await addLine(world, id, "V104", 3);
  await world.asCrmUser("PATCH", `salesorders(${id})`, { discountamount: 5, description: "Only in the CRM" });
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
  await world.sync();
  const changed = await erpOrder(world, "ORD-1");
  assertEquals([linesOf(changed).at(-1), changed["discountAmount"]], ["V104 × 3 @ 15.5", 5]);
  assertEquals(changed["totalAmountExcludingTax"], (await crmOrder(world, id))["totalamount"]);

  const desk = world.sandbox.erpOrders;
  desk.ship(made.number, { "10000": "4" });
  await world.sync();
  const shipped = (await crmOrder(world, id)).lines.map((line) => line["quantityshipped"]);
  assertEquals(shipped, [4, null, null, null]);
  desk.post(made.number);
  await world.sync();
  assertEquals((await crmOrder(world, id))["statecode"], 4);
  assertEquals(await world.listed(), []);
  assertEquals((await world.sync()).sent, []);
});
