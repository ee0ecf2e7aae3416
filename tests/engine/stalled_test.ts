/** A process that stands still, while another one takes its step over. */
import { assertEquals } from "@std/assert";
import type { Settlement, Store } from "../../store/store.ts";
import { account, world } from "./world.ts";

/** A world where something happens once the first change is saved as sent. */
function afterTheMark(happens: (store: Store) => Promise<void>) {
  let isOver = false;
  return world((port) =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (name !== "save") return member;
        return async (connection: string, step: string, settlement: Settlement) => {
          await (target as unknown as Store).save(connection, step, settlement);
          if (isOver || !settlement.turned?.some(({ state }) => state === "sent")) return;
          isOver = true;
          await happens(target as unknown as Store);
        };
      },
    })
  );
}

Deno.test("runPipeline() sends nothing where its step was taken while it stood still after saying that it would", async () => {
  const w = afterTheMark(async (store) => {
    w.later();
    const { lease } = await store.step("c", "customers");
    await store.save("c", "customers", { lease: { number: lease!.number + 1, holder: "another run" } });
  });
  w.crm.put("accounts", "a1", account({ name: "Anna" }));
  const { status, steps } = await w.sync();
  assertEquals([status, steps.map(({ error }) => error?.code)], ["Error", [undefined, "lease_lost"]]);
  assertEquals(w.erp.all("customers"), []);
});

Deno.test("runPipeline() goes on where nobody took its step while it stood still", async () => {
  const w = afterTheMark(() => Promise.resolve(w.later()));
  w.crm.put("accounts", "a1", account({ name: "Anna" }));
  assertEquals((await w.sync()).status, "Finished");
  assertEquals(w.erp.all("customers").map(({ data }) => data.name), ["Anna"]);
  assertEquals((await w.changes()).filter(({ op }) => op === "insert").map(({ attempts }) => attempts), [1]);
});
