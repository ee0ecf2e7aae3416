/** What a first run need not ask the store, since it has just read it. */
import { assertEquals } from "@std/assert";
import type { Key } from "../../connectors/connector.ts";
import { compile } from "../../engine/compile.ts";
import { type Followed, readLookups } from "../../engine/lookups.ts";
import type { Step } from "../../engine/step.ts";
import type { RecordFilter, Store } from "../../store/store.ts";
import { account, customer, customers, users, type World, world } from "./world.ts";

/** Wraps a store, and keeps what each call of a method was given. */
function watched<M extends "records" | "lookup">(method: M) {
  const calls: Parameters<Store[M]>[] = [];
  const wrap = <T extends object>(port: T): T =>
    method in port
      ? new Proxy(port, {
        get: (target, name) => {
          const member = Reflect.get(target, name);
          if (name !== method) return member;
          return (...given: Parameters<Store[M]>) => {
            calls.push(given);
            return (member as (...given: unknown[]) => unknown)(...given);
          };
        },
      })
      : port;
  return { calls, wrap };
}

function fill(w: World): void {
  w.crm.put("users", "u1", { email: "u1@x", nick: null });
  w.erp.put("sellers", "s1", { code: "S1", email: "u1@x" });
  const seller = "S1" as Key<"sellers">;
  w.erp.put("customers", "c1", customer({ number: "C1", name: "One", seller }));
  w.erp.put("customers", "c2", customer({ number: "C2", name: "Two", seller: "S2" as Key<"sellers"> }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One", owner: null }));
}

Deno.test("runPipeline() looks for records without keys only where it did not make them all while it read", async () => {
  const { calls, wrap } = watched("records");
  const w = world(wrap);
  fill(w);
  const looked = () => {
    const filters = calls.splice(0).filter(([, step]) => step === "customers").map(([, , , filter]) => filter);
    return filters.flatMap((filter: RecordFilter) => "unkeyed" in filter ? [filter.unkeyed.groups] : []);
  };
  const coupled = async () => (await w.sync()).steps.find(({ step }) => step === "customers")!.coupled;
  assertEquals(await coupled(), 1);
  assertEquals(looked(), []);
  w.crm.put("accounts", "a2", account({ accountnumber: "C2", name: "Two" }));
  assertEquals(await coupled(), 2);
  assertEquals(looked().includes(1), true);
});

Deno.test("readLookups() asks nothing again that rows pointed at before", async () => {
  const { calls, wrap } = watched("lookup");
  const w = world(wrap);
  fill(w);
  await w.sync({ steps: [users] });
  const rows = (...sellers: string[]) =>
    sellers.map((seller) => ({
      erp: customer({ number: "C", name: "C", seller: seller as Key<"sellers"> }),
      crm: null,
    }));
  const store = wrap(w.store);
  const asked = () => calls.splice(0).map(([, step, , , values]) => [step, ...values]);
  asked();
  const found: Followed = new Map();
  const rule = compile(customers).rules.find(({ crm }) => crm === "owner")!;
  const follow = async (step: Step, ...sellers: string[]) => {
    const lookups = await readLookups(store, "c", compile(step), rows(...sellers), found);
    return sellers.map((seller) => lookups.forward(rule, seller));
  };
  const [known, unknown] = await follow(customers, "S1", "S2");
  assertEquals(known, { value: "u1" });
  assertEquals("reason" in unknown!, true);
  assertEquals(asked(), [["users", "S1", "S2"]]);
  assertEquals(await follow(customers, "S2", "S1"), [unknown, known]);
  assertEquals(asked(), []);
  await follow(customers, "S1", "S3");
  assertEquals(asked(), [["users", "S3"]]);
  const own = { ...customers, name: "users" }; // as if its rows pointed at its own records, whose couplings still come
  await follow(own, "S1");
  assertEquals(asked(), [["users", "S1"]]);
});
