/** Sessions that break at any moment: whoever waits for an answer is told. */
import { assert, assertEquals } from "@std/assert";
import net from "node:net";
import { ServiceError } from "../../errors.ts";
import { openPostgres } from "../../store/postgres.ts";
import type { StoredRecord } from "../../store/store.ts";
import { addressOf, postgresTest, withDatabase } from "../postgres.ts";

interface Breaker {
  readonly port: number;
  /** Breaks the connection that brings the `nth` piece from now on, before it goes on to the server. */
  breakAt(nth: number, break_: (client: net.Socket) => void): void;
  /** Whether it was broken. */
  hasBroken(): boolean;
  stop(): void;
}

/** Stands between a client and a server; once a connection was broken, nobody is let in any more. */
async function breaker(to: { readonly host: string; readonly port: number }): Promise<Breaker> {
  let left = Infinity;
  let how = (_: net.Socket) => {};
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    if (left <= 0) return void client.destroy();
    const behind = net.connect(to);
    for (const [from, into] of [[client, behind], [behind, client]] as const) {
      open.add(from);
      from.on("error", () => {});
      from.on("close", () => (open.delete(from), into.destroy()));
    }
    behind.on("data", (bytes) => client.write(bytes));
    client.on("data", (bytes) => {
      if (left > 0 && --left === 0) return how(client);
      behind.write(bytes);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as net.AddressInfo).port,
    breakAt: (nth, breaks) => [left, how] = [nth, breaks],
    hasBroken: () => left === 0,
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

const ways = {
  "closed": (client: net.Socket) => client.end(),
  "reset": (client: net.Socket) => client.resetAndDestroy(),
};
const record: StoredRecord = {
  ...{ id: "a", key: null, label: null, data: { name: "Þórr" }, version: "1", modifiedAt: null, fingerprint: "f" },
  ...{ frozen: null, mergedInto: null, state: "present" },
};
const page = { run: "r1", records: [record], deleted: [], left: [], cursor: "c1" };
/** More at once than there are sessions. */
const atOnce = Array.from({ length: 10 }, (_, at) => `step ${at}`);

postgresTest(
  "openPostgres() answers everything that waits when a session is closed or reset, wherever that is",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      for (const [how, break_] of Object.entries(ways)) {
        for (let nth = 1, hasBroken = true; hasBroken; nth += 3) {
          const [between, connection] = [await breaker(address), `${how} ${nth}`];
          const store = await openPostgres({ ...address, port: between.port }, connection);
          between.breakAt(nth, break_);
          const answers = await settled(atOnce.map((step) => store.savePage(connection, step, "erp", page)));
          hasBroken = between.hasBroken();
          assert(hasBroken || nth > 40, `only ${nth} pieces`);
          for (const error of answers) {
            if (error !== null) assertEquals(error.code, "store_lost", `${connection}: ${error.message}`);
          }
          if (!hasBroken) assertEquals(new Set(answers), new Set([null]));
          await settled([store.close()]);
          between.stop();
        }
      }
    }),
);

/** What each rejected with, or null; throws where it is no ServiceError, or one is not answered at all. */
async function settled(works: readonly Promise<unknown>[]): Promise<readonly (ServiceError | null)[]> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer in 20 seconds")), 20_000);
  try {
    return await Promise.race([
      Promise.all(works.map((work) =>
        work.then(() => null, (error) => {
          if (error instanceof ServiceError) return error;
          throw error;
        })
      )),
      overdue,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
