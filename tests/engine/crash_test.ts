import { assertEquals } from "@std/assert";
import { stopEverywhere } from "./crashing.ts";
import { account, customer, type World, world } from "./world.ts";

function populated(wrap?: <T extends object>(port: T) => T): World {
  const made = wrap === undefined ? world() : world(wrap);
  made.erp.put("customers", "c1", customer({ number: "C1", name: "Anna", city: "Akureyri", phone: "1" }));
  made.erp.put("customers", "c2", customer({ number: "C2", name: "Björk" }));
  made.crm.put("accounts", "a1", account({ name: "ANNA", city: "akureyri", phone: null }));
  made.crm.put("accounts", "a2", account({ name: "Łukasz", phone: "7" }));
  return made;
}

/** Every name on each side, once; the number that the ERP gave stands in the CRM. */
function assertWhole(made: World, when: string): void {
  const names = (table: "customers" | "accounts") =>
    made[table === "customers" ? "erp" : "crm"].all(table).map((row) => String(row.data.name).toLowerCase()).sort();
  assertEquals(names("customers"), ["anna", "björk", "łukasz"], when);
  assertEquals(names("accounts"), ["anna", "björk", "łukasz"], when);
  const numbers = (table: "customers" | "accounts", field: string) =>
    made[table === "customers" ? "erp" : "crm"].all(table).map((row) => row.data[field]).sort();
  assertEquals(numbers("accounts", "accountnumber"), numbers("customers", "number"), when);
}

Deno.test("runPipeline() loses nothing and doubles nothing, wherever it is stopped", async () => {
  const stops = await stopEverywhere((wrap) => {
    const made = populated(wrap);
    return { ...made, writes: () => [made.erp.writes.length, made.crm.writes.length] };
  }, (made, when) => assertWhole(made, when));
  assertEquals(stops > 100, true, `${stops} stops`);
});
