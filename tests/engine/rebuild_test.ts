import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Fields } from "../../connectors/connector.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import { confirmRebuild, holdCreations, refuseCoupled, type Restored } from "../../engine/rebuild.ts";
import { runPipeline } from "../../engine/run.ts";
import { DefinitionError } from "../../errors.ts";
import { memoryStore } from "../../store/memory.ts";
import type { ReportedCoupling, Run, Store } from "../../store/store.ts";
import { type Step, toCrm } from "../../engine/step.ts";
import { account, customer, customers, plain, users, type World, world } from "./world.ts";

const connection = "c";
const steps = [users, customers];

/** Both services with a store that knows nothing of them. */
interface Lost {
  readonly store: Store;
  rebuild(stopAfter?: string): Promise<ReadonlyMap<string, Restored>>;
  sync(): Promise<Run>;
  pairs(): Promise<readonly ReportedCoupling[]>;
}

function lose(world: World, steps: readonly Step[] = [users, customers]): Lost {
  const store = memoryStore();
  let time = Date.UTC(2026, 1, 1);
  let ids = 0;
  const clock = {
    ...{ now: () => (time += 1000), sleep: () => Promise.resolve(), random: () => 0.5, uuid: () => `later-${++ids}` },
  };
  const ports = { connection, kind: "sandbox" as const, steps, erp: world.erp, crm: world.crm, store, clock };
  return {
    store,
    rebuild: async (stopAfter) => {
      const restored = new Map<string, Restored>();
      const stop = new AbortController();
      await runPipeline({
        ...ports,
        full: true,
        signal: stop.signal,
        onAccepted: () => holdCreations(store, { connection, steps, holder: "rebuild" }),
        rebuild: {
          onRestored: (step, found) => {
            restored.set(step, found);
            if (step === stopAfter) stop.abort();
          },
        },
      });
      return restored;
    },
    sync: () => runPipeline(ports),
    pairs: () => pairsOf(store),
  };
}

async function pairsOf(store: Store): Promise<readonly ReportedCoupling[]> {
  const lines = (await Array.fromAsync(store.report(connection, ["customers"]))).flat();
  return lines.flatMap(({ coupling }) => coupling ?? []);
}
const idsOf = (couplings: readonly ReportedCoupling[]) =>
  couplings.map(({ erpId, crmId }) => `${erpId} ${crmId}`).sort();

/** Two customers whose accounts we made, one that was matched, and an account of which we made the customer. */
async function synchronized(): Promise<World> {
  const met = world();
  met.erp.put("customers", "e1", customer({ number: "1", name: "Alba" }));
  met.erp.put("customers", "e2", customer({ number: "2", name: "Birki" }));
  met.erp.put("customers", "e3", customer({ number: "3", name: "Celta" }));
  met.crm.put("accounts", "a3", account({ accountnumber: "3", name: "Celta" }));
  met.crm.put("accounts", "a4", account({ name: "Dalur" }));
  await met.sync();
  assertEquals((await pairsOf(met.store)).length, 4);
  return met;
}
const counts = (met: World) => [met.erp.all("customers").length, met.crm.all("accounts").length];

Deno.test("restoreCouplings() couples the same pairs again, writes to no service, and makes no double", async () => {
  const met = await synchronized();
  const before = [
    plain(met.erp, "customers", ["number", "name"]),
    plain(met.crm, "accounts", ["accountnumber", "name"]),
  ];
  const lost = lose(met);
  assertEquals((await lost.rebuild()).get("customers"), { byLink: 0, byId: 2, byKeys: 2, left: { erp: 0, crm: 0 } });
  assertEquals(
    [plain(met.erp, "customers", ["number", "name"]), plain(met.crm, "accounts", ["accountnumber", "name"])],
    before,
  );
  const byId = (await lost.pairs()).filter(({ how }) => how === "created in the CRM, known by its id");
  assertEquals([byId.map(({ erpId }) => erpId), byId.map(({ isCompared }) => isCompared)], [["e1", "e2"], [
    false,
    false,
  ]]);
  await lost.sync();
  assertEquals(idsOf(await lost.pairs()), idsOf(await pairsOf(met.store)));
  assertEquals(counts(met), [4, 4]);
});

Deno.test("restoreCouplings() knows a record that we made by its id alone, whatever became of its keys", async () => {
  const met = await synchronized();
  const made = (await pairsOf(met.store)).find(({ erpId }) => erpId === "e1")!.crmId;
  met.crm.put("accounts", made, account({ accountnumber: "9", name: "Renamed" }));
  const lost = lose(met);
  await lost.rebuild();
  assertEquals((await lost.pairs()).find(({ erpId }) => erpId === "e1")?.crmId, made);
});

Deno.test("a rebuilt step creates nothing and lists it, until a person confirms", async () => {
  const met = await synchronized();
  met.erp.put("customers", "e5", customer({ number: "5", name: "Engi" }));
  met.crm.put("accounts", "a6", account({ name: "Fold" }));
  const lost = lose(met);
  assertEquals((await lost.rebuild()).get("customers")?.left, { erp: 1, crm: 1 });
  for (let run = 0; run < 2; run++) {
    await lost.sync();
    const listed = await lost.store.changes(connection, { states: ["open"] }, { limit: 9 });
    assertEquals(listed.map(({ side, source, reasons }) => [side, source, reasons.map(({ code }) => code)]), [
      ["crm", "e5", ["unconfirmed"]],
      ["erp", "a6", ["unconfirmed"]],
    ]);
    assertEquals(counts(met), [5, 5]);
  }
  const done = await confirmRebuild({ store: lost.store, connection, steps });
  assertEquals(done, { confirmed: ["users", "customers"], held: [], creations: 2 });
  await lost.sync();
  assertEquals(counts(met), [6, 6]);
  assertEquals(await lost.store.changes(connection, { states: ["open"] }, { limit: 9 }), []);
});

Deno.test("a rebuilt step synchronizes what is coupled while its creations wait", async () => {
  const met = await synchronized();
  const lost = lose(met);
  await lost.rebuild();
  await lost.sync();
  met.erp.put("customers", "e1", customer({ number: "1", name: "Alba", phone: "555" }));
  await lost.sync();
  assert(met.crm.all("accounts").some(({ data }) => data["phone"] === "555"));
});

Deno.test("a rebuild that was stopped holds creations in the steps that it did not come to, and goes on", async () => {
  const met = await synchronized();
  const lost = lose(met);
  await lost.rebuild("users");
  assertEquals((await lost.store.step(connection, "customers")).coupled, 0);
  met.erp.put("customers", "e5", customer({ number: "5", name: "Engi" }));
  await lost.sync();
  assertEquals(counts(met), [5, 4]);
  await refuseCoupled(lost.store, connection);
  await lost.rebuild();
  assertEquals(idsOf(await lost.pairs()), idsOf(await pairsOf(met.store)));
});

Deno.test("refuseCoupled() refuses a store that has couplings, and one whose rebuild was confirmed", async () => {
  const met = await synchronized();
  const error = await assertRejects(() => refuseCoupled(met.store, connection), DefinitionError);
  assertEquals(error.code, "not_lost");
  const lost = lose(met);
  await lost.rebuild();
  await refuseCoupled(lost.store, connection);
  await lost.sync();
  await confirmRebuild({ store: lost.store, connection, steps });
  await assertRejects(() => refuseCoupled(lost.store, connection), DefinitionError);
});

Deno.test("confirmRebuild() holds a step until a run has listed what would be created", async () => {
  const met = await synchronized();
  const lost = lose(met);
  await lost.rebuild();
  const place = { store: lost.store, connection, steps };
  assertEquals(await confirmRebuild(place), { confirmed: [], held: ["users", "customers"], creations: 0 });
  assertEquals((await lost.store.step(connection, "customers")).rebuilt, true);
  await lost.sync();
  assertEquals((await confirmRebuild(place)).held, []);
  assertEquals(await confirmRebuild(place), { confirmed: [], held: [], creations: 0 });
});

const { erp, crm } = customers.extract;
const id = { kind: "text", nullable: false } as const;
const link = { kind: "text", nullable: true, match: "exact", needs: "link column" } as const;
/** Customers, with a column of the CRM for the id of the ERP's record. */
const linked = {
  ...customers,
  extract: {
    erp: { ...erp, fields: { ...erp.fields, id } },
    crm: { ...crm, fields: { ...crm.fields, link } },
  },
  transform: { ...customers.transform, link: toCrm("id") },
} as unknown as Step;
const withLinks = [users, linked];

/** A customer and an account that a person coupled and that agree on nothing; then the account is what `after` says. */
async function coupledByHand(after: Fields = {}): Promise<World> {
  const met = world();
  met.erp.put("customers", "e1", { ...customer({ number: "1", name: "Alba" }), id: "e1" });
  met.crm.put("accounts", "a1", account({ name: "Ötu ehf." }));
  const held = { ...linked, load: {} } as Step; // nothing is made of either before a person says what they are
  await met.sync({ steps: [users, held] });
  await coupleByHand({ store: met.store, connection, steps: withLinks }, "customers", {
    ...{ erp: "e1", crm: "a1", now: "2026-02-01T00:00:00Z" },
  });
  await met.sync({ steps: withLinks });
  assertEquals(plain(met.crm, "accounts", ["link", "name"]), [{ link: "e1", name: "Ötu ehf." }]);
  met.crm.put("accounts", "a1", { accountnumber: "9", ...after });
  return met;
}

Deno.test("restoreCouplings() couples a pair that a person coupled by its link, whatever became of its keys", async () => {
  for (const after of [{}, { link: " E1 " }]) {
    const met = await coupledByHand(after);
    const lost = lose(met, withLinks);
    const restored = (await lost.rebuild()).get("customers");
    assertEquals(restored, { byLink: 1, byId: 0, byKeys: 0, left: { erp: 0, crm: 0 } });
    assertEquals((await lost.pairs()).map(({ erpId, crmId, how }) => [erpId, crmId, how]), [[
      "e1",
      "a1",
      "match link",
    ]]);
    await lost.sync();
    assertEquals(plain(met.crm, "accounts", ["link"]), [{ link: "e1" }]);
  }
  const met = await coupledByHand();
  const without = { byLink: 0, byId: 0, byKeys: 0, left: { erp: 1, crm: 1 } };
  assertEquals((await lose(met).rebuild()).get("customers"), without);
});

Deno.test("restoreCouplings() couples neither of two records with the same link, and leaves both to keys", async () => {
  const met = await coupledByHand();
  met.crm.put("accounts", "a2", { ...account({ name: "Ötu ehf." }), link: "e1" });
  const lost = lose(met, withLinks);
  assertEquals((await lost.rebuild()).get("customers"), { byLink: 0, byId: 0, byKeys: 0, left: { erp: 1, crm: 2 } });
  met.crm.put("accounts", "a2", { accountnumber: "1" });
  const again = lose(met, withLinks);
  assertEquals((await again.rebuild()).get("customers"), { byLink: 0, byId: 0, byKeys: 1, left: { erp: 0, crm: 1 } });
  assertEquals(idsOf(await again.pairs()), ["e1 a2"]);
});

Deno.test("restoreCouplings() passes over a link to a record that the step doesn't have, and one that is blank", async () => {
  const met = await coupledByHand({ link: "e9", accountnumber: "1" });
  met.crm.put("accounts", "a2", { ...account({ name: "Blank" }), link: null });
  met.erp.put("customers", "e2", { ...customer({ number: "2", name: "Birki" }), id: "e2" });
  const lost = lose(met, withLinks);
  assertEquals((await lost.rebuild()).get("customers"), { byLink: 0, byId: 0, byKeys: 1, left: { erp: 1, crm: 1 } });
});

Deno.test("restoreCouplings() goes by the link before the id, and still says which record it made", async () => {
  const met = world();
  for (const n of ["1", "2"]) {
    met.erp.put("customers", `e${n}`, { ...customer({ number: n, name: `Made ${n}` }), id: `e${n}` });
  }
  await met.sync({ steps: withLinks });
  const [one, two] = (await pairsOf(met.store)).map(({ crmId }) => crmId);
  const lost = lose(met, withLinks);
  assertEquals((await lost.rebuild()).get("customers")?.byLink, 2);
  assertEquals(new Set((await lost.pairs()).map(({ how }) => how)), new Set(["created in the CRM, known by its id"]));
  // A person coupled them the other way round.
  met.crm.put("accounts", one!, { link: "e2" });
  met.crm.put("accounts", two!, { link: "e1" });
  const crossed = lose(met, withLinks);
  await crossed.rebuild();
  assertEquals(idsOf(await crossed.pairs()), [`e1 ${two}`, `e2 ${one}`]);
});
