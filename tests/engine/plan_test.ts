import { assertEquals, assertThrows } from "@std/assert";
import { cycleOf, graphMermaid, graphText, headsOf, order, ready, select } from "../../engine/plan.ts";
import { defineStep, type Direction, type Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import { crm, erp } from "../types/fixtures/entities.ts";

function step(name: string, dependsOn: readonly Step[] = [], direction: Direction = "toCrm"): Step {
  return defineStep({
    name,
    dependsOn,
    direction,
    extract: { erp: erp.countries, crm: crm.territories },
    transform: {},
  });
}

const people = step("people");
const money = step("money", [], "fromCrm");
const customers = step("customers", [people, money], "both");
const things = step("things");
const persons = step("contact persons", [customers]);
const all = [persons, customers, things, money, people];

function names(steps: readonly Step[]): readonly string[] {
  return steps.map((one) => one.name);
}
/** The steps of a circle can only be made by changing a definition after it was made. */
function circle(): readonly Step[] {
  const a = step("a");
  const b = step("b", [a]);
  const c = step("c", [b]);
  (a as { dependsOn: readonly Step[] }).dependsOn = [c];
  return [step("before"), a, b, c];
}

Deno.test("order() puts every step after its dependencies and otherwise keeps the order of declaration", () => {
  assertEquals(names(order(all)), ["things", "money", "people", "customers", "contact persons"]);
  assertEquals(names(order([people, money, customers])), ["people", "money", "customers"]);
});

Deno.test("order() does not look at dependencies outside the list", () => {
  assertEquals(names(order([persons, customers])), ["customers", "contact persons"]);
});

Deno.test("order() refuses a circle and names it", () => {
  const error = assertThrows(() => order(circle()), DefinitionError, "a → c → b → a");
  assertEquals(error.code, "definition_invalid");
});

Deno.test("cycleOf() is null where there is no circle, however often a step is reached", () => {
  const top = step("top");
  const left = step("left", [top]);
  const right = step("right", [top]);
  assertEquals(cycleOf([step("end", [left, right]), left, right, top]), null);
  assertEquals(cycleOf(circle()), ["a", "c", "b", "a"]);
});

Deno.test("ready() gives what is not started and waits for nothing", () => {
  assertEquals(names(ready(all, new Set(), new Set())), ["things", "money", "people"]);
  assertEquals(names(ready(all, new Set(["people"]), new Set(["money"]))), ["things"]);
  assertEquals(names(ready(all, new Set(["people", "money"]), new Set())), ["customers", "things"]);
  assertEquals(names(ready(all, new Set(names(all)), new Set())), []);
});

Deno.test.each([
  { selector: "customers", steps: ["customers"] },
  { selector: "+customers", steps: ["money", "people", "customers"] },
  { selector: "money+", steps: ["money", "customers", "contact persons"] },
  { selector: "+customers+", steps: ["money", "people", "customers", "contact persons"] },
  { selector: "people,things", steps: ["things", "people"] },
  { selector: "people things", steps: ["things", "people"] },
  { selector: " people , +customers people", steps: ["money", "people", "customers"] },
  { selector: "contact persons", steps: ["contact persons"] },
  { selector: "+contact persons, things", steps: ["things", "money", "people", "customers", "contact persons"] },
])("select() understands $selector", ({ selector, steps }) => {
  assertEquals(select(all, selector), { steps, record: null });
});

Deno.test("select() takes everything after the first slash as the key of one record", () => {
  assertEquals(select(all, "customers/10000").record, { step: "customers", key: "10000" });
  assertEquals(select(all, "contact persons/A/B, 7+"), {
    steps: ["contact persons"],
    record: { step: "contact persons", key: "A/B, 7+" },
  });
});

Deno.test.each([
  { selector: "custmers", message: 'Cannot select "custmers": no step has this name; did you mean "customers"?' },
  { selector: "custmers/1", message: 'Cannot select "custmers": no step has this name; did you mean "customers"?' },
  {
    selector: "+zebra+",
    message:
      'Cannot select "zebra": no step has this name; the steps are things, money, people, customers, contact persons',
  },
  { selector: "2+customers", message: 'Cannot select "2+customers": no step has this name; did you mean "customers"?' },
  {
    selector: " , ",
    message: "Cannot select steps: the selector is empty; " +
      "name at least one of things, money, people, customers, contact persons",
  },
  {
    selector: "customers/",
    message: 'Cannot select a record of "customers": nothing stands after the slash; write its key or id there',
  },
])("select() refuses $selector", ({ selector, message }) => {
  const error = assertThrows(() => select(all, selector), DefinitionError);
  assertEquals([error.code, error.message], ["unknown_step", message]);
});

Deno.test("select() takes all steps of a document where one of them is named", () => {
  const orders = step("orders", [people]);
  const lines = { ...step("lines", [orders, money]), under: orders };
  const more = [...all, orders, lines];
  assertEquals(select(more, "lines").steps, ["orders", "lines"]);
  assertEquals(select(more, "orders").steps, ["orders", "lines"]);
  assertEquals(select(more, "lines/7"), { steps: ["orders", "lines"], record: { step: "orders", key: "7" } });
});

Deno.test("headsOf() makes the head wait for what its parts wait for", () => {
  const orders = step("orders", [people]);
  const lines = { ...step("lines", [orders, money]), under: orders };
  const state = step("state", [lines]);
  const heads = headsOf([people, money, orders, lines, state]);
  const waits = heads.map((one) => [one.name, one.dependsOn.map((needed) => needed.name)]);
  assertEquals(waits, [["people", []], ["money", []], ["orders", ["people", "money"]], ["state", ["orders"]]]);
});

Deno.test("graphText() shows waves, directions and what each step waits for", () => {
  assertEquals(
    graphText(all),
    [
      "1  things           countries → territories",
      "   money            countries ← territories",
      "   people           countries → territories",
      "2  customers        countries ⇄ territories  after people, money",
      "3  contact persons  countries → territories  after customers",
    ].join("\n"),
  );
  assertEquals(graphText([]), "");
});

Deno.test("graphMermaid() draws an arrow to each step from those it depends on", () => {
  assertEquals(
    graphMermaid([customers, people, money, step('the "rest"')]),
    [
      "flowchart LR",
      '  s1["people"]',
      '  s2["money"]',
      '  s3["customers"]',
      '  s4["the #quot;rest#quot;"]',
      "  s1 --> s3",
      "  s2 --> s3",
    ].join("\n"),
  );
});
