/** Whatever the store, the same services and the same clock give the same bytes: reports, runs, status. */
import { assert, assertEquals } from "@std/assert";
import type { Clock } from "../../connectors/connector.ts";
import { runPipeline } from "../../engine/run.ts";
import { couplingReport, type ReportFilter } from "../../reports/coupling_report.ts";
import { runDetails } from "../../reports/run_document.ts";
import { stepsDocument } from "../../reports/steps_document.ts";
import { memoryStore } from "../../store/memory.ts";
import { openPglite } from "../../store/pglite.ts";
import { openPostgres } from "../../store/postgres.ts";
import type { Store } from "../../store/store.ts";
import { type FakeService, fakeService } from "../engine/fake_service.ts";
import { account, type Customer, customer, customers, users } from "../engine/world.ts";
import { addressOf, postgresTest, withDatabase } from "../postgres.ts";

const connection = "default";
const steps = [users, customers];

/** It stands until told, since what works side by side looks at it in any order; ids count. */
function clockFrom(year: number): Clock & { pass(ms: number): void } {
  let time = Date.UTC(year, 0, 1);
  let ids = 0;
  return {
    now: () => time,
    pass: (ms) => void (time += ms),
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
  };
}

/** What happens to the services before each run: something for every state that the report knows. */
const days: readonly ((services: { readonly erp: FakeService; readonly crm: FakeService }) => void)[] = [
  ({ erp, crm }) => {
    erp.put("sellers", "s1", { code: "ÞÓ", email: "þórr@company.example" });
    crm.put("users", "u1", { email: "Þórr@company.example", nick: null });
    const known: readonly (readonly [string, Partial<Customer> & { name: string }])[] = [
      ["c1", { number: "C1", name: 'Bókabúð "Akureyrar", ehf.', city: "Akureyri", phone: "555" }],
      ["c2", { number: "C2", name: "=1+1;\nŁódź", city: "Łódź", seller: "ÞÓ" as Customer["seller"] }],
      ["c3", { number: "C3", name: "Twin", city: "Leith" }],
      ["c4", { number: "C4", name: "Waits", seller: "NO" as Customer["seller"] }],
      ["c5", { number: "C5", name: "Odd terms", terms: "90D" as Customer["terms"] }],
      ["c6", { number: "C6", name: "A phone that is too long", phone: "0123456789012345" }],
      ["c7", { number: null, name: "Without a number" }],
      // Order by code point: the first of these comes after the second, in UTF-16 before it.
      ["c\u{1F600}", { number: "C8", name: "\u{1F600} NUL \0, half \uD800, \uFFFF" }],
      ["c\uFF5E", { number: "C9", name: "\uFF5E" }],
      ["C1", { number: "c10", name: "straße" }],
      ["ç1", { number: "C11", name: "Ásdís" }],
    ];
    for (const [id, data] of known) erp.put("customers", id, customer(data));
    crm.put("accounts", "a1", account({ name: "Bókabúð", accountnumber: "C1", phone: "777" }));
    for (const id of ["a3", "a4"]) crm.put("accounts", id, account({ name: "twin", city: "Leith" }));
    crm.put("accounts", "a5", account({ name: "Księgarnia", phone: "777" }));
  },
  ({ erp, crm }) => {
    erp.put("customers", "c2", { street: "Piotrkowska 1" });
    crm.put("accounts", "a5", { street: "Rynek 2", city: "Kraków" });
    erp.put("sellers", "s2", { code: "NO", email: "no@company.example" });
    crm.put("users", "u2", { email: "no@company.example", nick: null });
  },
  ({ erp, crm }) => {
    erp.remove("customers", "ç1");
    crm.put("accounts", "a1", { phone: "778", street: "Hafnarstræti 4" });
    erp.put("customers", "c1", { phone: "556", city: "Húsavík" });
    crm.next({ kind: "refused", code: "no_way", message: "Nei, þetta má ekki" });
    erp.put("customers", "c5", { city: "Gdynia" });
  },
];

/** All that anybody can see of the store after each of the days, as text. */
async function everything(store: Store): Promise<readonly string[]> {
  const erp = fakeService("business_central", { number: { entity: "customers", field: "number" } });
  const crm = fakeService("dataverse");
  const clock = clockFrom(2026);
  const texts: string[] = [];
  for (const [day, happens] of days.entries()) {
    happens({ erp, crm });
    clock.pass(24 * 3_600_000);
    await runPipeline({ connection, kind: "sandbox", steps, store, erp, crm, clock, full: day === 2 });
    const report = async (options: { only?: ReportFilter; excel?: boolean }) => {
      const exportedAt = new Date(Date.UTC(2026, 1, day + 1)).toISOString();
      return (await Array.fromAsync(couplingReport({ store, connection, steps, exportedAt, ...options }))).join("");
    };
    texts.push(await report({}), await report({ only: "listed" }), await report({ excel: true }));
    texts.push(JSON.stringify((await store.runs(connection, { limit: 9 })).map(runDetails)));
    texts.push(JSON.stringify(await stepsDocument(store, { connection, steps })));
  }
  return texts;
}

async function everythingOf(opening: Promise<Store>): Promise<readonly string[]> {
  const store = await opening;
  try {
    return await everything(store);
  } finally {
    await store.close();
  }
}

const expected = await everythingOf(Promise.resolve(memoryStore()));
/** Once for both tests that need it: opening takes seconds. */
let onPglite: Promise<readonly string[]> | null = null;
const embedded = () => onPglite ??= everythingOf(openPglite());

Deno.test("the days that the stores are compared on have all kinds of lines", () => {
  for (const state of ["coupled", "conflict", "missing", "failed", "ambiguous", "waiting"]) {
    assert(expected.some((text) => text.includes(`,${state},`)), state);
  }
  assertEquals(new Set(expected.filter((_, at) => at % 5 === 0)).size, days.length);
});

Deno.test("reports, runs and status on PGlite are byte for byte those of the store in memory", async () => {
  assertEquals(await embedded(), expected);
});

postgresTest(
  "reports, runs and status on PostgreSQL are byte for byte those of PGlite",
  () =>
    withDatabase(async (database) => {
      const onServer = await everythingOf(openPostgres(addressOf(database), connection));
      const bytes = (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));
      assertEquals(bytes(onServer), bytes(await embedded()));
    }),
);
