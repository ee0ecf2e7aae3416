/** What a service does wrong in the course of a run, or what happens there meanwhile. */
import { assertEquals } from "@std/assert";
import type { Connector, Fields, Opened, Page, ReadOptions } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import { exitCodeOf, runPipeline } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Counts } from "../../store/store.ts";
import { fakeService } from "./fake_service.ts";
import { account, type Customer, customer, customers, plain, users, type World, world } from "./world.ts";

type Reading = (entity: string, options: ReadOptions, pages: AsyncIterable<Page>) => AsyncIterable<Page>;
/** A world whose CRM gives its pages by `reading`. */
function worldWith(reading: Reading): World {
  return world(<T extends object>(port: T): T => {
    if (!("service" in port) || port.service !== "dataverse") return port;
    const crm = port as unknown as Connector;
    const open: Connector["open"] = (entity, parts) => {
      const opened = crm.open(entity, parts);
      const read: Opened["read"] = (options) => reading(entity.name, options, opened.read(options));
      return { ...opened, read };
    };
    return { ...crm, open } as unknown as T;
  });
}
const failed = (code: string) => new ServiceError(`Cannot read: ${code}; …`, { service: "dataverse", code });
const codes = async (w: World) => (await w.open()).flatMap((one) => one.codes).sort();

Deno.test("runPipeline() takes for deleted only what its id no longer finds, whatever a full reading left out", async () => {
  let hidden: readonly string[] = [];
  const w = worldWith(async function* (_, { ids }, pages) {
    for await (const page of pages) {
      yield ids === undefined ? { ...page, rows: page.rows.filter(({ id }) => !hidden.includes(id)) } : page;
    }
  });
  for (const n of ["1", "2", "3"]) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: n }));
  await w.sync();
  const made = w.crm.all("accounts").map(({ id }) => id);
  hidden = made.slice(0, 2);
  w.crm.remove("accounts", made[1]!);
  const run = await w.sync({ full: true });
  assertEquals([exitCodeOf(run), await codes(w), w.crm.all("accounts").length], [3, ["missing"], 2]);
});

Deno.test("runPipeline() reads everything again where a cursor is known no more, and takes nothing for deleted", async () => {
  let expired = false;
  const w = worldWith(async function* (entity, { since }, pages) {
    if (expired && entity === "accounts" && since !== undefined) throw failed("cursor_expired");
    yield* pages;
  });
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Two" }));
  await w.sync();
  const [first, second] = w.crm.all("accounts").map(({ id }) => id);
  w.crm.put("accounts", first!, { phone: "1" });
  w.crm.remove("accounts", second!);
  expired = true;
  const run = await w.sync();
  assertEquals([exitCodeOf(run), await codes(w)], [3, ["missing"]]);
  assertEquals(plain(w.erp, "customers", ["phone"]), [{ phone: "1" }, { phone: null }]);
});

Deno.test("runPipeline() runs on where the account may not read one entity, but for what depends on it", async () => {
  let denied = true;
  const w = worldWith(async function* (entity, _, pages) {
    if (denied && entity === "accounts") throw failed("forbidden");
    yield* pages;
  });
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.erp.put("sellers", "s1", { code: "S1", email: "s@example.is" });
  w.crm.put("users", "u1", { email: "s@example.is", nick: null });
  const after = { ...users, name: "after", dependsOn: [customers] } as Step;
  const beside = { ...users, name: "beside" } as Step;
  const steps = [users, customers, after, beside];
  const run = await w.sync({ steps });
  assertEquals(run.steps.map(({ step, status, error }) => [step, status, error?.code]), [
    ["users", "Finished", undefined],
    ["customers", "Error", "forbidden"],
    ["after", "Skipped", "blocked_by_step"],
    ["beside", "Finished", undefined],
  ]);
  assertEquals([exitCodeOf(run), w.crm.writes], [4, []]);
  denied = false;
  assertEquals([exitCodeOf(await w.sync({ steps })), w.crm.all("accounts").length], [0, 1]);
});

Deno.test("runPipeline() lists a record that changes before each of its writes, and forces none", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  const before = w.crm.writes.length;
  w.erp.put("customers", "e1", { phone: "2" });
  for (const city of ["Rome", "Oslo", "Bonn"]) w.crm.meanwhile(() => w.crm.put("accounts", id, { city }));
  const run = await w.sync();
  assertEquals([exitCodeOf(run), await codes(w), w.crm.writes.length - before], [3, ["moved"], 3]);
  assertEquals(plain(w.crm, "accounts", ["phone", "city"]), [{ phone: null, city: "Bonn" }]);
  assertEquals(exitCodeOf(await w.sync()), 0);
  assertEquals(plain(w.crm, "accounts", ["phone", "city"]), [{ phone: "2", city: "Bonn" }]);
  assertEquals(plain(w.erp, "customers", ["phone", "city"]), [{ phone: "2", city: "Bonn" }]);
});

Deno.test("runPipeline() takes a record that goes before it is written for deleted, and does not make it anew", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.meanwhile(() => w.crm.remove("accounts", id));
  const run = await w.sync();
  assertEquals([exitCodeOf(run), run.totals.failed], [3, 0]);
  assertEquals([await codes(w), w.crm.all("accounts")], [["conflict"], []]); // one side was edited, the other deleted
  await w.sync();
  assertEquals([await codes(w), w.crm.all("accounts")], [["conflict"], []]);
});

Deno.test("runPipeline() comes to the same when the machine's clock is set back or forward between two runs", async () => {
  const hour = 3_600_000;
  for (const jump of [0, -hour, -26 * hour, hour]) {
    let now = Date.UTC(2026, 0, 10);
    const clock = { now: () => now += 1000, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
    const [erp, crm, store] = [fakeService("business_central"), fakeService("dataverse"), memoryStore()];
    const sync = () =>
      runPipeline({ connection: "c", kind: "sandbox", steps: [users, customers], store, erp, crm, clock });
    for (const n of ["1", "2", "3"]) erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: n }));
    await sync();
    const made = crm.all("accounts").map(({ id }) => id);
    now += jump;
    erp.put("customers", "e1", { phone: "1" });
    crm.put("accounts", made[0]!, { city: "Oslo" });
    crm.put("accounts", made[1]!, { phone: "2" });
    crm.put("accounts", "a4", account({ name: "4" }));
    erp.remove("customers", "e3");
    await sync();
    const values = (service: typeof erp, table: string) => plain(service, table, ["name", "phone", "city"]);
    const both = [
      { name: "1", phone: "1", city: "Oslo" },
      { name: "2", phone: "2", city: null },
    ];
    const [third, fourth] = ["3", "4"].map((name) => ({ name, phone: null, city: null }));
    assertEquals(values(crm, "accounts"), [...both, third, fourth], `${jump}`);
    assertEquals(values(erp, "customers"), [...both, fourth], `${jump}`);
    const writes = erp.writes.length + crm.writes.length;
    await sync();
    assertEquals(erp.writes.length + crm.writes.length, writes, `${jump}`);
  }
});

Deno.test("runPipeline() takes what a service made of a value for agreed, and writes it nowhere", async () => {
  let now = Date.UTC(2026, 0, 10);
  const clock = { now: () => now += 1000, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
  const erp = fakeService("business_central");
  const makes = (_: Fields, { phone }: Fields): Fields =>
    typeof phone === "string" ? { phone: phone.replaceAll(" ", "") } : {};
  const crm = fakeService("dataverse", { makes });
  const store = memoryStore();
  const sync = () =>
    runPipeline({ connection: "c", kind: "sandbox", steps: [users, customers], store, erp, crm, clock });
  erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await sync();
  erp.put("customers", "e1", { phone: "+354 555" });
  await sync();
  assertEquals(plain(crm, "accounts", ["phone"]), [{ phone: "+354555" }]);
  const writes = [erp.writes.length, crm.writes.length];
  for (let run = 0; run < 2; run++) {
    await sync();
    assertEquals([erp.writes.length, crm.writes.length], writes);
  }
  const { id } = crm.all("accounts")[0]!;
  crm.put("accounts", id, { city: "Oslo" });
  await sync();
  assertEquals(plain(erp, "customers", ["phone", "city"]), [{ phone: "+354 555", city: "Oslo" }]);
});

Deno.test("runPipeline() counts each record once in each direction, and the counts add up", async () => {
  const w = world();
  for (const n of ["1", "2", "3", "4", "5", "6"]) {
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: n }));
  }
  await w.sync();
  const made = w.crm.all("accounts").map(({ id }) => id);
  w.erp.put("customers", "e1", { phone: "1" }); // to be modified
  w.erp.put("customers", "e2", { phone: "2" }); // in conflict
  w.crm.put("accounts", made[1]!, { phone: "3" });
  w.erp.remove("customers", "e3"); // missing
  w.crm.put("accounts", made[3]!, { city: "Oslo" }); // the other way
  w.erp.put("customers", "e7", customer({ number: "C7", name: "7" })); // to be created
  w.erp.put("customers", "e8", customer({ number: "C8", name: "8", seller: "S1" as Customer["seller"] })); // waits
  w.erp.put("customers", "e5", { phone: "refused" });
  w.crm.next({ kind: "refused", code: "x", message: "no" }); // whichever write comes first
  const run = await w.sync();
  const directions = run.steps.flatMap(({ toCrm, fromCrm }) => [toCrm.counts, fromCrm.counts]);
  for (const { read, ...rest } of [...directions, run.totals]) {
    assertEquals(read, Object.values(rest).reduce((sum, count) => sum + count, 0));
  }
  for (const name of Object.keys(run.totals) as (keyof Counts)[]) {
    assertEquals(run.totals[name], directions.reduce((sum, counts) => sum + counts[name], 0), name);
  }
  const { inserted, modified, conflict, failed } = run.steps.find(({ step }) => step === "customers")!.toCrm.counts;
  assertEquals({ inserted, modified, conflict, failed }, { inserted: 1, modified: 1, conflict: 1, failed: 1 });
});
