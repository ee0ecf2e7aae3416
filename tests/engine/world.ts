/** A small ERP and CRM for tests of the engine: two steps, and a world in which they run. */
import type { Clock, Connector, Cost, Fields } from "../../connectors/connector.ts";
import { entity, type Field, type Key, type Ref } from "../../connectors/connector.ts";
import type { Guard } from "../../engine/context.ts";
import type { Selection } from "../../engine/plan.ts";
import { type PlanLine, plannedLines } from "../../engine/planned.ts";
import type { Brake } from "../../engine/brakes.ts";
import { runPipeline } from "../../engine/run.ts";
import { constant, convert, coupled, defineStep, mapped, type Step, toCrm } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Change, Run, Side, Store } from "../../store/store.ts";
import { codeMap } from "../../transforms/transform.ts";
import { type FakeService, fakeService } from "./fake_service.ts";

const text: Field = { kind: "text", nullable: true, max: 30 };
const name: Field = { kind: "text", nullable: false, max: 30, required: true };
const lookup: Field = { kind: "lookup", nullable: true };

export interface Customer {
  number: string | null;
  name: string;
  phone: string | null;
  city: string | null;
  street: string | null;
  terms: Key<"paymentTerms"> | null;
  seller: Key<"sellers"> | null;
}
export interface Account {
  accountnumber: string | null;
  name: string;
  phone: string | null;
  city: string | null;
  street: string | null;
  terms: 1 | 2 | null;
  owner: Ref<"users"> | null;
  kind: number | null;
}
interface Seller {
  code: string;
  email: string | null;
}
interface User {
  email: string | null;
  nick: string | null;
}
const erp = {
  customers: entity<Customer>()({
    name: "customers",
    key: "number",
    label: "name",
    creation: "lookup",
    access: { number: "never" },
    fields: { number: text, name, phone: text, city: text, street: text, terms: lookup, seller: lookup },
    refs: { seller: { entity: "sellers", by: "key" }, terms: { entity: "paymentTerms", by: "key" } },
  }),
  sellers: entity<Seller>()({
    name: "sellers",
    key: "code",
    label: "code",
    creation: "natural key",
    fields: { code: name, email: { ...text, match: "email" } },
  }),
};
const crm = {
  accounts: entity<Account>()({
    name: "accounts",
    key: "accountnumber",
    label: "name",
    creation: "derived id",
    fields: {
      accountnumber: { ...text, match: "code" },
      name,
      phone: { ...text, max: 12 },
      city: text,
      street: text,
      terms: { kind: "choice", nullable: true, values: [1, 2] },
      owner: lookup,
      kind: { kind: "integer", nullable: true },
    },
    refs: { owner: { entity: "users", by: "id" } },
  }),
  users: entity<User>()({
    name: "users",
    key: "email",
    label: "email",
    creation: "none",
    fields: { email: { ...text, match: "email" }, nick: text },
  }),
};
export const users = defineStep({
  name: "users",
  direction: "fromCrm",
  extract: { erp: erp.sellers, crm: crm.users },
  match: [["email"]],
  transform: { email: "email" },
});
const trimmed = { name: "trimmed", forward: (v: string) => v.trim(), backward: (v: string) => v };
export const customers = defineStep({
  name: "customers",
  dependsOn: [users],
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts.where({ kind: 3 }) },
  match: [["accountnumber"], ["name", "city"]],
  transform: {
    accountnumber: toCrm("number"),
    name: convert("name", trimmed),
    phone: "phone",
    "group address": { street: "street", city: "city" },
    terms: toCrm(mapped("terms", codeMap("paymentTerms", { "30D": 1, "60D": 2 }))),
    owner: toCrm(coupled("seller", users, { blank: "leave" })),
    kind: constant(3),
  },
  load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "insert" } },
});

const clock = (): Clock & { pass(ms: number): void } => {
  let time = Date.UTC(2026, 0, 1);
  let ids = 0;
  return {
    now: () => (time += 1000),
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    uuid: () => `run-${++ids}`,
    pass: (ms) => void (time += ms),
  };
};
/** For so long the ERP may be at work on a creation whose connection broke. */
export const lateFor = 1_200_000;
export interface Rehearsal {
  readonly run: Run;
  readonly store: Store;
  readonly lines: readonly PlanLine[];
  readonly units: number;
}
export interface World {
  erp: FakeService;
  crm: FakeService;
  store: Store;
  sync(
    more?: {
      full?: boolean;
      onlyCoupled?: boolean;
      signal?: AbortSignal;
      steps?: readonly Step[];
      selection?: Selection;
      guard?: Guard;
      allow?: ReadonlySet<Brake>;
      rebase?: boolean;
    },
  ): Promise<Run>;
  /** The run that sync would make, with the changes that it decides, on a copy of the store. */
  rehearse(more?: { full?: boolean; steps?: readonly Step[] }): Promise<Rehearsal>;
  /** Ends the program when the next write to this side has taken effect, before its answer is known. */
  stopAfterWrite(side: "erp" | "crm"): void;
  /** So much time passes that no service is at work on what was sent before. */
  later(): void;
  changes(): Promise<readonly Change[]>;
  open(): Promise<{ side: string; source: string; codes: string[] }[]>;
}
/** `wrap` stands between the engine and what it works with; the services themselves stay reachable. */
export function world(wrap: <T extends object>(port: T) => T = (port) => port): World {
  const store = memoryStore();
  const erp = fakeService("business_central", { number: { entity: "customers", field: "number" }, lateFor });
  const crm = fakeService("dataverse");
  const time = clock();
  let stopped = false;
  /** A store that saves nothing any more once the program has ended. */
  const ending = new Proxy(store, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      return stopped && typeof member === "function" ? () => Promise.reject(new Error("stopped")) : member;
    },
  });
  const ports = { store: wrap(ending), erp: wrap(erp as Connector), crm: wrap(crm as Connector), clock: time };
  return {
    erp,
    crm,
    store,
    sync: async ({ steps = [users, customers], ...more } = {}) => {
      try {
        return await runPipeline({ connection: "c", kind: "sandbox", steps, ...ports, ...more });
      } finally {
        stopped = false;
      }
    },
    rehearse: async ({ steps = [users, customers], ...more } = {}) => {
      const copy = store.copy();
      let units = 0;
      const rehearsal = { onRead: () => {}, onCost: (_: string, __: Side, cost: Cost) => void (units += cost.units) };
      const run = await runPipeline({
        ...{ connection: "c", kind: "sandbox", steps, ...ports, ...more, rehearsal, store: copy },
      });
      const lines = await Array.fromAsync(plannedLines({ store: copy, connection: "c", steps, run: run.runId }));
      return { run, store: copy, lines, units };
    },
    later: () => time.pass(lateFor),
    stopAfterWrite: (side) => (side === "erp" ? erp : crm).afterwards(() => void (stopped = true)),
    changes: () => store.changes("c", { states: ["intended", "sent", "done", "open", "closed"] }, { limit: 1000 }),
    open: async () =>
      (await store.changes("c", { states: ["open"] }, { limit: 100 })).map(({ side, source, reasons }) => ({
        side,
        source,
        codes: reasons.map((reason) => reason.code),
      })),
  };
}
export const customer = (more: Partial<Customer> & { name: string }): Fields => ({
  number: null,
  phone: null,
  city: null,
  street: null,
  terms: null,
  seller: null,
  ...more,
});
export const account = (more: Partial<Account> & { name: string }): Fields => ({
  accountnumber: null,
  phone: null,
  city: null,
  street: null,
  terms: null,
  owner: null,
  kind: 3,
  ...more,
});
export const plain = (service: FakeService, table: string, fields: string[]) =>
  service.all(table).map((row) => Object.fromEntries(fields.map((field) => [field, row.data[field]])));
