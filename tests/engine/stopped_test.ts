/** What a run that came to no end leaves to the next one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Connector, Opened, ReadOptions } from "../../connectors/connector.ts";
import { exitCodeOf } from "../../engine/run.ts";
import { convert, defineStep, type Step, toCrm } from "../../engine/step.ts";
import type { Change, Settlement, Store } from "../../store/store.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

type Reading = (entity: string, options: ReadOptions) => void;
/** A world whose CRM calls `before` ahead of each reading. */
function worldWith(before: Reading): World {
  return world(<T extends object>(port: T): T => {
    if (!("service" in port) || port.service !== "dataverse") return port;
    const crm = port as unknown as Connector;
    const open: Connector["open"] = (entity, parts) => {
      const opened = crm.open(entity, parts);
      const read: Opened["read"] = (options) => {
        before(entity.name, options);
        return opened.read(options);
      };
      return { ...opened, read };
    };
    return { ...crm, open } as unknown as T;
  });
}
function fill(w: World, count: number): void {
  for (let n = 0; n < count; n++) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `n${n}` }));
}
const codes = async (w: World) => (await w.open()).flatMap((one) => one.codes);

Deno.test("runPipeline() finds what was deleted although a full reading was stopped before it asked for it", async () => {
  let stops = false;
  const w = worldWith((_, { ids }) => {
    if (stops && ids !== undefined) throw new Error("stopped");
  });
  fill(w, 3);
  await w.sync();
  w.crm.remove("accounts", w.crm.all("accounts")[0]!.id);
  stops = true;
  assertEquals(exitCodeOf(await w.sync({ full: true })), 1);
  stops = false;
  await w.sync();
  assertEquals(await codes(w), ["missing"]);
});

Deno.test("runPipeline() does not let the brake for an empty side pass by itself in the next run", async () => {
  const w = world();
  fill(w, 30);
  await w.sync();
  for (const { id } of w.crm.all("accounts")) w.crm.remove("accounts", id);
  assertEquals(exitCodeOf(await w.sync({ full: true })), 7);
  const next = await w.sync();
  assertEquals([exitCodeOf(next), (await codes(w)).length], [3, 30]); // the feed of changes tells each by its id
});

Deno.test("runPipeline() goes on with a first load that was stopped, or that coupled only", async () => {
  const w = world();
  fill(w, 900);
  const stop = new AbortController();
  w.crm.afterwards(() => stop.abort(new Error("stopped")));
  assertEquals(exitCodeOf(await w.sync({ signal: stop.signal })), 130);
  const made = w.crm.all("accounts").length;
  assertEquals(made > 0 && made < 900, true);
  assertEquals([exitCodeOf(await w.sync()), w.crm.all("accounts").length], [0, 900]);

  const v = world();
  fill(v, 60);
  v.crm.put("accounts", "a0", { accountnumber: "C0", name: "n0", kind: 3 });
  await v.sync({ onlyCoupled: true });
  assertEquals([exitCodeOf(await v.sync()), v.crm.all("accounts").length], [0, 60]);
  for (let n = 100; n < 130; n++) v.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `N${n}` }));
  assertEquals(exitCodeOf(await v.sync()), 7);
});

Deno.test("runPipeline() knows of a changed definition until a run has come to its end with it", async () => {
  let stops = false;
  const w = worldWith((entity) => {
    if (stops && entity === "accounts") throw new Error("no answer");
  });
  fill(w, 30);
  await w.sync();
  const upper = { name: "upper", forward: (v: string) => v.toUpperCase(), backward: (v: string) => v };
  const changed = defineStep({
    ...{ name: "customers", dependsOn: [users], direction: "both" as const, extract: customers.extract as never },
    ...{ match: [["accountnumber"]] as never, load: customers.load as never },
    transform: { accountnumber: toCrm("number"), name: toCrm(convert("name", upper)), phone: "phone" } as never,
  }) as Step;
  stops = true;
  assertEquals(exitCodeOf(await w.sync({ steps: [users, changed] })), 1);
  stops = false;
  const run = await w.sync({ steps: [users, changed] });
  assertEquals([exitCodeOf(run), run.steps[1]!.toCrm.counts.modified], [0, 30]); // no brake: nobody took them for mistakes
});

Deno.test("runPipeline() keeps what an unanswered write overwrote, also where somebody wrote the record since", async () => {
  const steps = [users, { ...customers, load: { ...customers.load, conflict: "erp" } } as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  w.stopAfterWrite("crm");
  await w.sync({ steps }).catch(() => {});
  w.crm.put("accounts", id, { phone: "4" });
  await w.sync({ steps });
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: "2" }]);
  const lost = (await w.changes()).flatMap((change) => change.lost.map(({ values }) => values["phone"]));
  assertEquals(lost.sort(), ["3", "4"]);
});

Deno.test("runPipeline() tells a conflict again where what was to part its pair came to nothing", async () => {
  let stops = false;
  const w = world((port) =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (name !== "save") return member;
        return async (connection: string, step: string, settlement: Settlement) => {
          await (target as unknown as Store).save(connection, step, settlement);
          if (stops && settlement.changes?.some(({ op }) => op === "uncouple")) throw new Error("stopped");
        };
      },
    })
  );
  const steps = [users, { ...customers, load: { ...customers.load, left: { crm: "uncouple" as const } } }];
  fill(w, 1);
  await w.sync({ steps });
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e0", { city: "Oslo" });
  w.crm.put("accounts", id, { city: "Bergen" });
  await w.sync({ steps });
  assertEquals(await codes(w), ["conflict"]);
  stops = true;
  w.crm.put("accounts", id, { kind: 1 });
  assertEquals((await w.sync({ steps })).status, "Error");
  stops = false;
  w.crm.put("accounts", id, { kind: 3 });
  await w.sync({ steps });
  assertEquals(await codes(w), ["conflict"]);
});

Deno.test("runPipeline() has stopped all steps by the time that it says that a run could not be saved", async () => {
  let saved = 0;
  const w = world((port) =>
    new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name);
        if (name !== "saveRun") return member;
        return (...run: Parameters<Store["saveRun"]>) =>
          ++saved === 2 ? Promise.reject(new Error("the store has gone")) : (member as Store["saveRun"])(...run);
      },
    })
  );
  fill(w, 900);
  const { owner: _, ...transform } = customers.transform;
  await assertRejects(() => w.sync({ steps: [users, { ...customers, dependsOn: [], transform }] }), Error, "has gone");
  const written = w.crm.writes.length;
  await new Promise((later) => setTimeout(later)); // what still works goes on before this
  assert(written < 900, `${written}`);
  assertEquals(w.crm.writes.length, written);
});

Deno.test("runPipeline() stops between two questions about what was sent, and goes on there", async () => {
  let asked = 0;
  let stop = new AbortController();
  const w = world(<T extends object>(port: T): T => {
    if (!("service" in port) || port.service !== "dataverse") return port;
    const crm = port as unknown as Connector;
    const open: Connector["open"] = (entity, parts) => {
      const opened = crm.open(entity, parts);
      const recall: Opened["recall"] = (writes, options) => {
        if (++asked === 1) stop.abort(new Error("stopped"));
        return opened.recall(writes, options);
      };
      return { ...opened, recall };
    };
    return { ...crm, open } as unknown as T;
  });
  fill(w, 700);
  w.stopAfterWrite("crm");
  await assertRejects(() => w.sync(), Error, "stopped");
  const those = async (state: Change["state"]) => (await w.changes()).filter((change) => change.state === state);
  const more = (await those("intended")).slice(0, 200); // two batches more were under way
  await w.store.save("c", "customers", { changes: more.map((change) => ({ ...change, state: "sent" })) });
  const left = [(await those("sent")).length];
  assertEquals([exitCodeOf(await w.sync({ signal: stop.signal })), asked], [130, 1]);
  left.push((await those("sent")).length);
  stop = new AbortController();
  assertEquals([exitCodeOf(await w.sync({ signal: stop.signal })), asked], [0, 2]);
  assertEquals(left, [400, 200]);
  assertEquals(w.crm.all("accounts").length, 700);
});
