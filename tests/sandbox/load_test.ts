import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { isHalfFilled, loadData, LoadError } from "../../sandbox/load.ts";
import { type Sandbox, startSandbox } from "../../sandbox/mod.ts";

type Files = Readonly<Record<string, string>>;
interface Room {
  readonly sandbox: Sandbox;
  /** Writes a folder of files and returns its path. */
  folder(files: Files): string;
  /** Reads a page of the ERP over HTTP. */
  // deno-lint-ignore no-explicit-any
  erp(path: string): Promise<any[]>;
  // deno-lint-ignore no-explicit-any
  crm(path: string): Promise<any[]>;
}

async function withSandbox(work: (room: Room) => Promise<void> | void): Promise<void> {
  const dir = await Deno.makeTempDir();
  const clock = { now: () => Date.parse("2026-03-01T12:00:00Z"), uuid: () => crypto.randomUUID() };
  const sandbox = await startSandbox({ dir: `${dir}/state`, clock, localCurrency: "ISK" });
  const { clientId, clientSecret } = sandbox.credentials;
  const read = async (url: string) => {
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    const scope = `${new URL(url).origin}/.default`;
    const given = await fetch(sandbox.tokenUrl, { method: "POST", body: new URLSearchParams({ ...form, scope }) });
    const token = (await given.json()).access_token;
    const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    const body = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(body));
    return body.value;
  };
  let folders = 0;
  try {
    await work({
      sandbox,
      folder(files) {
        const path = `${dir}/data${++folders}`;
        Deno.mkdirSync(path);
        for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${path}/${name}`, text);
        return path;
      },
      erp: (path) => read(`${sandbox.erpUrl}companies(${sandbox.companyId})/${path}`),
      crm: (path) => read(`${sandbox.crmUrl}${path}`),
    });
  } finally {
    await sandbox.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

const people = "id,code,displayName,email,phoneNumber,commissionPercent\n" +
  "11111111-1111-4111-8111-111111111111,ÞG,Þóra Björk Gísladóttir,thora@demo.example,+354 555 0101,1.50\n" +
  ",JS,Jón,,,\n";

Deno.test("loadData() puts files into the entities of their names, with ids, defaults and references", () =>
  withSandbox(async ({ sandbox, folder, erp }) => {
    const data = folder({
      "salespeople.csv": people,
      "currencies.csv": "id,code,displayName,symbol,amountDecimalPlaces,isoNumericCode\n,EUR,Euro,€,2,978\n",
      "currencyExchangeRates.csv":
        "currencyCode,startingDate,exchangeRateAmount,relationalExchangeRateAmount\nEUR,,1,145.50\n",
      "unitsOfMeasure.csv": "code,displayName,internationalStandardCode\nSTK,Stykki,H87\n",
      "customers.csv": "number,displayName,country,salespersonCode,currencyCode,paymentTermsCode,customerPriceGroup," +
        'creditLimit,blocked,city\nS-1,"Ægir, sf.",is,ÞG,EUR,30D,RETAIL,1500.50,,"Tvær\nlínur"\n',
      "items.csv": "number,displayName,type,baseUnitOfMeasureCode,itemCategoryCode,unitPrice,blocked\n" +
        "V1,Fiskur,Inventory,STK,MAT,12.340,true\nV2,Vinna,,,,,\n",
      "salesOrders.csv": "number\n1\n",
    });
    const loaded = loadData(sandbox, { erp: data });
    assertEquals(loaded.erp, {
      countriesRegions: 1,
      paymentTerms: 1,
      itemCategories: 1,
      unitsOfMeasure: 1,
      currencies: 1,
      currencyExchangeRates: 1,
      salespeoplePurchasers: 2,
      customerPriceGroups: 1,
      customers: 1,
      items: 2,
    });
    assertEquals(loaded.ignoredFiles, ["salesOrders.csv"]);
    assertEquals(loaded.ignoredColumns, ["currencies.csv: isoNumericCode"]);

    const [customer] = await erp("customers");
    const { displayName, number, country, salespersonCode, currencyCode, creditLimit, city } = customer;
    assertEquals([displayName, number, country, salespersonCode, currencyCode, creditLimit, city], [
      "Ægir, sf.",
      "S-1",
      "IS",
      "ÞG",
      "EUR",
      1500.5,
      "Tvær\nlínur",
    ]);
    const [terms] = await erp("paymentTerms");
    assertEquals([terms.code, terms.displayName, terms.id], ["30D", "30D", customer.paymentTermsId]);
    assertMatch(customer.id, /^[0-9a-f-]{14}5[0-9a-f-]{21}$/); // name-based
    assertEquals(customer.lastModifiedDateTime, "2025-01-01T00:00:00.000Z");
    const [person] = await erp("salespeoplePurchasers");
    assertEquals([person.id, person.phoneNo, person.commisionPercent], [
      "11111111-1111-4111-8111-111111111111",
      "+354 555 0101",
      1.5,
    ]);
    const [rate] = await erp("currencyExchangeRates");
    assertEquals([rate.currencyCode, rate.startingDate, rate.relationalExchangeRateAmount], [
      "EUR",
      "0001-01-01",
      145.5,
    ]);
    const items = await erp("items?$orderby=number");
    assertEquals(items.map((item) => [item.type, item.baseUnitOfMeasureCode, item.unitPrice, item.blocked]), [
      ["Inventory", "STK", 12.34, true],
      ["Inventory", "", 0, false],
    ]);
  }));

Deno.test("loadData() hangs persons under the company contacts that it makes", () =>
  withSandbox(async ({ sandbox, folder, erp }) => {
    const data = folder({
      "customers.csv": "number,displayName\nS-1,Ægir\nS-2,Rán\n",
      "contacts.csv": "id,number,type,displayName,companyNumber,companyName\n" +
        "22222222-2222-4222-8222-222222222222,CT000001,Person,Anna María Óladóttir,S-2,Rán\n,,,Bó,,\n",
    });
    assertEquals(loadData(sandbox, { erp: data }).erp, { customers: 2, contacts: 2 });
    const contacts = await erp("contacts");
    const shown = contacts.map((one) => [one.number, one.type, one.displayName, one.companyName]);
    assertEquals(shown, [
      ["CT000002", "Company", "Ægir", "Ægir"], // CT000001 is the person's
      ["CT000003", "Company", "Rán", "Rán"],
      ["CT000001", "Person", "Anna María Óladóttir", "Rán"],
      ["CT000004", "Person", "Bó", ""],
    ]);
    const [rán] = (await erp("customers")).slice(1);
    const [person] = await erp("customerContacts");
    assertEquals([person.id, person.firstName, person.lastName, person.customerId], [
      "22222222-2222-4222-8222-222222222222",
      "Anna",
      "Óladóttir",
      rán.id,
    ]);
  }));

Deno.test("loadData() gives an empty CRM one user for each salesperson, with an e-mail address or without", () =>
  withSandbox(async ({ sandbox, folder, crm }) => {
    const loaded = loadData(sandbox, { erp: folder({ "salespeople.csv": people }) });
    assertEquals(loaded.crm, { systemusers: 2 });
    const users = await crm("systemusers?$filter=islicensed eq true");
    const fields = ["fullname", "internalemailaddress", "mobilephone", "isdisabled", "islicensed", "isintegrationuser"];
    assertEquals(users.map((user) => fields.map((field) => user[field])), [
      ["Þóra Björk Gísladóttir", "thora@demo.example", "+354 555 0101", false, true, false],
      ["Jón", null, null, false, true, false],
    ]);
    assertEquals(await crm("accounts"), []);
  }));

Deno.test("loadData() loads a CRM folder, with the filters' values where a file leaves them out", () =>
  withSandbox(async ({ sandbox, folder, crm }) => {
    const user = "33333333-3333-4333-8333-333333333333";
    const account = "44444444-4444-4444-8444-444444444444";
    const loaded = loadData(sandbox, {
      erp: folder({
        "salespeople.csv": people,
        "currencies.csv": "code,displayName\nEUR,Euro\n",
        "currencyExchangeRates.csv": "currencyCode,startingDate,exchangeRateAmount,relationalExchangeRateAmount\n" +
          "EUR,2025-01-01,1,140\nEUR,2026-02-01,1,160\nEUR,2027-01-01,1,170\n",
      }),
      crm: folder({
        "systemusers.csv": `systemuserid,fullname,internalemailaddress,isdisabled\n${user},Þóra,thora@demo.example,\n`,
        "accounts.csv": "accountid,name,transactioncurrency,ownerid,creditlimit,statecode,shoesize\n" +
          `${account},Ægir,EUR,${user},100.5,1,44\n,Rán,,,,,\n`,
        "contacts.csv": `contactid,lastname,parentcustomerid\n,Óladóttir,${account}\n`,
        "products.csv": "productid,productnumber,name,quantitydecimal,statecode\n,V1,Fiskur,2,0\n,,Vinna,2,\n",
        "truth.csv": "a\n1\n",
      }),
    });
    assertEquals(loaded.crm, { systemusers: 1, accounts: 2, contacts: 1, products: 2 });
    assertEquals([loaded.ignoredFiles, loaded.ignoredColumns], [
      ["truth.csv"],
      [
        "currencies.csv: code",
        "accounts.csv: shoesize",
      ].slice(1),
    ]);
    const [ægir, rán] = await crm("accounts");
    assertEquals([ægir.accountid, ægir.customertypecode, ægir.statecode, ægir.statuscode], [account, 3, 1, 2]);
    assertEquals([ægir._ownerid_value, ægir.creditlimit], [user, 100.5]);
    assertEquals([rán.customertypecode, rán.statecode], [3, 0]);
    const currencies = await crm("transactioncurrencies?$select=isocurrencycode,exchangerate");
    assertEquals(currencies.map((one) => [one.isocurrencycode, one.exchangerate]), [["ISK", 1], ["EUR", 0.00625]]);
    assertEquals((await crm("contacts")).map((one) => one._parentcustomerid_value), [account]);
    const products = await crm("products");
    assertEquals(products.map((one) => [one.productstructure, one.statecode]), [[1, 0], [1, 2]]);
    assertMatch(products[1].productnumber, /^P-[0-9a-f]{8}$/); // none in the file, but the table demands one
    const [thora] = await crm(`systemusers?$filter=systemuserid eq ${user}`);
    assertEquals([thora.isdisabled, thora.islicensed, thora.isintegrationuser], [false, true, false]);
  }));

Deno.test.each([
  [{ "customers.csv": "number,displayName,creditLimit\nA,B,much\n" }, '"customers.csv" line 2, column "creditLimit"'],
  [{ "customers.csv": 'number,displayName,city\nA,"B\nC",x\nD,E,' + "y".repeat(31) + "\n" }, 'line 4, column "city"'],
  [{ "customers.csv": "number,displayName\nA,B\n\na,C\n" }, 'line 4, column "number": "A" stands on line 2'],
  [{ "customers.csv": "number,displayName\nA,\n" }, 'line 2, column "displayName"'],
  [{ "customers.csv": "number,displayName,salespersonCode\nA,B,X\n" }, 'salespeoplePurchasers has no "X"'],
  [{ "customers.csv": "number,displayName,phoneNumber\nA,B,call me\n" }, 'column "phoneNumber"'],
  [{ "contacts.csv": "displayName,companyNumber\nA,X\n" }, 'column "companyNumber": customers has no "X"'],
  [{ "items.csv": "number,displayName,type\nA,B,Thing\n" }, 'line 2, column "type"'],
  [{ "items.csv": "number,displayName,baseUnitOfMeasureCode\nA,B,X\n" }, 'column "baseUnitOfMeasureCode"'],
  [{ "currencies.csv": "code,displayName\n,Euro\n" }, 'line 2, column "code": it is blank'],
  [{ "items.csv": "number,displayName\nA,B,C\n" }, '"items.csv" line 2: it has 3 cells under 2 columns'],
  [{ "items.csv": 'number,displayName\nA,"B\n' }, "quotes"],
  [{ "items.csv": "number,number\nA,B\n" }, 'column "number": the header names it twice'],
  [{ "orders.csv": "number\n1\n" }, "none of its files holds an entity"],
  [{ "readme.txt": "" }, "no CSV file"],
])("loadData() refuses %j and loads nothing", (files: Files, text: string) =>
  withSandbox(({ sandbox, folder }) => {
    const error = assertThrows(() => loadData(sandbox, { erp: folder(files) }), LoadError);
    assertStringIncludes(error.message, text);
    assertEquals([sandbox.isEmpty(), isHalfFilled(sandbox)], [true, false]);
  }));

Deno.test("loadData() loads neither side when the CRM's folder is bad", () =>
  withSandbox(({ sandbox, folder }) => {
    const erp = folder({ "items.csv": "number,displayName\nA,B\n" });
    const crm = folder({ "accounts.csv": "name,ownerid\nÆgir,nobody\n" });
    const error = assertThrows(() => loadData(sandbox, { erp, crm }), LoadError);
    assertStringIncludes(error.message, '"accounts.csv" line 2, column "ownerid"');
    assertEquals([sandbox.isEmpty(), isHalfFilled(sandbox)], [true, false]);
    assertEquals(loadData(sandbox, { erp }).erp, { items: 1 });
  }));

Deno.test("loadData() refuses a sandbox that has records, or a part of an earlier loading", () =>
  withSandbox(({ sandbox, folder }) => {
    const erp = folder({ "items.csv": "number,displayName\nA,B\n" });
    sandbox.erp.table("sandbox").put({ id: "filling" }); // what a killed process leaves
    assertEquals(isHalfFilled(sandbox), true);
    assertStringIncludes(assertThrows(() => loadData(sandbox, { erp }), LoadError).message, "cut off");
    sandbox.erp.table("sandbox").delete("filling");
    loadData(sandbox, { erp });
    assertStringIncludes(assertThrows(() => loadData(sandbox, { erp }), LoadError).message, "records already");
  }));
