/** `serve`: holds the store and answers on loopback; runs are started by POST /runs. */
import type { Hono } from "hono";
import { DefinitionError } from "../errors.ts";
import { statusApp } from "../server/app.ts";
import { backgroundRuns } from "../server/background_runs.ts";
import type { Arguments } from "./arguments.ts";
import { explain } from "./exit_code.ts";
import { configurationOf, pipelinesOf } from "./files.ts";
import { endInterrupted } from "./interrupted_runs.ts";
import { listenForInterruption } from "./interruption.ts";
import { homeOf } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { announceServing } from "./serving.ts";
import type { Session } from "./session.ts";
import { openStore, storeName } from "./store.ts";
import { synchronize } from "./synchronize.ts";

/** What `serve` listens on when no port is given. */
const usualPort = 4280;

export async function serve(args: Arguments, session: Session): Promise<number> {
  const { output, clock } = session;
  const configuration = configurationOf(session);
  const home = homeOf(session.project, session.env);
  const port = args.number("port", { least: 0, most: 65535 }) ?? usualPort;
  const pipeline = await loadPipeline(configuration, pipelinesOf(session));

  const interruption = listenForInterruption(output, "what is under way ends first");
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // for whoever waits then
  const store = await openStore(session, configuration.connection, { onLost: lost.reject });
  try {
    await endInterrupted(store, configuration.connection);
    const fault = (error: unknown) => output.message(explain(error, session.project.set));
    const runs = backgroundRuns(async ({ signal, onChange }) => {
      await endInterrupted(store, configuration.connection);
      const onStep = (_step: unknown, run: Parameters<typeof onChange>[0]) => onChange(run);
      const isConfirmed = args.has("yes");
      const options = { store, home, configuration, pipeline, full: true, isConfirmed, signal, onStep };
      const run = await synchronize(options, session);
      output.message(`Run ${run.runId}: ${run.status}`);
      return run;
    }, fault);
    let app: Hono | null = null;
    const server = listen(port, (request) => app?.fetch(request) ?? new Response(null, { status: 503 }));
    const { steps } = pipeline;
    const actual = server.addr.port;
    const { connection } = configuration;
    const id = clock.uuid();
    app = statusApp({ store, connection, steps, runs, clock, id, port: actual, onFault: fault });
    const takeBack = announceServing(home, { port: actual, id, store: storeName(session) });
    try {
      const address = `http://127.0.0.1:${actual}`;
      output.message(`Serving on ${address}; Ctrl-C stops`);
      output.message(`Next: curl -X POST ${address}/runs`);
      // Without its store it could answer nothing any more: whoever watches over it is to start it again.
      await Promise.race([aborted(interruption.signal), lost.promise]);
    } finally {
      await runs.stop();
      takeBack();
      await server.shutdown();
    }
    return interruption.exitCode() ?? 0;
  } finally {
    await store.close();
    interruption.stop();
  }
}

function listen(
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new DefinitionError(
      "port_in_use",
      `Cannot serve on port ${port}: another process listens there; choose another one with --port (0: any free one)`,
      { cause: error },
    );
  }
}

/** Ends when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
