import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { demoCompany, loadDemo } from "../../sandbox/demo.ts";
import { LoadError } from "../../sandbox/load.ts";
import { type Sandbox, startSandbox } from "../../sandbox/mod.ts";

async function withDemo(
  options: Parameters<typeof loadDemo>[1],
  work: (sandbox: Sandbox, loaded: ReturnType<typeof loadDemo>) => Promise<void> | void,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const sandbox = await startSandbox({ dir });
  try {
    await work(sandbox, loadDemo(sandbox, options));
  } finally {
    await sandbox.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

const everything = (options: { seed?: number; customers?: number } = {}) => {
  const demo = demoCompany({ ...options, localCurrency: "USD" });
  return JSON.stringify([...demo.erp(), ...demo.crm((salesperson) => salesperson)]);
};

Deno.test("demoCompany() is the same every time and another with another seed", () => {
  assertEquals(everything(), everything({ seed: 1, customers: 200 }));
  assertNotEquals(everything(), everything({ seed: 2 }));
});

Deno.test("demoCompany() has the letters of its languages and no time stamp later than the year it was written for", () => {
  const text = everything();
  for (const letter of "ðþæöłżśóÞŁŻéßåø") assert(text.includes(letter), `no ${letter}`);
  for (const [stamp] of everything({ customers: 2000 }).matchAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g)) {
    assert(stamp! >= "2025-06-02" && stamp! < "2025-09", stamp);
  }
});

Deno.test("demoCompany() refuses sizes that it can't make", () => {
  for (const customers of [0, 1.5, 200_001]) {
    assertThrows(() => demoCompany({ customers, localCurrency: "USD" }), RangeError);
  }
});

Deno.test("loadDemo() fills both sides with a company that has something of every kind", () =>
  withDemo({}, (sandbox, { erp, crm }) => {
    assertEquals([erp["customers"], erp["contacts"], erp["items"]], [200, 150, 120]);
    assertEquals([erp["salespeoplePurchasers"], erp["currencies"], erp["unitsOfMeasure"], crm["systemusers"]], [
      8,
      12,
      6,
      8,
    ]);
    const rows = (name: string) => [...sandbox.erp.table(name).all()];
    const names = new Set(rows("customers").map((row) => row["displayName"]));
    assertEquals(names.size, 200);
    assertEquals(rows("customers")[0]!["number"], "C00010");
    assertEquals(rows("contacts").filter((row) => row["type"] === "Company").length, 200);
    const companies = new Map(rows("contacts").map((row) => [row.id, row]));
    for (const person of rows("contacts").filter((row) => row["type"] === "Person")) {
      const company = companies.get(String(person["companyId"]))!;
      assertEquals(company["addressLine1"], person["addressLine1"], String(person["displayName"]));
    }
    const types = new Set(rows("items").map((row) => row["type"]));
    assertEquals(types, new Set(["Inventory", "Service", "Non-Inventory"]));
    const blocked = rows("items").filter((row) => row["blocked"] === true).length;
    assert(blocked > 3 && blocked < 20, String(blocked));
    const rated = new Set(rows("currencyExchangeRates").map((row) => row["currencyId"]));
    assertEquals(rows("currencies").filter((row) => !rated.has(row.id)).map((row) => row["code"]), ["HUF"]);
    const future = rows("currencyExchangeRates").filter((row) => String(row["startingDate"] ?? "") > "2090");
    assertEquals(future.length, 1);
    assert(rows("paymentTerms").some((row) => row["code"] === "21 DAYS"));
  }));

Deno.test("loadDemo() stocks the goods, and every stock is what the item ledger says", () =>
  withDemo({}, (sandbox) => {
    const items = [...sandbox.erp.table("items").all()];
    const stocked = items.filter((item) => (item["inventory"] ?? "0") !== "0");
    assert(stocked.length > 80, `${stocked.length}`);
    assertEquals([...new Set(stocked.map((item) => item["type"]))], ["Inventory"]);
    for (const item of items) {
      const entries = sandbox.erp.table("itemLedgerEntries").where("itemId", item.id);
      assertEquals(entries.map((entry) => entry["quantity"]), [item["inventory"]].filter(Boolean));
    }
  }));

Deno.test("loadDemo() puts some customers into the CRM, one of them twice, and some strangers", () =>
  withDemo({}, (sandbox) => {
    const simple = (row: Readonly<Record<string, unknown>>, name: string, postal: string) =>
      `${String(row[name]).toLowerCase().replace(/[^\p{L}]/gu, "").slice(0, 8)} ${row[postal]}`;
    const customers = new Set(
      [...sandbox.erp.table("customers").all()].map((row) => simple(row, "displayName", "postalCode")),
    );
    const accounts = [...sandbox.crm.table("accounts").all()];
    const keys = accounts.map((row) => simple(row, "name", "address1_postalcode"));
    assert(accounts.length > 30 && accounts.length < 60, String(accounts.length));
    assertEquals(keys.filter((key) => !customers.has(key)).length, 5);
    assertEquals(keys.filter((key, at) => keys.indexOf(key) !== at).length, 1);
    const written = new Set([...sandbox.erp.table("customers").all()].map((row) => row["displayName"]));
    const different = accounts.filter((row) => !written.has(String(row["name"]))).length;
    assertEquals(different, 5 + 4); // the strangers, and those written another way
    assert(accounts.every((row) => row["customertypecode"] === 3 && row["statecode"] === 0));
  }));

Deno.test("loadDemo() leaves the local currency out, and makes small and larger companies", () =>
  withDemo({ customers: 1 }, async (sandbox, { erp }) => {
    assertEquals([erp["customers"], erp["contacts"], erp["items"]], [1, 1, 21]);
    assertThrows(() => loadDemo(sandbox), LoadError);
    const euros = demoCompany({ customers: 5, localCurrency: "EUR" });
    const currencies = [...euros.erp()].filter((seed) => seed.set === "currencies").map((seed) => seed.values["code"]);
    assertEquals([currencies.length, currencies.includes("EUR")], [11, false]);
    await withDemo(
      { customers: 3000 },
      (_, { erp }) => assertEquals([erp["customers"], erp["contacts"]], [3000, 2250]),
    );
  }));

Deno.test("loadDemo() has prices that a CRM can hold, and one of each kind that it can't", () =>
  withDemo({}, (sandbox, { erp }) => {
    const { resources, itemUnitsOfMeasure, shippingAgents, customerPriceGroups, priceListHeaders } = erp;
    assertEquals([resources, itemUnitsOfMeasure, shippingAgents, customerPriceGroups, priceListHeaders], [
      3,
      3,
      2,
      2,
      3,
    ]);
    const lines = [...sandbox.erp.table("priceListLines").all()];
    assertEquals([lines.length, erp["salesPrices"]], [16, 5]);
    const has = (field: string, value?: unknown) =>
      lines.filter((line) => value === undefined ? line[field] !== undefined : line[field] === value).length;
    assertEquals([has("minimumQuantity"), has("amountType", "Discount"), has("assetType", "Resource")], [1, 1, 1]);
    assertEquals([has("startingDate", "2099-01-01"), has("endingDate", "2025-03-31")], [1, 1]);
    const items = new Set([...sandbox.erp.table("items").all()].map((item) => item["number"]));
    for (const line of lines) {
      if (line["assetType"] === "Item") assert(items.has(line["assetNumber"]!), String(line["assetNumber"]));
    }
    assertEquals([...sandbox.erp.table("unitGroups").all()].length, 120 + 3);
  }));
