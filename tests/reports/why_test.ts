import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { nextAfterWhy } from "../../cli/next_command.ts";
import { whyText } from "../../cli/why_text.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import { whyOf } from "../../reports/why.ts";
import type { Step } from "../../engine/step.ts";
import type { Change } from "../../store/store.ts";
import { resolve } from "../engine/resolving.ts";
import { account, customer, customers, users, type World, world } from "../engine/world.ts";

const steps = [users, customers];
const why = (w: World, record: string) => whyOf({ store: w.store, connection: "c", steps }, record);
const now = "2026-01-02T00:00:00Z";

async function coupled(): Promise<World> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1", city: "Oslo" }));
  await w.sync();
  return w;
}

Deno.test("whyOf() says plainly that nothing blocks a pair, and what decides each field", async () => {
  const found = await why(await coupled(), "customers/C1");
  assertEquals([found.state, found.coupling?.how, found.blocks], ["coupled", "created in the CRM", []]);
  assertEquals(found.fields.map(({ rule, equal }) => [rule, equal]), [
    ["accountnumber ← number, to the CRM only", true],
    ["name ← name, through trimmed, both ways, conflict: stop", true],
    ["phone ← phone, both ways, conflict: stop", true],
    ["street ← street, group address, both ways, conflict: stop", true],
    ["city ← city, group address, both ways, conflict: stop", true],
    ["terms ← terms, by a value map, to the CRM only", true],
    ["owner ← seller, through the couplings of users, to the CRM only", true],
    ["kind ← constant 3, to the CRM only", true],
  ]);
  const text = whyText(found, now);
  assertStringIncludes(text, "\n\nNothing blocks it\n\n");
  assertMatch(text, /Last writes\n.*CRM {2}insert, done\n/);
});

Deno.test("whyOf() shows who changed what of a conflict", async () => {
  const w = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", w.crm.all("accounts")[0]!.id, { phone: "3" });
  await w.sync();
  const found = await why(w, "customers/C1");
  assertEquals(found.blocks.map(({ code, field, remedy }) => [code, field, remedy]), [
    ["conflict", "phone", "deno task conflicts show 'customers/C1'"],
  ]);
  assertMatch(whyText(found, now), /phone ← phone, both ways, conflict: stop +"2" +"3" +"1" +both changed/);
});

Deno.test("whyOf() shows what decides where two meet, and the value that a person chose until it is carried out", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One", phone: "2" }));
  await w.sync();
  const rule = async () => (await why(w, "customers/C1")).fields.find(({ field }) => field.crm === "phone")!.rule;
  assertEquals(await rule(), "phone ← phone, both ways, first meeting: stop");
  await resolve(w, steps, { value: "9" });
  const text = whyText(await why(w, "customers/C1"), now);
  assertStringIncludes(text, '\n\nDecided by a person, carried out by the next sync: phone "9"\nNothing blocks it\n');
  await w.sync();
  assertEquals([(await why(w, "customers/C1")).chosen, await rule()], [{}, "phone ← phone, both ways, conflict: stop"]);
});

Deno.test("whyOf() has the payload of a refused write, its answer, and when it is tried again", async () => {
  const w = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.next({ kind: "refused", code: "no", message: "No" });
  await w.sync();
  const [open] = await w.store.changes("c", { states: ["open"] }, { limit: 9 });
  const reasons = open!.reasons.map((reason) => ({ ...reason, sent: { phone: "2" } }));
  const later: Change = { ...open!, reasons, retryAt: "2026-03-01T00:00:00Z" };
  await w.store.save("c", "customers", { changes: [later] });
  const text = whyText(await why(w, "customers/C1"), now);
  assertStringIncludes(text, '\n    tried 1 time, not again before 2026-03-01T00:00:00Z, phone "2" is set aside\n');
  assertStringIncludes(text, 'CRM  update, open\n    phone "1" → "2"\n    refused: No (no); it was to write "phone"');
});

Deno.test("whyOf() says that a value which was set aside is not sent again by itself", async () => {
  const w = await coupled();
  w.erp.put("customers", "e1", { phone: "letters", street: "Via" });
  w.crm.next({ kind: "refused", code: "no", message: "No", field: "phone" });
  await w.sync();
  const found = await why(w, "customers/C1");
  assertEquals(found.blocks.map(({ remedy }) => remedy), [
    "another value; deno task retry --select 'customers/C1' sends this one once more",
  ]);
  // The city is written with the street, and did not change.
  assertMatch(whyText(found, now), /Last writes\n.*CRM {2}update, open\n {4}street blank → "Via"\n {4}refused/);
});

Deno.test("whyOf() follows what a record waits for", async () => {
  const w = world();
  w.erp.put("sellers", "s1", { code: "S1", email: "s@x" });
  w.crm.put("users", "u1", { email: "s@x", nick: null });
  w.crm.put("users", "u2", { email: "s@x", nick: null });
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", seller: "S1" as never }));
  await w.sync();
  const found = await why(w, "customers/C1");
  assertEquals(found.blocks.map(({ code }) => code), ["waiting"]);
  assertEquals(found.waitsFor.map(({ record, state }) => [record, state]), [["users/S1", "only_in_erp"]]);
  assertEquals(found.blocks[0]!.remedy, "deno task why 'users/S1' says how that one stands");
  assertStringIncludes(whyText(found, now), "It waits for users/S1: only_in_erp");
});

Deno.test("whyOf() names the record that 50 wait for, pairs and creations, and nothing once it is coupled", async () => {
  const w = world();
  const put = (n: number, seller: string | null) =>
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, seller: seller as never }));
  for (let n = 0; n < 60; n++) put(n, null);
  await w.sync();
  w.erp.put("sellers", "s1", { code: "ANN", email: "ann@erp.example" });
  w.crm.put("users", "u1", { email: "ann@crm.example", nick: null });
  const waiting = Array.from({ length: 50 }, (_, at) => at + 30); // 30 have accounts, 20 are new
  for (const n of waiting) put(n, "ANN");
  const run = await w.sync();
  assertEquals([run.steps[1]!.toCrm.counts.blocked, run.steps[1]!.listed], [50, 50]);
  for (const n of waiting) {
    const { blocks, waitsFor } = await why(w, `customers/C${n}`);
    assertEquals(blocks.map(({ code, remedy }) => [code, remedy]), [
      ["waiting", "deno task why 'users/ANN' says how that one stands"],
    ]);
    assertEquals(waitsFor.map(({ record, state }) => [record, state]), [["users/ANN", "only_in_erp"]]);
  }
  await coupleByHand({ store: w.store, connection: "c", steps }, "users", {
    erp: "ANN",
    crm: "ann@crm.example",
    now: "2026-02-01T00:00:00Z",
  });
  const released = await w.sync();
  assertEquals([released.steps[1]!.toCrm.counts.modified, released.steps[1]!.toCrm.counts.inserted], [30, 20]);
  assertEquals(released.steps.map(({ listed }) => listed), [0, 0]);
  for (const n of waiting) {
    const { state, blocks, waitsFor, fields } = await why(w, `customers/C${n}`);
    assertEquals([state, blocks, waitsFor], ["coupled", [], []]);
    assertEquals(fields.find(({ field }) => field.crm === "owner")!.crm, "u1");
  }
});

Deno.test("whyOf() says why a pair is over, and couples no record that is gone", async () => {
  const over = async (w: World) => {
    const { state, blocks } = await why(w, "customers/C1");
    assertEquals([state, blocks.map(({ code }) => code)], ["tombstone", ["over"]]);
    return [blocks[0]!.message, blocks[0]!.remedy];
  };
  const load = { ...customers.load, missing: { erp: "uncouple", crm: "uncouple" } } as Step["load"];
  const step = { ...customers, load };
  for (const side of ["erp", "crm"] as const) {
    const w = await coupled();
    const { id } = w.crm.all("accounts")[0]!;
    if (side === "erp") w.erp.remove("customers", "e1");
    else w.crm.remove("accounts", id);
    await w.sync({ steps: [users, step] });
    const gone = side.toUpperCase();
    assertEquals(await over(w), [
      `The pair is over: the ${gone}'s record is gone, and it is not created again`,
      `deno task couple 'customers' ${side === "erp" ? `ERP ${id}` : "e1 CRM"} gives it another record of the ${gone}`,
    ]);
  }
  const away = { ...customers, extract: { ...customers.extract, erp: customers.extract.erp.where({ city: "Oslo" }) } };
  const leaving = [users, { ...away, load: { ...customers.load, left: { erp: "uncouple" } } } as Step];
  const parted = world();
  parted.erp.put("customers", "e1", customer({ number: "C1", name: "One", city: "Oslo" }));
  await parted.sync({ steps: leaving });
  parted.erp.put("customers", "e1", { city: "Rome" });
  await parted.sync({ steps: leaving });
  const [message, remedy] = await over(parted);
  const outside = "; the ERP's lies outside the step's filter";
  assertEquals(message, `The two are uncoupled, and neither is created again${outside}`);
  assertEquals(remedy!.endsWith(", once it fits the filter again, couples them again"), true, remedy);
  const w = await coupled();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.remove("customers", "e1");
  w.crm.remove("accounts", id);
  await w.sync();
  assertEquals(await over(w), ["The pair is over: both records are gone", "nothing"]);
  const { blocks } = await why(w, "customers/C1");
  assertEquals(nextAfterWhy({ step: "customers", blocks, waitsFor: [] }, "customers/C1"), "deno task report");
});

Deno.test("whyOf() tells the brake that kept what was decided from being sent", async () => {
  const w = await coupled();
  for (let n = 2; n < 30; n++) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}` }));
  w.erp.put("customers", "e1", { phone: "2" });
  const { error } = (await w.sync()).steps[1]!;
  for (const number of ["C1", "C29"]) {
    const { blocks } = await why(w, `customers/${number}`);
    assertEquals(blocks.map(({ code, message }) => [code, message]), [["brake", error!.message]]);
    assertStringIncludes(blocks[0]!.message, "--allow creations");
    assertEquals(
      nextAfterWhy({ step: "customers", blocks, waitsFor: [] }, number),
      "deno task plan --select customers --allow creations",
    );
  }
  await w.sync({ allow: new Set(["creations"]) });
  for (const number of ["C1", "C29"]) assertEquals((await why(w, `customers/${number}`)).blocks, []);
  // A run that was stopped while it wrote is another matter.
  w.erp.put("customers", "e1", { phone: "3" });
  w.stopAfterWrite("crm");
  await assertRejects(() => w.sync());
  assertEquals((await why(w, "customers/C1")).blocks.map(({ code }) => code), ["stopped_run"]);
});

Deno.test("whyOf() says why a record is uncoupled, as the report does", async () => {
  const w = world();
  w.crm.put("users", "u1", { email: "s@x", nick: null });
  await w.sync();
  const found = await why(w, "users/u1");
  assertEquals([found.state, found.uncoupled?.code], ["only_in_crm", "no_candidate"]);
  assertStringIncludes(
    whyText(found, now),
    "Uncoupled: No record on the other side matches it (no_candidate)\n\n" +
      "What couples it: a record there that its keys match, or deno task couple users ERP 's@x'",
  );
});

Deno.test("whyOf() tells a record that has several candidates", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One" }));
  w.crm.put("accounts", "a2", account({ accountnumber: "C1", name: "Two" }));
  await w.sync();
  const found = await why(w, "customers/e1");
  assertEquals([found.state, found.blocks[0]?.remedy], [
    "ambiguous",
    "make the keys unique, or deno task couple 'customers' ERP CRM",
  ]);
});
