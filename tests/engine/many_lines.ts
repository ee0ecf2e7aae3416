/**
 * Plans and carries out COUNT creations on a store in a folder; prints the most that was held in memory at once, in MB: what
 * is left of the heap after a collection, since the memory of a process shows how lazy its collector was. Run with
 * `--v8-flags=--expose-gc`.
 */
import { type Connector, noRequests, type Opened, type Page, type Row } from "../../connectors/connector.ts";
import { planGuard } from "../../engine/plan_guard.ts";
import { plannedLines } from "../../engine/planned.ts";
import { runPipeline } from "../../engine/run.ts";
import { writeFileAtomically } from "../../reports/atomic_file.ts";
import { comparePlan } from "../../reports/compare_plan.ts";
import { openPlan, planText } from "../../reports/plan_file.ts";
import { openPglite } from "../../store/pglite.ts";
import { customer, customers, users } from "./world.ts";

const [count, dir] = [Number(Deno.args[0]), Deno.args[1]!];
const steps = [users, customers];
let time = Date.UTC(2026, 0, 1);
let ids = 0;
const clock = {
  now: () => (time += 1),
  sleep: () => Promise.resolve(),
  random: () => 0.5,
  uuid: () => `run-${++ids}`,
};
let written = 0;
let held = 0;
function weigh(): void {
  (globalThis as unknown as { gc(): void }).gc();
  held = Math.max(held, Deno.memoryUsage().heapUsed);
}

/** Made on the way: nothing here is kept. */
function service(name: Connector["service"], rows: number): Connector {
  return {
    service: name,
    identity: () => Promise.resolve({ service: name, name, parts: { id: name } }),
    requests: () => noRequests,
    open: (entity): Opened => ({
      async *read({ ids }): AsyncGenerator<Page> {
        const all = entity.name === "customers" && ids === undefined ? rows : 0;
        for (let from = 0; from < all || from === 0; from += 1000) {
          const some = Array.from({ length: Math.min(1000, all - from) }, (_, at): Row => {
            const number = String(from + at).padStart(7, "0");
            const data = customer({ number, name: `Þórsmörk ${number}`, phone: "555 1234", city: "Reykjavík" });
            return { id: `c${number}`, version: "1", modifiedAt: null, data };
          });
          const isLast = from + 1000 >= all;
          if (all > 0) weigh();
          yield await Promise.resolve<Page>({
            ...{ rows: some, deleted: [], left: [], kind: ids === undefined ? "full" : "some" },
            cursor: isLast && ids === undefined ? "1" : null,
          });
        }
      },
      write: (writes) => {
        written += writes.length;
        weigh();
        return Promise.resolve(writes.map((write) => {
          const data = { accountnumber: null, owner: null, terms: null, street: null, ...write.fields };
          return { kind: "ok" as const, row: { id: write.id!, version: "1", modifiedAt: null, data } };
        }));
      },
      recall: (writes) => Promise.resolve(writes.map(() => [])),
      requests: () => noRequests,
      cost: (writes) => ({ requests: 1, units: writes.length }),
    }),
  };
}
const ports = { erp: service("business_central", count), crm: service("dataverse", 0), clock };
const connection = "c";

/** Rehearses, and gives what it decided to `work`. */
async function rehearse<T>(work: (lines: ReturnType<typeof plannedLines>, found: Found) => Promise<T>): Promise<T> {
  const store = await openPglite(`${dir}/store`, { rehearsal: true });
  try {
    const rehearsal = { onCost: () => {}, onRead: () => {} };
    const { runId: run } = await runPipeline({ connection, kind: "sandbox", steps, store, ...ports, rehearsal });
    return await work(plannedLines({ store, connection, steps, run }), { store, run });
  } finally {
    await store.close();
  }
}
interface Found {
  readonly store: Awaited<ReturnType<typeof openPglite>>;
  readonly run: string;
}

const path = `${dir}/plan.json`;
const who = { service: "x", name: "x", parts: {} };
const options = { full: false, onlyCoupled: false, select: null, allow: [], rebase: false };
const head = { connection, kind: "sandbox" as const, erp: who, crm: who, definitions: {}, options, madeAt: "" };
await rehearse((lines) => writeFileAtomically(path, planText(head, lines, () => ({})), { id: "1" }));
const guard = planGuard(steps);
const plan = await openPlan(path);
let lines = 0;
const moved = await rehearse((now, { store, run }) =>
  comparePlan(plan.lines(), now, {
    ...{ store, connection, run },
    onLine: (line) => {
      if (++lines % 500 === 0) weigh();
      guard.add(line);
    },
  })
);
weigh();
const store = await openPglite(`${dir}/store`);
const run = await runPipeline({ connection, kind: "sandbox", steps, store, ...ports, guard });
await store.close();
const result = {
  moved: moved.length,
  written,
  listed: run.steps[1]!.listed,
  megabytes: held / 2 ** 20,
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
