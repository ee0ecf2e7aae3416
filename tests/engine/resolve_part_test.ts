import { assertEquals, assertThrows } from "@std/assert";
import { entity, type Fields } from "../../connectors/connector.ts";
import { conflictsOf } from "../../engine/conflicts.ts";
import { decideParts, pairParts, rulesNamed } from "../../engine/document.ts";
import { type Lookups, reconcile } from "../../engine/reconcile.ts";
import { type Answer, resolveConflict } from "../../engine/resolve.ts";
import { compile } from "../../engine/compile.ts";
import { defineStep } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import type { Change, Reason, ReportRow, StoredRecord } from "../../store/store.ts";

interface Order {
  number: string | null;
}
interface Line {
  item: string | null;
  quantity: string | null;
}
const text = { kind: "text", nullable: true } as const;
const order = <const N extends string>(name: N) =>
  entity<Order>()({ name, key: "number", label: "number", creation: "none", fields: { number: text } });
const line = <const H extends string>(name: string, partOf: H) =>
  entity<Line>()({
    ...{ name, partOf, key: "item", label: "item", creation: "none", partKey: "number" },
    fields: { item: text, quantity: { kind: "decimal", nullable: true, scale: 2 } },
  });
const orders = defineStep({
  name: "orders",
  direction: "both",
  extract: { erp: order("orders"), crm: order("crmOrders") },
  transform: { number: "number" },
});
const lines = defineStep({
  name: "lines",
  direction: "both",
  under: orders,
  extract: { erp: line("lines", "orders"), crm: line("crmLines", "crmOrders") },
  transform: { item: "item", quantity: "quantity" },
  load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "leave" } },
});
const compiled = compile(orders, lines);
const lookups: Lookups = { forward: () => ({ leave: true }), backward: () => ({ leave: true }) };
const dataOf = (parts: Readonly<Record<string, string>>): Fields =>
  Object.fromEntries([
    ["number", "1"],
    ...Object.entries(parts).flatMap(([key, quantity], place) => [
      [`${key}/`, place],
      [`${key}/item`, "A"],
      [`${key}/quantity`, quantity],
    ]),
  ]);

/** An order of which both sides had lines 1 and 2 with the quantity 1. */
function rowOf(erp: Readonly<Record<string, string>>, crm: Readonly<Record<string, string>>, field: string): ReportRow {
  const base = Object.fromEntries(
    ["10~a", "20~b"].flatMap((pair) => [[`${pair}/item`, "A"], [`${pair}/quantity`, "1"]]),
  );
  const record = (id: string, data: Fields): StoredRecord => ({
    ...{ id, key: "1", label: "1", data, version: "1", modifiedAt: null, fingerprint: id, frozen: null },
    ...{ state: "present", mergedInto: null },
  });
  const reason: Reason = { code: "conflict", field, message: "Cannot merge" };
  const open: Change = {
    ...{ id: "open", run: "r", step: "orders", side: "crm", op: "none", source: "e", target: "c", version: null },
    ...{ after: {}, before: {}, basis: {}, state: "open", reasons: [reason], lost: [], attempts: 0, retryAt: null },
    at: "2026-01-01T00:00:00Z",
  };
  return {
    ...{ step: "orders", erp: record("e", dataOf(erp)), crm: record("c", dataOf(crm)), open: [open], blankKeys: false },
    coupling: {
      ...{ erpId: "e", crmId: "c", state: "coupled", base: { erp: base, crm: base }, seen: { erp: "e", crm: "c" } },
      ...{ definition: compiled.hash, how: "match number", written: null, resolution: null },
    },
  };
}

function resolved(row: ReportRow, answer: Answer) {
  const options = { answer, field: null, lookups, earlier: [], now: "2026-02-01T00:00:00Z" };
  const { settlement, lost } = resolveConflict(compiled, row, options);
  return { coupling: settlement!.couplings![0]!, lost };
}

/** What the next run writes of the parts. */
function next(row: ReportRow, coupling: NonNullable<ReportRow["coupling"]>) {
  const met = { erp: row.erp!.data, crm: row.crm!.data, base: coupling.base };
  const found = pairParts(compiled, met, lookups);
  const sides = ["crm", "erp"] as const;
  const { erp, crm, reasons } = decideParts(compiled, met, found, {
    lookups,
    sides,
    winner: null,
    newKey: () => "new",
  });
  return { erp, crm, reasons };
}

Deno.test.each(
  [
    { keep: "erp", written: { crm: { "a/quantity": "2" }, erp: {} }, lost: { "a/quantity": "3" } },
    { keep: "crm", written: { crm: {}, erp: { "10/quantity": "3" } }, lost: { "10/quantity": "2" } },
  ] as const,
)("resolveConflict() keeps the $keep in a field of a part", ({ keep, written, lost: gone }) => {
  const row = rowOf({ 10: "2", 20: "1" }, { a: "3", b: "1" }, "10~a/quantity");
  const { coupling, lost } = resolved(row, { keep });
  assertEquals(lost.map(({ unit, values }) => [unit, values]), [["10~a/quantity", gone]]);
  const rules = rulesNamed(compiled, Object.keys(coupling.base!.crm));
  const met = { erp: row.erp!.data, crm: row.crm!.data, base: coupling.base };
  const { crm, erp } = reconcile(rules, met, lookups);
  assertEquals({ crm, erp }, written);
});

Deno.test("resolveConflict() lets the deletion of a part count, and loses what was changed there", () => {
  const row = rowOf({ 10: "2", 20: "1" }, { b: "1" }, "10~a");
  assertEquals(conflictsOf(compiled, row).map(({ kind, deleted }) => [kind, deleted]), [["part", "crm"]]);
  const { coupling, lost } = resolved(row, { keep: "crm" });
  assertEquals(lost.map(({ side, unit, values }) => [side, unit, values]), [
    ["erp", "10~a/item", { "10/item": "A" }],
    ["erp", "10~a/quantity", { "10/quantity": "2" }],
  ]);
  assertEquals(next(row, coupling), { crm: {}, erp: { "10/": "delete" }, reasons: { crm: [], erp: [] } });
});

Deno.test("resolveConflict() has a part that was changed made anew where it was deleted", () => {
  const row = rowOf({ 10: "2", 20: "1" }, { b: "1" }, "10~a");
  const { coupling, lost } = resolved(row, { keep: "erp" });
  assertEquals(lost, []);
  assertEquals(next(row, coupling).crm, { "new/": "create", "new/item": "A", "new/quantity": "2" });
});

Deno.test("resolveConflict() refuses to keep a part that the definition does not make", () => {
  const row = rowOf({ 20: "1" }, { a: "2", b: "1" }, "10~a");
  const error = assertThrows(() => resolved(row, { keep: "crm" }), DefinitionError);
  assertEquals(error.code, "bad_value");
  assertEquals(next(row, resolved(row, { keep: "erp" }).coupling).crm, { "a/": "delete" });
});

Deno.test("resolveConflict() leaves parts that were never the same to their services", () => {
  const row = rowOf({ 20: "1" }, { b: "1" }, "10");
  const error = assertThrows(() => resolved(row, { keep: "crm" }), DefinitionError);
  assertEquals(error.message.includes("were never the same"), true);
});
