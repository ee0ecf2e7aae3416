/** `sandbox load-orders DIR`: orders of CSV files go into the CRM of the home's sandbox. */
import { resolve } from "node:path";
import { DefinitionError } from "../errors.ts";
import { LoadError } from "../sandbox/load.ts";
import { loadOrders as load, type OrdersLoaded } from "../sandbox/load_orders.ts";
import type { Arguments } from "./arguments.ts";
import { openBuiltInSandbox } from "./built_in_sandbox.ts";
import { commands } from "./commands.ts";
import { textOf } from "./files.ts";
import { nothingToFill } from "./fill_sandbox.ts";
import { homeOf } from "./permissions.ts";
import type { Session } from "./session.ts";

/** Milliseconds between two lines where nobody watches a terminal. */
const heartbeat = 10_000;

export async function loadOrders(args: Arguments, session: Session): Promise<number> {
  const { output, clock } = session;
  const dir = resolve(folderOf(args));
  const home = resolve(homeOf(session.project, session.env), "sandbox");
  if (textOf(`${home}/filled`) === null) {
    throw new DefinitionError(
      "sandbox_missing",
      `Cannot load orders: there is no sandbox in "${home}" that was filled; run deno task sync first`,
    );
  }
  const sandbox = await openBuiltInSandbox(home, { filling: nothingToFill });
  let saidAt = clock.now();
  const onProgress = (done: number, all: number) => {
    const line = `orders: ${done} of ${all}`;
    output.draw([line]);
    if (output.isTerminal || clock.now() - saidAt < heartbeat) return;
    saidAt = clock.now();
    output.message(line);
  };
  try {
    const loaded = await load(sandbox, { dir, onProgress });
    output.draw([]);
    await output.data(`${textOfLoaded(loaded)}\n`);
    if (loaded.orders > 0) output.message("Next: deno task sync");
    return 0;
  } catch (error) {
    if (error instanceof LoadError) throw new DefinitionError(error.code, error.message, { cause: error });
    throw error;
  } finally {
    await sandbox.stop();
  }
}

function folderOf(args: Arguments): string {
  const { options } = commands["sandbox"]!;
  if (args.word !== "load-orders") {
    throw new DefinitionError(
      "bad_arguments",
      `Cannot run sandbox: it takes no word "${args.word}"; did you mean "load-orders DIR"?`,
    );
  }
  const given = Object.keys(options).find((name) => args.has(name));
  if (given !== undefined) {
    throw new DefinitionError("bad_arguments", `Cannot load orders with --${given}: that is for a start; leave it out`);
  }
  if (args.object !== null) return args.object;
  throw new DefinitionError(
    "bad_arguments",
    "Cannot load orders: no folder is named; name one with salesOrders.csv and salesOrderLines.csv",
  );
}

/** One line for what was put in, and one for each thing that was special. */
function textOfLoaded(loaded: OrdersLoaded): string {
  const { orders, lines, writeIns, skipped, givenTotals, withoutOwner, priceLists } = loaded;
  const special: readonly (readonly [count: number, text: string])[] = [
    [writeIns, `${some(writeIns, "line")} written in, since the product is retired`],
    [
      givenTotals,
      `${some(givenTotals, "order")} with totals that are not the sums of the lines, kept as they are given`,
    ],
    [
      withoutOwner,
      `${some(withoutOwner, "order")} of the application user: no salesperson is named, or no enabled user has the ` +
      "e-mail address that salespeople.csv has for it",
    ],
    [
      priceLists.length,
      `${some(priceLists.length, "price list")} made, where a currency had none: ${priceLists.join(", ")}`,
    ],
    [skipped, `${some(skipped, "order")} left as they were, since they are there already`],
  ];
  return [
    `Loaded ${some(orders, "order")} with ${some(lines, "line")} into the CRM`,
    ...special.filter(([count]) => count > 0).map(([, text]) => `  ${text}`),
  ].join("\n");
}

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
