/** What runs take of the services, counted from the sandbox's log, and whether the program says the same of itself. */
import { assert, assertEquals } from "@std/assert";
import { openWorld, type Synced, type World, type WorldOptions } from "./order_world.ts";
import { submit } from "./order_shop.ts";
import type { LoggedRequest } from "./program.ts";

/** The pages of each step: those of the ERP and of the CRM, parts behind a plus. */
const pages: Readonly<Record<string, readonly [erp: string, crm: string]>> = {
  salespeople: ["salespeoplePurchasers", "systemusers"],
  currencies: ["currencies", "transactioncurrencies"],
  units: ["unitsOfMeasure", "uomschedules"],
  customers: ["customers", "accounts"],
  "standard price list": ["companyInformation", "pricelevels"],
  items: ["items", "products"],
  resources: ["resources", "products"],
  "price lists": ["priceListHeaders", "pricelevels"],
  contacts: ["contacts", "contacts"],
  "item prices": ["items", "productpricelevels"],
  "resource prices": ["resources", "productpricelevels"],
  "price list lines": ["priceListLines", "productpricelevels"],
  orders: ["salesOrders", "salesorders"],
  "primary contacts": ["customers", "accounts"],
  publishing: ["items", "products"],
  "resource publishing": ["resources", "products"],
  "unit groups": ["unitGroups", "uomschedules"],
  "item units": ["itemUnitsOfMeasure", "uoms"],
  "resource units": ["resourceUnitsOfMeasure", "uoms"],
  "price groups": ["customerPriceGroups", "pricelevels"],
  "sales prices": ["salesPrices", "productpricelevels"],
};
const sides = ["erp", "crm"] as const;
type Side = typeof sides[number];

/** Asked once for all steps: who the services are, what tables can do, the local currency, the company's id. */
const ofAll = new RegExp(
  "/companies\\([^)]*\\)$|/WhoAmI$|/organizations\\?|/EntityDefinitions|/transactioncurrencies\\(" +
    "|/generalLedgerSetup$|/companyInformation\\?\\$select=id$",
);

interface Counted {
  /** Pages of the step's own records: what changed, and what was deleted. */
  read: number;
  write: number;
  /** Pages of other records. */
  lookups: number;
  /** Lines by their orders, and further pages of all orders. */
  documents: number;
  /** For all steps. */
  shared: number;
  units: number;
}

function counted(log: readonly LoggedRequest[], step: string, side: Side): Counted {
  const count: Counted = { read: 0, write: 0, lookups: 0, documents: 0, shared: 0, units: 0 };
  const service = side === "erp" ? "business_central" : "dataverse";
  for (const { service: of, path, entity, operation, writes = [] } of log) {
    if (of !== service) continue;
    if (side === "crm") count.units += writes.length;
    const own = pages[step]![side === "erp" ? 0 : 1];
    const address = decodeURIComponent(path);
    if (operation !== "read") count.write++;
    else if (ofAll.test(address)) count.shared++;
    else if (entity === own || (entity === `extension ${own}` && own !== "salesOrders")) count.read++;
    else if (address.includes("/deletedRecords?")) count.read++;
    else if (entity === "salesorderdetails") count[address.includes("_salesorderid_value eq") ? "documents" : "read"]++;
    else count.lookups++;
  }
  return count;
}

interface Watched extends Synced {
  /** Since the first step could start, signing in apart. */
  readonly log: readonly LoggedRequest[];
  /** Of the whole run. */
  readonly all: readonly LoggedRequest[];
}

async function watched(world: World, how: Parameters<World["sync"]>[0] = {}): Promise<Watched> {
  const entries = async (since: number): Promise<LoggedRequest[]> =>
    await (await fetch(new URL(`/sandbox/requests?since=${since}`, world.sandbox.erpUrl))).json();
  const last = async (since: number) => (await entries(since)).at(-1)?.n ?? since;
  const before = await last(0);
  let accepted = before;
  const done = await world.sync({ ...how, onAccepted: async () => void (accepted = await last(before)) });
  const all = (await entries(before)).filter(({ service }) => service !== "token");
  return { ...done, all, log: all.filter(({ n }) => n > accepted) };
}

/** What the run says of itself as a whole must be what the services logged. */
function assertTold({ run, all }: Watched): void {
  for (const side of sides) {
    const { token: _, units, ...requests } = run!.spent![side];
    const own = all.filter(({ service }) => service === (side === "erp" ? "business_central" : "dataverse"));
    const written = own.filter(({ operation }) => operation !== "read");
    const told = [Object.values(requests).reduce((sum, count) => sum + count, 0), requests.write, units];
    const rows = side === "erp" ? 0 : own.flatMap(({ writes = [] }) => writes).length;
    assertEquals(told, [own.length, written.length, rows], `${run!.mode} run, ${side}`);
  }
}

function stepOf({ run }: Synced, name: string) {
  return run!.steps.find(({ step }) => step === name)!;
}

/** The small company with two orders on both sides, nothing left to do. */
async function openDone(options: WorldOptions): Promise<{ readonly world: World; readonly names: readonly string[] }> {
  const world = await openWorld(options);
  const first = await watched(world);
  assertTold(first);
  for (const number of ["SO-1", "SO-2"]) await submit(world, number);
  const written = await watched(world);
  assertTold(written);
  assertEquals(stepOf(written, "orders").fromCrm.counts.inserted, 2);
  assertTold(await watched(world));
  // Lines are asked for with their orders.
  const on = first.run!.steps.filter(({ step, status }) => status !== "Skipped" && step !== "order lines");
  return { world, names: on.map(({ step }) => step) };
}

const others = ["unit groups", "item units", "resource units", "price groups", "sales prices"];
const tiers = {
  "with the extension": { steps: 16 },
  "with its other models": { steps: 18, switched: others },
  "of the standard API": { steps: 10, extension: false },
} as const;
for (const [tier, { steps, ...options }] of Object.entries(tiers)) {
  Deno.test(`a run without changes asks each side at most twice for each step, ${tier}`, async () => {
    const { extension = true, switched = [] } = options as { extension?: boolean; switched?: readonly string[] };
    const on = Object.fromEntries(switched.map((name) => [name, true]));
    const opened = await openDone({ company: extension, extension, steps: on });
    await using world = opened.world;
    assertEquals(opened.names.length, steps, opened.names.join());
    for (const name of opened.names) {
      const same = await watched(world, { steps: name });
      const swept = await watched(world, { steps: name, nextDay: true });
      for (const one of [same, swept]) assertTold(one);
      for (const side of sides) {
        const [count, next] = [counted(same.log, name, side), counted(swept.log, name, side)];
        assert(count.read + count.write <= 2, `${name}, ${side}: ${JSON.stringify(count)}`);
        const { read, write, lookups, documents, overlap, sweep, units } = stepOf(same, name).spent![side];
        const { shared: _, ...own } = count;
        assertEquals({ read: read + overlap, write, lookups, documents, units }, own, `${name}, ${side}`);
        assertEquals([sweep, overlap], [0, 0], `${name}, ${side}`);
        assertEquals(stepOf(same, name).requests[side], count.read + count.write, `${name}, ${side}`);
        // What is read of whole tables each time needs no sweep.
        const whole = side === "erp" && ["currencies", "standard price list", "orders"].includes(name);
        const told = stepOf(swept, name).spent![side];
        assertEquals(told.sweep, whole ? 0 : 1, `${name}, ${side}`);
        assertEquals(told.sweep + told.overlap, next.read - count.read, `${name}, ${side}`);
        assertEquals(stepOf(swept, name).requests[side], stepOf(same, name).requests[side], `${name}, ${side}`);
      }
    }
  });
}

Deno.test("finding out what a killed run left of 158 creations takes a handful of requests", async () => {
  const customers = Array.from({ length: 158 }, (_, at) => ({
    ...{ number: `K${1_000 + at}`, displayName: `Company ${at}`, city: `City ${at}` },
  }));
  const contacts = [{ number: "P1", type: "Person", displayName: "Ása Þöll", companyNumber: "K1000" }];
  await using world = await openWorld({ files: { customers, contacts } });
  await world.sync({ steps: "currencies" });
  const { isCut } = await world.sync({ steps: "customers", stop: { at: 1, when: "after", fate: "dies" } });
  const left = await world.store.changes("default", { step: "customers", states: ["sent"] }, { limit: 1_000 });
  const made = await world.crm("accounts?$select=accountid");
  assertEquals([isCut, left.length], [true, 158]);
  assert(made.length >= 100, `${made.length}`);
  const { log, run } = await watched(world, { steps: "customers" });
  assertEquals(stepOf({ run } as Synced, "customers").coupled, 158);
  const names = (await world.crm("accounts?$select=name")).map(({ name }) => String(name));
  assertEquals(names.filter((name) => name.startsWith("Company ")).length, 158);
  const { read, write } = counted(log, "customers", "crm");
  assertEquals(write, 1); // what the killed run had not sent
  assert(read <= 6, `${read}`); // changes, two for what the ids left, two for what became of it
});

Deno.test("changes of a step go in batches of a hundred, creations and updates together", async () => {
  const customers = Array.from({ length: 158 }, (_, at) => ({
    ...{ number: `K${1_000 + at}`, displayName: `Company ${at}`, city: `City ${at}` },
  }));
  const contacts = [{ number: "P1", type: "Person", displayName: "Ása Þöll", companyNumber: "K1000" }];
  await using world = await openWorld({ files: { customers, contacts } });
  const batches = ({ log }: Watched) =>
    log.filter(({ operation }) => operation === "batch").map(({ service, innerWrites }) => `${service} ${innerWrites}`);
  await world.sync({ steps: "currencies" });
  assertEquals(batches(await watched(world, { steps: "customers" })), ["dataverse 100", "dataverse 58"]);
  for (const displayName of ["New", "Newer"]) await world.asErpUser("POST", "customers", { displayName });
  for (const { id } of await world.erp("customers?$top=3")) {
    await world.asErpUser("PATCH", `customers(${id})`, { city: "Bergen" });
  }
  assertEquals(batches(await watched(world, { steps: "customers" })), ["dataverse 5"]);
  for (const { accountid } of await world.crm("accounts?$filter=startswith(accountnumber,'K100')&$top=3")) {
    await world.asCrmUser("PATCH", `accounts(${accountid})`, { telephone1: "+354 555 9999" });
  }
  assertEquals(batches(await watched(world, { steps: "customers" })), ["business_central 3"]);
});
