/**
 * Stands between a run and all that is outside of it. Every call waits here for its turn; which one is next is drawn, so
 * that whatever works side by side meets in any order, and the same order again with the same seed. Before or after a
 * call a fault may happen.
 */
import type { Connector, Opened, Outcome, Page, Write } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import type { Store } from "../../store/store.ts";
import type { Chance } from "./chance.ts";

/** A call that waits. */
export interface Call {
  readonly port: "store" | "erp" | "crm";
  readonly method: string;
  /** Of the store: something is saved. */
  readonly saves: boolean;
  /** What is sent, or saved. */
  readonly given: readonly unknown[];
  /** Of a service: the entity. */
  readonly entity: string;
  /** Lets it take effect; of a write of a service only these, all where nothing is said. */
  run(writes?: readonly Write[]): Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** What becomes of a call that has its turn. */
export type Turn = (call: Call) => Promise<"goes on" | "killed" | "stalled">;

export interface Schedule {
  readonly store: Store;
  readonly erp: Connector;
  readonly crm: Connector;
  /** Gives calls their turns until `work` has ended, or a turn says otherwise; goes on where it stalled. */
  drive(work: Promise<unknown>, turn: Turn): Promise<"ended" | "killed" | "stalled">;
}

/**
 * So many microtasks are let pass for the run to make its next calls; more only when it made none. Fewer would hide what a
 * run does while a save that it gave way to (engine/side_by_side.ts) is under way.
 */
const ticks = 50;
const mostTicks = 20_000;

const reading = ["connection", "steps", "step", "runs", "records", "pairs", "lookup", "changes"];

export function schedule(chance: Chance, ports: { store: Store; erp: Connector; crm: Connector }): Schedule {
  const waiting: Call[] = [];
  function ask<T>(call: Omit<Call, "resolve" | "reject">): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      void waiting.push({ ...call, resolve: resolve as Call["resolve"], reject })
    );
  }

  const store = new Proxy(ports.store, {
    get(target, name) {
      const method = String(name);
      const member = Reflect.get(target, name);
      if (typeof member !== "function" || method === "close" || method === "report") return member;
      return (...given: unknown[]) => {
        const saves = !reading.includes(method) || (method === "connection" && given[1] !== undefined);
        const run = () => member.apply(target, given);
        const entity = String(typeof given[1] === "string" ? given[1] : given[0]);
        return ask({ port: "store", method, saves, given, entity, run });
      };
    },
  });

  function connector(port: "erp" | "crm"): Connector {
    const real = ports[port];
    const plain = { port, saves: false, given: [] };
    return {
      service: real.service,
      requests: real.requests,
      identity: () => ask({ ...plain, method: "identity", entity: "", run: () => real.identity() }),
      open: (entity, parts): Opened => {
        const opened = real.open(entity, parts);
        const about = { ...plain, entity: entity.name };
        return {
          async *read(options) {
            const pages = opened.read(options)[Symbol.asyncIterator]();
            for (;;) {
              const { done, value } = await ask<IteratorResult<Page>>({
                ...{ ...about, method: "read", given: [options], run: () => pages.next() },
              });
              if (done) return;
              yield value;
            }
          },
          write: (writes, wanted) =>
            ask<Outcome[]>({
              ...{ ...about, method: "write", given: [writes] },
              run: (some) => opened.write(some ?? writes, wanted),
            }),
          recall: (writes, wanted) =>
            ask({ ...about, method: "recall", given: [writes], run: () => opened.recall(writes, wanted) }),
          ...(opened.lateFor === undefined ? {} : { lateFor: opened.lateFor }),
          requests: opened.requests,
          cost: opened.cost,
        };
      },
    };
  }

  return {
    store,
    erp: connector("erp"),
    crm: connector("crm"),
    async drive(work, turn) {
      let isOver = false;
      work.then(() => isOver = true, () => isOver = true);
      for (;;) {
        for (let tick = 0; tick < ticks && !isOver; tick++) await null;
        for (let tick = 0; waiting.length === 0 && !isOver; tick++) {
          if (tick === mostTicks) throw new Error("The run waits for nothing that the simulation knows of");
          await null;
        }
        if (isOver) return "ended";
        const [call] = waiting.splice(waiting.length === 1 ? 0 : chance.below(waiting.length), 1);
        const outcome = await turn(call!);
        if (outcome !== "goes on") return outcome;
      }
    },
  };
}

/** The error that a service which can't be reached, or is too busy, ends a request with. */
export function unavailable({ port, method }: Call): ServiceError {
  const service = port === "store" ? "store" : port === "erp" ? "business_central" : "dataverse";
  const code = port === "store" ? "store_failed" : "service_failed";
  return new ServiceError(`Cannot ${method}: the simulation lets it fail; run it again`, { service, code });
}
