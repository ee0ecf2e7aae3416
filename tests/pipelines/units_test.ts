import { assertEquals } from "@std/assert";
import { units } from "../../pipelines/units.ts";
import { created, merged } from "./rows.ts";

Deno.test("units makes a unit group whose base unit has the unit's code", () => {
  const { fields, stops } = created(units, "crm", { source: { code: "PCS", displayName: "Piece" } });
  assertEquals(fields, { name: "NAV PCS", baseuomname: "PCS" });
  assertEquals(stops, false);
});

Deno.test("units leaves a group that stands as it is", () => {
  const met = { erp: { code: "PCS" }, crm: { name: "NAV PCS", baseuomname: "Piece" }, base: null };
  assertEquals(merged(units, met), { crm: {}, erp: {}, agreed: ["name"], reasons: { crm: [], erp: [] } });
});
