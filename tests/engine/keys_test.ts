/** What is told beforehand of records that are not coupled yet. */
import { assert, assertEquals } from "@std/assert";
import type { Fields } from "../../connectors/connector.ts";
import type { PageSave, RecordKeys, Settlement, Store } from "../../store/store.ts";
import { type Account, account, type Customer, customer, customers, users, type World, world } from "./world.ts";

/** Decides every pair by itself: what both sides agree in is taken from the keys. */
function blind<T extends object>(port: T): T {
  if (!("savePage" in port)) return port;
  const store = port as unknown as Store;
  const without = (keys: readonly RecordKeys[] = []) => keys.map((one) => ({ ...one, agrees: null }));
  const savePage = (connection: string, step: string, side: "erp" | "crm", page: PageSave) =>
    store.savePage(connection, step, side, page.keys === undefined ? page : { ...page, keys: without(page.keys) });
  const save = (connection: string, step: string, { keys, ...settlement }: Settlement) =>
    store.save(
      connection,
      step,
      keys === undefined ? settlement : { ...settlement, keys: { erp: without(keys.erp), crm: without(keys.crm) } },
    );
  return new Proxy(port, {
    get: (target, name) => name === "savePage" ? savePage : name === "save" ? save : Reflect.get(target, name),
  });
}

/** Numbers below `most` that follow from the seed. */
function chances(seed: number): (most: number) => number {
  let state = seed * 2654435761 % 2147483647 + 1;
  return (most) => (state = state * 48271 % 2147483647) % most;
}

function fill(w: World, seed: number): void {
  const chance = chances(seed);
  const one = <V>(...values: V[]): V => values[chance(values.length)]!;
  for (const id of ["u1", "u2"]) w.crm.put("users", id, { email: `${id}@x`, nick: null });
  w.erp.put("sellers", "s1", { code: "S1", email: "u1@x" });
  w.erp.put("sellers", "s2", { code: "S2", email: "nobody@x" });
  for (let n = 0; n < 8; n++) {
    const own = { name: one(`N${n}`, `N${n}`, ` N${n}`), phone: one(null, "1", ""), city: one(null, "Bath") };
    const street = one(null, "Mill Lane");
    const terms = one(null, null, "30D", "60D", "90D");
    const erp = { ...own, number: `C${n}`, street, terms, seller: one(null, "S1", "S1", "S2") };
    w.erp.put("customers", `c${n}`, customer(erp as Parameters<typeof customer>[0]));
    const crm: Fields = {
      ...{ accountnumber: one(`C${n}`, `C${n}`, `c-${n}`, null), name: own.name.trim(), kind: one(3, 3, 3, 1) },
      ...{
        phone: one(own.phone, own.phone, "2"),
        city: one(own.city, own.city, "Leeds"),
        street: one(street, street, null),
      },
      terms: one(terms === "30D" ? 1 : terms === "60D" ? 2 : null, 1),
      owner: one(erp.seller === "S1" ? "u1" : null, "u2"),
    };
    if (chance(6) > 0) w.crm.put("accounts", `a${n}`, account(crm as Parameters<typeof account>[0]));
  }
}

/** All that can be told of a world: what the store reports, what both services have, how the runs went. */
async function told(w: World, seed: number): Promise<unknown> {
  fill(w, seed);
  const runs = [await w.sync(), await w.sync()];
  const report = await Array.fromAsync(w.store.report("c", ["users", "customers"]));
  const ids = w.erp.all("customers").map(({ id }) => id);
  const pairs = await w.store.lookup("c", "customers", "erp", "id", ids);
  const tables = [w.erp.all("customers"), w.erp.all("sellers"), w.crm.all("accounts"), w.crm.all("users")];
  return {
    report,
    pairs,
    tables,
    changes: await w.changes(),
    runs: runs.map(({ steps, totals }) => ({ steps, totals })),
  };
}

Deno.test("keysOf() tells beforehand that two records agree only where a decision says so too", async () => {
  let agreed = 0;
  let all = 0;
  const counting = <T extends object>(port: T): T =>
    !("match" in port) ? port : new Proxy(port, {
      get: (target, name) =>
        name !== "match" ? Reflect.get(target, name) : async (...given: Parameters<Store["match"]>) => {
          const matched = await (target as unknown as Store).match(...given);
          agreed += matched.agreed;
          all += matched.coupled;
          return matched;
        },
    });
  for (let seed = 1; seed <= 40; seed++) {
    assertEquals(await told(world(counting), seed), await told(world(blind), seed), `seed ${seed}`);
  }
  assert(agreed > 20 && all > 3 * agreed, `${agreed} of ${all} pairs agree`);
});

Deno.test("keysOf() tells nothing beforehand where a decision table or a control total has a word", async () => {
  const pairOf = async (w: World, step = customers) => {
    w.crm.put("users", "u1", { email: "u1@x", nick: null });
    w.erp.put("sellers", "s1", { code: "S1", email: "u1@x" });
    w.erp.put("customers", "c1", customer({ number: "C1", name: "One", seller: "S1" as Customer["seller"] }));
    w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One", owner: "u1" as Account["owner"] }));
    let agreed = 0;
    const { store } = w;
    const { match } = store;
    store.match = async (...given) => {
      const matched = await match(...given);
      if (given[1] === "customers") agreed += matched.agreed;
      return matched;
    };
    await w.sync({ steps: [users, step] });
    return [agreed, (await store.step("c", "customers")).coupled];
  };
  assertEquals(await pairOf(world(), customers), [1, 1]);
  assertEquals(await pairOf(world(), { ...customers, authority: [{ who: "nobody" }] }), [0, 1]);
  assertEquals(await pairOf(world(), { ...customers, control: { phone: "phone" } }), [0, 1]);
});
