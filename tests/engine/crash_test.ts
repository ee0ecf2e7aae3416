import { assertEquals } from "@std/assert";
import { account, customer, type World, world } from "./world.ts";

class Crash extends Error {}

/**
 * Stops the program at the n-th call of the store or of a service, before it takes effect or after: nothing of the
 * engine goes on from there, since every later call stops as well.
 */
function crashing(at: number, after: boolean): { wrap: <T extends object>(port: T) => T; calls: () => number } {
  let calls = 0;
  const stop = () => Promise.reject(new Crash());
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function" || name === "requests") return member;
        if (name === "open") return (...given: unknown[]) => wrap(member.apply(target, given));
        return (...given: unknown[]) => {
          const call = ++calls;
          const isAsync = name !== "read" && name !== "report";
          if (call > at || (call === at && (!after || !isAsync))) {
            if (isAsync) return stop();
            throw new Crash();
          }
          const result = member.apply(target, given);
          return call === at ? Promise.resolve(result).then(stop) : result;
        };
      },
    });
  return { wrap, calls: () => calls };
}

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
  let stops = 0;
  for (const after of [false, true]) {
    for (let at = 1;; at++) {
      let crash: ReturnType<typeof crashing> | null = crashing(at, after);
      const made = populated((port) =>
        new Proxy(port, { get: (target, name) => Reflect.get(crash === null ? target : crash.wrap(target), name) })
      );
      const calls = crash.calls;
      await made.sync().catch((error) => assertEquals(error instanceof Crash, true, String(error)));
      const ended = calls() < at;
      crash = null; // the program is started again
      await made.sync();
      await made.sync();
      assertWhole(made, `stopped ${after ? "after" : "before"} call ${at}`);
      const before = [made.erp.writes.length, made.crm.writes.length];
      await made.sync();
      assertEquals([made.erp.writes.length, made.crm.writes.length], before, "a further run writes nothing");
      if (ended) break;
      stops++;
    }
  }
  assertEquals(stops > 100, true, `${stops} stops`);
});
