import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { couplingReport, type ReportFilter } from "../../reports/coupling_report.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Store } from "../../store/store.ts";
import { connection, openCompany, steps } from "./company.ts";

const exportedAt = "2026-02-03T04:05:06.000Z";
const header = "report_version,exported_at,step,erp_table,erp_id,erp_number,erp_name,crm_table,crm_id,crm_name," +
  "coupling_state,direction_last,erp_modified_at,crm_modified_at,last_synced_at,last_run_id,last_result,error_code," +
  "error_message,waiting_for,conflict_fields,matched_by,created_by,definition_hash,erp_swept_at,crm_swept_at\r\n";

async function reportOf(store: Store, options: { only?: ReportFilter; excel?: boolean } = {}): Promise<string> {
  const pieces = await Array.fromAsync(couplingReport({ store, connection, steps, exportedAt, ...options }));
  return pieces.join("");
}
/** Lines as objects of the columns asked for. */
function columnsOf(csv: string, ...names: readonly string[]): (string | undefined)[][] {
  const rows: Record<string, string>[] = parse(csv, { skipFirstRow: true });
  return rows.map((row) => names.map((name) => row[name]));
}

Deno.test("couplingReport() begins with the header even when there is nothing", async () => {
  assertEquals(await reportOf(memoryStore()), header);
});

Deno.test("couplingReport() writes a coupled pair byte for byte", async () => {
  const lines = (await reportOf(await openCompany())).split("\r\n");
  assertEquals(
    lines[1],
    `2,${exportedAt},customers,customers,e1,E1,"'=HYPERLINK(1)",accounts,c1,One,coupled,toCrm,2026-01-02T03:04:05Z,,` +
      "2026-01-02T03:04:07Z,run1,listed,unmapped,No entry for 21 DAYS,,,accountnumber,user,d1,2026-01-02T03:00:00Z,",
  );
});

Deno.test("couplingReport() says of every record what it is coupled to, or why it is not, in order", async () => {
  const report = await reportOf(await openCompany());
  assertEquals(columnsOf(report, "step", "erp_id", "crm_id", "coupling_state", "error_code", "waiting_for"), [
    ["customers", "e1", "c1", "coupled", "unmapped", ""],
    ["customers", "e2", "c2", "conflict", "conflict", ""],
    ["customers", "e3", "c3", "coupled", "", ""],
    ["customers", "e4", "", "ambiguous", "ambiguous", "c7; c8"],
    ["customers", "e5", "", "only_in_erp", "no_candidate", ""],
    ["customers", "e6", "", "only_in_erp", "no_match_key", ""],
    ["customers", "e7", "", "failed", "refused", ""],
    ["customers", "e8", "", "waiting", "waiting", "currencies/ISK"],
    ["customers", "e9", "", "blocked", "required_blank", ""],
    ["customers", "f1", "", "pending_create", "", ""],
    ["customers", "f2", "", "pending_create", "", ""],
    ["customers", "f3", "", "only_in_erp", "no_candidate", ""],
    ["customers", "g1", "d1", "left", "left", ""],
    ["customers", "g2", "d2", "merged", "merged", "c1"],
    ["customers", "g3", "d3", "skipped", "skipped", ""],
    ["customers", "g4", "", "skipped", "skipped", ""],
    ["customers", "g5", "d5", "waiting", "waiting; left", "currencies/PLN"],
    ["customers", "", "c9", "only_in_crm", "no_candidate", ""],
    ["regions", "r1", "t1", "coupled", "", ""],
  ]);
});

Deno.test("couplingReport() does not call a record alone before both sides were read to the end", async () => {
  const store = await openCompany();
  const page = { run: "run2", records: [], deleted: [], left: [], cursor: null };
  await store.savePage(connection, "customers", "crm", page);
  const rows = columnsOf(await reportOf(store), "erp_id", "error_code");
  assertEquals(rows.slice(3, 6), [["e4", "ambiguous"], ["e5", "not_compared"], ["e6", "not_compared"]]);
});

Deno.test("couplingReport() names fields in conflict, who made a record and what was decided", async () => {
  const report = await reportOf(await openCompany());
  const rows = columnsOf(report, "conflict_fields", "created_by", "matched_by", "last_result", "crm_table");
  assertEquals(rows[1], ["telephone1; group address", "us", "", "listed", "accounts"]);
  assertEquals(rows[2], ["", "user", "accountnumber", "ok", "accounts"]);
  assertEquals(rows.at(-1), ["", "user", "accountnumber", "", "territories"]);
});

const filters: readonly (readonly [ReportFilter, readonly string[]])[] = [
  ["conflict", ["e2"]],
  ["only_in_erp", ["e5", "e6", "f3"]],
  ["pending_create", ["f1", "f2"]],
  ["listed", ["e1", "e2", "e4", "e7", "e8", "e9", "g2", "g5"]],
  ["missing", []],
  ["merged", ["g2"]],
  ["left", ["g1"]],
  ["skipped", ["g3", "g4"]],
];
for (const [only, ids] of filters) {
  Deno.test(`couplingReport() gives only what is ${only} when asked`, async () => {
    const report = await reportOf(await openCompany(), { only });
    assertEquals(columnsOf(report, "erp_id").flat(), [...ids]);
  });
}

Deno.test("couplingReport() says of what wants nobody that both sides agreed, and why it is so", async () => {
  const rows = columnsOf(await reportOf(await openCompany()), "erp_id", "last_result", "error_message");
  assertEquals(rows.filter(([id]) => id?.startsWith("g")), [
    ["g1", "ok", "It left the filter"],
    ["g2", "listed", "It was merged into c1"],
    ["g3", "ok", "Set aside"],
    ["g4", "", "Set aside"],
    ["g5", "listed", "Its currency is not coupled; It left the filter"],
  ]);
});

Deno.test("couplingReport() says of each step when its sides were swept", async () => {
  const rows = columnsOf(await reportOf(await openCompany()), "step", "erp_swept_at", "crm_swept_at");
  assertEquals(new Set(rows.map((row) => row.join())), new Set(["customers,2026-01-02T03:00:00Z,", "regions,,"]));
});

Deno.test("couplingReport() is for spreadsheets when asked", async () => {
  const report = await reportOf(await openCompany(), { excel: true });
  assertEquals(report.startsWith("\ufeffreport_version;exported_at;"), true);
  assertEquals(report.includes(";Ægir, ehf.;"), true);
});

Deno.test("couplingReport() ends the store's snapshot when its reader leaves", async () => {
  let ended = false;
  const store: Store = {
    ...memoryStore(),
    async *report() {
      try {
        for (let n = 0;; n++) {
          const record = { id: `e${n}`, key: null, label: null, modifiedAt: null };
          yield [{ step: "customers", erp: record, crm: null, coupling: null, open: [], blankKeys: false }];
        }
      } finally {
        ended = true;
      }
    },
  };
  for await (const piece of couplingReport({ store, connection, steps, exportedAt })) if (piece !== header) break;
  assertEquals(ended, true);
});
