/** A rehearsal writes to nobody and decides what the run after it does; a guard keeps that run to it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Connector, type Entity, entity } from "../../connectors/connector.ts";
import { isPlaceholder } from "../../engine/placeholder.ts";
import { planGuard } from "../../engine/plan_guard.ts";
import { listedOf, type PlanLine } from "../../engine/planned.ts";
import { coupled, defineStep, type Step, toCrm } from "../../engine/step.ts";
import { comparePlan } from "../../reports/compare_plan.ts";
import {
  account,
  type Customer,
  customer,
  customers,
  plain,
  type Rehearsal,
  users,
  type World,
  world,
} from "./world.ts";

const pipeline = [users, customers];

/** Two customers that are nowhere in the CRM, an account that the ERP lacks, and a pair that differs. */
function filled(): World {
  const w = world();
  w.erp.put("sellers", "s1", { code: "JR", email: "jona@example.com" });
  w.crm.put("users", "u1", { email: "jona@example.com", nick: null });
  w.erp.put("customers", "c1", {
    ...customer({ number: "10", name: "Adatum", city: "Ulm" }),
    seller: "JR",
    terms: "30D",
  });
  w.erp.put("customers", "c2", customer({ number: "20", name: "Contoso" }));
  w.erp.put("customers", "c3", customer({ number: "30", name: "Fabrikam", phone: "1" }));
  w.crm.put("accounts", "a3", account({ accountnumber: "30", name: "Fabrikam" }));
  w.crm.put("accounts", "a4", account({ name: "Litware", city: "Graz" }));
  return w;
}
async function* stream(lines: readonly PlanLine[]): AsyncGenerator<PlanLine> {
  for (const line of lines) yield await Promise.resolve(line);
}
function guardOf({ lines }: Rehearsal, steps: readonly Step[] = pipeline) {
  const guard = planGuard(steps);
  for (const line of lines) guard.add(line);
  return guard;
}
/** What a service was asked to write, in the form of a plan. */
function written(w: World): readonly unknown[] {
  return (["erp", "crm"] as const).flatMap((side) =>
    w[side].writes.map(({ write }) => [side, write.op === "create" ? "insert" : write.op, write.fields])
  );
}
function planned(lines: readonly PlanLine[], side: "erp" | "crm"): readonly unknown[] {
  return lines.filter((line) => line.side === side).map(({ op, after }) => [side, op, after]);
}
function compare(lines: readonly PlanLine[], now: Rehearsal): Promise<readonly string[]> {
  return comparePlan(stream(lines), stream(now.lines), { store: now.store, connection: "c", run: now.run.runId });
}

Deno.test("a first rehearsal couples by its keys what an earlier step would change", async () => {
  const w = world();
  w.erp.put("customers", "c3", customer({ number: "30", name: "Fabrikam" }));
  w.crm.put("accounts", "a3", account({ accountnumber: "30", name: "Fabrikam", city: "Bath" }));
  w.crm.put("partners", "p3", { code: "30", title: "Fabrikam" });
  const partners = entity<{ code: string | null; title: string }>()({
    ...{ name: "partners", key: "code", label: "title", creation: "natural key" },
    fields: {
      code: { kind: "text", nullable: true },
      title: { kind: "text", nullable: false, required: true },
    },
  });
  const second = defineStep({
    ...{ name: "second", dependsOn: [customers], direction: "toCrm", match: [["code"]] },
    extract: { erp: customers.extract.erp as Entity<Customer, "customers">, crm: partners },
    transform: { code: "number", title: "name" },
    load: { toCrm: { unmatched: "insert" } },
  });
  const steps = [...pipeline, second];
  const { lines } = await w.rehearse({ steps });
  assertEquals(lines.map(({ side, op, name }) => `${side} ${op} ${name}`), ["erp update Fabrikam"]);
  await w.sync({ steps });
  assertEquals(written(w), planned(lines, "erp"));
});

Deno.test("a rehearsal writes to no service and leaves the store as it was", async () => {
  const w = filled();
  const { run, lines, units } = await w.rehearse();
  assertEquals(run.status, "Finished");
  assertEquals([...w.erp.writes, ...w.crm.writes], []);
  assertEquals(await w.changes(), []);
  assertEquals(units, lines.length);
  assertEquals(
    lines.map(({ side, op, name }) => `${side} ${op} ${name}`),
    [
      "crm update Fabrikam",
      "crm insert Adatum",
      "crm insert Contoso",
      "erp insert Litware",
      "crm update planned:customers/a4/number", // the number that the ERP will give it
    ].map((text) => text.replace("planned:customers/a4/number", "Litware")),
  );
  assertEquals(lines[0]!.before, { phone: null });
  assertEquals(lines[0]!.rules, { phone: "toCrm phone ← phone" });
});

Deno.test("a second rehearsal plans the same, byte for byte", async () => {
  const w = filled();
  const first = await w.rehearse();
  assertEquals(JSON.stringify((await w.rehearse()).lines), JSON.stringify(first.lines));
});

Deno.test("the run after a rehearsal writes what was planned, field by field", async () => {
  const w = filled();
  const rehearsed = await w.rehearse();
  const run = await w.sync({ guard: guardOf(rehearsed) });
  assertEquals(run.steps.map(({ listed }) => listed), [0, 0]);
  const known = (value: unknown) => JSON.stringify(value).replaceAll(/"planned:[^"]*"|"N\d"/g, '"chosen"');
  const plan = [...planned(rehearsed.lines, "erp"), ...planned(rehearsed.lines, "crm")];
  assertEquals(written(w).map(known), plan.map(known));
  assertEquals(run.totals, rehearsed.run.totals);
});

Deno.test("a lookup finds the record that an earlier step would make", async () => {
  const w = filled();
  w.erp.put("customers", "c1", { street: "Hafen 1" });
  const streets: Step = {
    ...customers,
    ...{ name: "streets", dependsOn: [customers], direction: "toCrm", of: customers, match: [], load: {} },
    transform: { phone: "street" },
  };
  const steps = [users, customers, streets];
  const rehearsed = await w.rehearse({ steps });
  const follow = rehearsed.lines.filter(({ step }) => step === "streets");
  assertEquals(follow.map(({ name, after }) => [name, after]), [["Adatum", { phone: "Hafen 1" }]]);
  const owner = rehearsed.lines.find(({ name }) => name === "Adatum")!.after.owner;
  assertEquals(owner, "u1");
  await w.sync({ steps, guard: guardOf(rehearsed, steps) });
  assertEquals(w.crm.all("accounts").find(({ data }) => data.name === "Adatum")!.data.phone, "Hafen 1");
});

Deno.test("comparePlan() names the record and the field that moved, and what is new or needless", async () => {
  const w = filled();
  const { lines } = await w.rehearse();
  assertEquals(await compare(lines, await w.rehearse()), []);
  w.erp.put("customers", "c3", { phone: "2" });
  assertEquals(await compare(lines, await w.rehearse()), [
    'customers 30 "Fabrikam" (to the CRM): "phone" was to become "1" in the plan and is "2" now',
  ]);
  w.erp.put("customers", "c3", { phone: null });
  w.erp.put("customers", "c9", customer({ number: "90", name: "Northwind" }));
  assertEquals(await compare(lines, await w.rehearse()), [
    'customers 30 "Fabrikam" (to the CRM): the plan has it, and there is nothing to change any more',
    'customers 90 "Northwind" (to the CRM): the plan does not have it, and there is something to create now',
  ]);
});

Deno.test("planGuard() keeps what moved after the plan from being sent, and lists it", async () => {
  const w = filled();
  const rehearsed = await w.rehearse();
  w.erp.put("customers", "c3", { phone: "2" });
  w.erp.put("customers", "c9", customer({ number: "90", name: "Northwind" }));
  const run = await w.sync({ guard: guardOf(rehearsed) });
  assertEquals((await w.open()).map(({ source, codes }) => [source, codes]).sort(), [
    ["c3", ["not_planned"]],
    ["c9", ["not_planned"]],
  ]);
  assertEquals(run.steps[1]!.toCrm.counts.blocked, 2);
  assertEquals(w.crm.all("accounts").find(({ id }) => id === "a3")!.data.phone, null);
  await w.sync(); // without a plan it goes on
  assertEquals(await w.open(), []);
  assertEquals(w.crm.all("accounts").find(({ id }) => id === "a3")!.data.phone, "2");
});

Deno.test("planGuard() lets the rest of a planned write be sent when the service refuses one of its fields", async () => {
  const w = filled();
  await w.sync();
  w.erp.put("customers", "c3", { phone: "letters", street: "Hafen 1" });
  const rehearsed = await w.rehearse();
  w.crm.next({ kind: "refused", code: "Bad", message: "Cannot store the value", field: "phone" });
  await w.sync({ guard: guardOf(rehearsed) });
  const now = w.crm.all("accounts").find(({ id }) => id === "a3")!.data;
  assertEquals([now.phone, now.street], ["1", "Hafen 1"]);
  assertEquals((await w.open()).map(({ source, codes }) => [source, codes]), [["c3", ["refused"]]]);
});

Deno.test("planGuard() checks anew what moved between the decision and the write", async () => {
  const w = filled();
  const rehearsed = await w.rehearse();
  w.crm.meanwhile(() => w.crm.put("accounts", "a3", { city: "Bonn" }));
  await w.sync({ guard: guardOf(rehearsed) });
  const now = w.crm.all("accounts").find(({ id }) => id === "a3")!.data;
  assertEquals([now.phone, now.city], ["1", "Bonn"]);
  assertEquals(w.erp.all("customers").find(({ id }) => id === "c3")!.data.city, null);
  assertEquals((await w.open()).map(({ side, codes }) => [side, codes]), [["erp", ["not_planned"]]]);
});

const erpCounts: Step = { ...customers, load: { ...customers.load, conflict: "erp" } };
const overwriting = [
  ["a two-way field", [users, erpCounts], { phone: "1" }, { phone: "2" }, { phone: "777" }],
  ["a one-way field", pipeline, { terms: "30D" }, { terms: "60D" }, { terms: null }],
] as const;
for (const [what, steps, first, erp, crm] of overwriting) {
  Deno.test(`planGuard() keeps what was edited after the plan from being overwritten: ${what}`, async () => {
    const w = world();
    w.erp.put("customers", "c1", { ...customer({ number: "1", name: "Adatum" }), ...first });
    await w.sync({ steps });
    const { id } = w.crm.all("accounts")[0]!;
    w.erp.put("customers", "c1", erp);
    const rehearsed = await w.rehearse({ steps });
    assertEquals(rehearsed.lines.length, 1);
    w.crm.put("accounts", id, crm);
    const run = await w.sync({ steps, guard: guardOf(rehearsed, steps) });
    assertEquals(run.totals.modified, 0);
    const [field, value] = Object.entries(crm)[0]!;
    assertEquals(w.crm.all("accounts")[0]!.data[field], value);
    assertEquals((await w.open()).map(({ source, codes }) => [source, codes]), [["c1", ["not_planned"]]]);
    await w.sync({ steps });
    assertEquals(await w.open(), []);
  });
}

Deno.test("planGuard() keeps a record that was edited after the plan from being deleted", async () => {
  const steps = [users, { ...erpCounts, load: { ...erpCounts.load, missing: { erp: "delete" } } } as Step];
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "1", name: "Adatum", phone: "1" }));
  await w.sync({ steps });
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.remove("customers", "c1");
  const rehearsed = await w.rehearse({ steps, full: true });
  assertEquals(rehearsed.lines.map(({ op }) => op), ["delete"]);
  w.crm.put("accounts", id, { phone: "777" });
  await w.sync({ steps, full: true, guard: guardOf(rehearsed, steps) });
  assertEquals(w.crm.all("accounts").map(({ data }) => data.phone), ["777"]);
  assertEquals((await w.open()).map(({ codes }) => codes), [["not_planned"]]);
});

Deno.test("planGuard() lets this run write what a service made of its own write before", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "10", name: "Adatum", street: "Hafen 1" }));
  const streets: Step = {
    ...customers,
    ...{ name: "streets", dependsOn: [customers], direction: "toCrm", of: customers, match: [], load: {} },
    transform: { phone: toCrm("street") },
  };
  const steps = [users, customers, streets];
  const rehearsed = await w.rehearse({ steps });
  w.crm.afterwards(() => w.crm.put("accounts", w.crm.all("accounts").at(-1)!.id, { phone: "none" }));
  await w.sync({ steps, guard: guardOf(rehearsed, steps) });
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: "Hafen 1" }]);
  assertEquals(await w.open(), []);
});

Deno.test("planGuard() takes a text that looks like one of a plan's for what it says", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "1", name: "planned:customers/c1" }));
  const rehearsed = await w.rehearse();
  w.erp.put("customers", "c1", { name: "Never shown to anybody" });
  await w.sync({ guard: guardOf(rehearsed) });
  assertEquals(w.crm.all("accounts"), []);
  assertEquals((await w.open()).map(({ codes }) => codes), [["not_planned"]]);
});

const inserting: Step = { ...users, direction: "both", load: { toCrm: { unmatched: "insert" } } };
for (const other of [false, true]) {
  Deno.test(`planGuard() lets a lookup find the record that was planned alone: ${other ? "another" : "that"} one`, async () => {
    const w = world();
    const entity = { ...users.extract.crm, creation: "service id" };
    const owners = { ...inserting, extract: { ...users.extract, crm: entity } } as unknown as Step;
    const owned: Step = {
      ...customers,
      ...{ dependsOn: [owners], transform: { ...customers.transform, owner: toCrm(coupled("seller", owners)) } },
    };
    const steps = [owners, owned];
    w.erp.put("sellers", "s1", { code: "JR", email: "jona@example.com" });
    w.erp.put("sellers", "s2", { code: "PS", email: "peter@example.com" });
    w.erp.put("customers", "c1", { ...customer({ number: "1", name: "Adatum" }), seller: "JR" });
    const rehearsed = await w.rehearse({ steps });
    assertEquals(rehearsed.lines.at(-1)!.after.owner, "planned:users/s1");
    if (other) w.erp.put("customers", "c1", { seller: "PS" });
    await w.sync({ steps, guard: guardOf(rehearsed, steps) });
    assertEquals(w.crm.all("users").length, 2);
    assertEquals(w.crm.all("accounts").length, other ? 0 : 1);
    assertEquals((await w.open()).map(({ codes }) => codes), other ? [["not_planned"]] : []);
  });
}

Deno.test("a rehearsal takes what earlier runs were refused for nobody's record", async () => {
  const dealers: Step = {
    ...customers,
    ...{ name: "dealers", dependsOn: [users, customers], direction: "toCrm", match: [["name"]] },
    extract: { erp: users.extract.erp, crm: customers.extract.crm },
    transform: { name: "code", phone: "email" },
    load: { toCrm: { unmatched: "insert" } },
  };
  const steps = [users, customers, dealers];
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "1", name: "JR" }));
  for (let times = 0; times < 2; times++) {
    w.crm.next({ kind: "refused", code: "no", message: "Not now" });
    await w.sync();
  }
  w.erp.put("sellers", "s1", { code: "JR", email: "1@x" });
  const rehearsed = await w.rehearse({ steps });
  assertEquals(rehearsed.lines.map(({ step, op }) => [step, op]), [["dealers", "insert"]]);
  await w.sync({ steps, guard: guardOf(rehearsed, steps) });
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "JR", phone: "1@x" }]);
});

Deno.test("what an earlier run left without an answer is told, and its record left alone", async () => {
  const w = filled();
  w.stopAfterWrite("erp");
  await assertRejects(() => w.sync(), Error, "stopped");
  w.erp.put("customers", "c9", customer({ number: "90", name: "Northwind" }));
  const { lines, store } = await w.rehearse();
  const { inDoubt } = await listedOf(customers, { store, connection: "c" });
  assertEquals(inDoubt.map(({ side, op, source }) => `${side} ${op} ${source}`).sort(), [
    "crm insert c1",
    "crm insert c2",
    "crm update c3",
    "erp insert a4",
  ]);
  assertEquals(lines.map(({ name }) => name), ["Northwind"]);
  await w.sync();
  assertEquals((await w.rehearse()).lines, []);
});

Deno.test("a run with a guard asks nobody what an earlier run left", async () => {
  const asked: string[] = [];
  const w = world((port) => {
    if (!("open" in port)) return port;
    const open: Connector["open"] = (entity, parts) => {
      const opened = (port as unknown as Connector).open(entity, parts);
      const recall: typeof opened.recall = (writes, options) => {
        asked.push("recall");
        return opened.recall(writes, options);
      };
      return { ...opened, recall };
    };
    return { ...port, open };
  });
  w.erp.put("customers", "c2", customer({ number: "20", name: "Contoso" }));
  await w.sync();
  w.erp.put("customers", "c1", customer({ number: "10", name: "Adatum" }));
  w.erp.put("customers", "c2", { phone: "2" });
  w.stopAfterWrite("crm");
  await assertRejects(() => w.sync(), Error, "stopped");
  w.erp.put("customers", "c2", { phone: "3" });
  const rehearsed = await w.rehearse();
  assertEquals(rehearsed.lines, []);
  await w.sync({ guard: guardOf(rehearsed) });
  assertEquals(asked, []);
  assertEquals((await w.changes()).map(({ op, state }) => `${op} ${state}`), [
    "insert done",
    "update sent",
    "insert sent",
  ]);
  await w.sync();
  assertEquals(asked, ["recall"]);
  assertEquals((await w.changes()).filter(({ state }) => state === "sent"), []);
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: "3" }, { phone: null }]);
});

Deno.test("isPlaceholder() knows what a service chooses", async () => {
  const { lines } = await filled().rehearse();
  const number = lines.at(-1)!.after.accountnumber;
  assert(isPlaceholder(number));
  assert(!isPlaceholder("10"));
  assert(!isPlaceholder(null));
});

Deno.test("runPipeline() lists, and does not count as failed, what a plan does not have", async () => {
  const steps = [users, { ...customers, load: { ...customers.load, conflict: "erp" } } as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", w.crm.all("accounts")[0]!.id, { phone: "3" });
  const run = await w.sync({ steps, guard: { allows: () => Promise.resolve(false) } });
  const { blocked, failed } = run.steps[1]!.toCrm.counts;
  assertEquals([blocked, failed, (await w.open()).flatMap(({ codes }) => codes)], [1, 0, ["not_planned"]]);
  assertEquals((await w.changes()).flatMap((change) => change.lost), []); // the CRM has its value still
});
