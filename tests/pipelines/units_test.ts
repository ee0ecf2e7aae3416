import { assertEquals } from "@std/assert";
import { itemUnits } from "../../pipelines/item_units.ts";
import { resourceUnits } from "../../pipelines/resource_units.ts";
import { unitGroups } from "../../pipelines/unit_groups.ts";
import { units } from "../../pipelines/units.ts";
import { created, merged } from "./rows.ts";

Deno.test("units makes a unit group whose base unit has the unit's code", () => {
  const { fields, stops } = created(units, "crm", { source: { code: "PCS", displayName: "Piece" } });
  assertEquals(fields, { name: "NAV PCS", baseuomname: "PCS" });
  assertEquals(stops, false);
});

Deno.test("units leaves a group that stands as it is", () => {
  const met = { erp: { code: "PCS" }, crm: { name: "NAV PCS", baseuomname: "Piece" }, base: null };
  assertEquals(merged(units, met), {
    crm: {},
    erp: {},
    agreed: ["name"],
    differing: [],
    reasons: { crm: [], erp: [] },
    lost: { crm: [], erp: [] },
  });
});

Deno.test("unit groups makes the group of an item or resource with its base unit", () => {
  const source = { code: "Item 1896-S", name: "ITEM 1896-S UOM GR", baseUnitOfMeasureCode: "PCS" };
  const { fields, stops } = created(unitGroups, "crm", { source });
  assertEquals([fields, stops], [{ name: "ITEM 1896-S UOM GR", baseuomname: "PCS" }, false]);
  const none = created(unitGroups, "crm", { source: { ...source, baseUnitOfMeasureCode: null } });
  assertEquals([none.stops, none.reasons.map(({ code }) => code)], [true, ["required_blank"]]);
});

for (const step of [itemUnits, resourceUnits]) {
  const source = { unit: "Item 1896-S BOX", unitGroupCode: "Item 1896-S", code: "BOX", quantityPerUnitOfMeasure: "12" };
  const coupled = { uomscheduleid: { "Item 1896-S": "group-id" } };
  Deno.test(`${step.name} makes a unit in the group of what it counts`, () => {
    const { fields, stops } = created(step, "crm", { source, coupled });
    assertEquals([fields, stops], [{ uomscheduleid: "group-id", name: "BOX", quantity: "12" }, false]);
    assertEquals(created(step, "crm", { source }).reasons.map(({ code }) => code), ["waiting"]);
  });
  Deno.test(`${step.name} writes a new quantity and is matched within its group`, () => {
    const crm = { uomscheduleid: "group-id", name: "BOX", quantity: "12" };
    const now = { ...source, quantityPerUnitOfMeasure: "10" };
    const decided = merged(step, { erp: now, crm, base: { erp: source, crm }, coupled });
    assertEquals(decided.crm, { quantity: "10" });
    assertEquals(step.match, [["uomscheduleid", "name"]]);
  });
}
