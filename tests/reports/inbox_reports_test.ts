import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { conflictsReport } from "../../reports/conflicts_report.ts";
import { failuresReport } from "../../reports/failures_report.ts";
import type { Change } from "../../store/store.ts";
import { customer, customers, users, type World, world } from "../engine/world.ts";

const steps = [users, customers];

type Report = typeof conflictsReport;
async function rowsOf(w: World, report: Report, columns: readonly string[]): Promise<(string | undefined)[][]> {
  const pieces = report({ store: w.store, connection: "c", steps, exportedAt: "2026-02-01T00:00:00Z" });
  const rows: Record<string, string>[] = parse((await Array.fromAsync(pieces)).join(""), { skipFirstRow: true });
  return rows.map((row) => columns.map((column) => row[column]));
}

async function coupled(): Promise<World> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1", city: "Oslo", street: "A 1" }));
  await w.sync();
  return w;
}

Deno.test("conflictsReport() has open conflicts by field, then values that lost", async () => {
  const w = await coupled();
  w.erp.put("customers", "e1", { phone: "2", city: "Bergen" });
  w.crm.put("accounts", w.crm.all("accounts")[0]!.id, { phone: "3", street: "B 2" });
  await w.sync();
  const decided: Change = {
    ...(await w.changes())[0]!,
    id: "resolved",
    state: "done",
    at: "2026-01-31T00:00:00Z",
    lost: [{ side: "crm", unit: "name", values: { name: "Uno" }, by: "resolved by a person" }],
  };
  await w.store.save("c", "customers", { changes: [decided] });
  const columns = ["state", "erp_number", "unit", "erp_field", "erp_before", "erp_value", "crm_value", "decided_by"];
  assertEquals(await rowsOf(w, conflictsReport, columns), [
    ["open", "C1", "phone", "phone", "1", "2", "3", ""],
    ["open", "C1", "group address", "street", "A 1", "A 1", "B 2", ""],
    ["open", "C1", "group address", "city", "Oslo", "Bergen", "Oslo", ""],
    ["decided", "C1", "name", "", "", "", "Uno", "resolved by a person"],
  ]);
});

Deno.test("failuresReport() has what failed or is blocked, with what was sent", async () => {
  const w = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.next({ kind: "refused", code: "no", message: "No" });
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Two", seller: "S9" as never }));
  await w.sync();
  const columns = [
    "result",
    "written_side",
    "operation",
    "erp_number",
    "error_code",
    "waiting_for",
    "fields_sent",
    "attempts",
  ];
  assertEquals(await rowsOf(w, failuresReport, columns), [
    ["blocked", "crm", "", "C2", "waiting", "users/S9", "", "0"],
    ["failed", "crm", "update", "C1", "refused", "", '{"phone":"2"}', "1"],
  ]);
});
