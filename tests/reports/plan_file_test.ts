/** A plan is written line by line and read back as it was; what is no plan is refused with its reason. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { PlanLine } from "../../engine/planned.ts";
import { planGuard } from "../../engine/plan_guard.ts";
import { compile } from "../../engine/compile.ts";
import { DefinitionError } from "../../errors.ts";
import { writeFileAtomically } from "../../reports/atomic_file.ts";
import { openPlan, type PlanHeader, planText } from "../../reports/plan_file.ts";
import { memoryStore } from "../../store/memory.ts";
import { customers } from "../engine/world.ts";

const who = { service: "x", name: "x", parts: { id: "1" } };
const head: PlanHeader = {
  ...{ connection: "default", kind: "sandbox", erp: who, crm: who, definitions: { customers: "abc" } },
  ...{
    options: { full: false, onlyCoupled: false, select: null, allow: [], rebase: false },
    madeAt: "2026-01-01T00:00:00.000Z",
  },
};
const line = (at: number): PlanLine => ({
  ...{ step: "customers", side: "crm", op: "update", source: `c${at}`, target: `a${at}` },
  ...{ name: `Þórsmörk "${at}"\n`, key: String(at), after: { phone: String(at), kind: 3 }, before: { phone: null } },
  rules: { phone: "toCrm phone ← phone" },
  policy: null,
  lost: [{ side: "crm", unit: "phone", values: { phone: "0" }, by: "policy of the step" }],
  left: [{ code: "conflict", field: "name" }],
});
async function* lines(count: number): AsyncGenerator<PlanLine> {
  for (let at = 1; at <= count; at++) yield await Promise.resolve(line(at));
}
async function withFile<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    return await work(path);
  } finally {
    await Deno.remove(path);
  }
}
async function write(path: string, count: number): Promise<string> {
  await writeFileAtomically(path, planText(head, lines(count), () => ({ changes: count })), { id: "1" });
  return await Deno.readTextFile(path);
}

for (const count of [0, 1, 3]) {
  Deno.test(`openPlan() reads what planText() wrote: ${count} changes`, () =>
    withFile(async (path) => {
      const text = await write(path, count);
      assertEquals(JSON.parse(text).changes.length, count);
      assertEquals(JSON.parse(text).summary, { changes: count });
      const plan = await openPlan(path);
      assertEquals(plan.header, head);
      assertEquals(await Array.fromAsync(plan.lines()), await Array.fromAsync(lines(count)));
      assertEquals((await Array.fromAsync(plan.lines())).length, count); // a second time
    }));
}

const broken: readonly (readonly [what: string, change: (text: string) => string, says: string])[] = [
  ["nothing", () => "", "does not begin"],
  ["another document", () => '{"plan":{}}\n', "does not begin"],
  ["another format", (text) => text.replace('"format":1', '"format":2'), '"format"'],
  ["a cut end", (text) => text.slice(0, text.indexOf('],"summary"')), "too early"],
  ["a cut line", (text) => text.slice(0, text.indexOf('"c2"')), "line 3 is no JSON"],
  ["a missing line at the end", (text) => text.replace(/\n.*"c3".*/, ""), "ends the changes too early"],
  ["an unknown property", (text) => text.replace('"source":"c2"', '"source":"c2","x":1'), "line 3 is not as a plan"],
  ["an unknown operation", (text) => text.replace('"update"', '"upsert"'), '"op"'],
];
for (const [what, change, says] of broken) {
  Deno.test(`openPlan() refuses ${what}`, () =>
    withFile(async (path) => {
      await Deno.writeTextFile(path, change(await write(path, 3)));
      const error = await assertRejects(async () => Array.fromAsync((await openPlan(path)).lines()), DefinitionError);
      assertEquals(error.code, "plan_unreadable");
      assertStringIncludes(error.message, says);
    }));
}

Deno.test("openPlan() refuses a file that is not there, or no text", async () => {
  assertEquals((await assertRejects(() => openPlan("/nowhere/plan.json"), DefinitionError)).code, "plan_unreadable");
  await withFile(async (path) => {
    await Deno.writeFile(path, new Uint8Array([0x7b, 0xff, 0xfe]));
    assertEquals((await assertRejects(() => openPlan(path), DefinitionError)).code, "plan_unreadable");
  });
});

Deno.test("planGuard() takes a few bytes for each line and field", async () => {
  const guard = planGuard([]);
  for (let at = 0; at < 10_000; at++) guard.add(line(at));
  const change = { ...line(77), id: "", run: "", basis: {}, version: null, state: "intended" as const, reasons: [] };
  const rest = { attempts: 0, retryAt: null, at: "" };
  const where = {
    ...{ store: memoryStore(), connection: "default", run: "r" },
    ...{ step: customers, compiled: compile(customers) },
  };
  assert(await guard.allows({ ...change, ...rest }, where));
  assert(!await guard.allows({ ...change, ...rest, after: { phone: "78", kind: 3 } }, where));
  assert(!await guard.allows({ ...change, ...rest, after: { phone: "77" } }, where));
  assert(!await guard.allows({ ...change, ...rest, before: { phone: "0" } }, where));
  assert(!await guard.allows({ ...change, ...rest, target: "a78" }, where));
  assert(!await guard.allows({ ...change, ...rest, op: "delete" }, where));
});
