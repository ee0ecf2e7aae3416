/** The status endpoint: what runs, what ran, what is coupled; on loopback, for programs and the commands. */
import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Clock } from "../connectors/connector.ts";
import type { Step } from "../engine/step.ts";
import { DefinitionError, ServiceError } from "../errors.ts";
import { couplingReport, couplingStates, isReportFilter } from "../reports/coupling_report.ts";
import { runDetails } from "../reports/run_document.ts";
import { conflictsReport } from "../reports/conflicts_report.ts";
import { failuresReport } from "../reports/failures_report.ts";
import { stepsDocument } from "../reports/steps_document.ts";
import type { Run, Store } from "../store/store.ts";
import type { BackgroundRuns } from "./background_runs.ts";
import { textStream } from "./text_stream.ts";

export interface StatusAppOptions {
  readonly store: Store;
  readonly connection: string;
  /** In the order in which they run. */
  readonly steps: readonly Step[];
  readonly runs: BackgroundRuns;
  readonly clock: Clock;
  /** Tells this server from others that get its port later. */
  readonly id: string;
  /** Where it is served: part of the Host header that it answers to. */
  readonly port: number;
  /** Told of errors that are nobody's but ours; the client learns nothing of them. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Answers only requests whose Host is this loopback address and whose Origin, where there is one, is the same: a web
 * page elsewhere can neither read nor start anything. Errors are JSON `{error: {code, message}}`.
 */
export function statusApp(options: StatusAppOptions): Hono {
  const { store, connection, runs, clock } = options;
  const app = new Hono();
  const hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${options.port}`);

  app.use(secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    xFrameOptions: "DENY",
    strictTransportSecurity: false, // loopback has no certificate
  }));
  app.use(async (c, next) => {
    const host = c.req.header("host") ?? "";
    const origin = c.req.header("origin");
    if (!hosts.includes(host)) {
      return refuse(c, 403, "foreign_host", `Cannot answer: the Host is not served here; ask ${hosts.join(" or ")}`);
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      return refuse(c, 403, "foreign_origin", "Cannot answer: the request comes from another site; ask from a program");
    }
    await next();
    c.header("Cache-Control", "no-store");
  });
  app.use(async (c, next) => {
    const length = Number(c.req.header("content-length") ?? "0");
    // Nothing here reads a body, so what a client announces is all there is to limit.
    if (length > 1024 || c.req.header("transfer-encoding") !== undefined) {
      return refuse(c, 413, "body_too_large", "Cannot read the body: no request here needs one; send none");
    }
    await next();
  });

  app.get("/health", async (c) => {
    const pin = await store.connection(connection);
    const running = runs.current()?.runId ?? null;
    return c.json({ status: "ok", id: options.id, connection, kind: pin?.kind ?? null, running });
  });
  app.get("/steps", async (c) => {
    const { steps } = options;
    return c.json({ steps: await stepsDocument(store, { connection, steps, current: runs.current() }) });
  });
  app.get("/runs", async (c) => {
    const limit = Number(c.req.query("limit") ?? "20");
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      return refuse(c, 400, "bad_limit", "Cannot list runs: the limit is no whole number from 1 to 100; correct it");
    }
    const stored = await store.runs(connection, { limit });
    return c.json({ runs: stored.map((run) => runDetails(newer(run))) });
  });
  app.post("/runs", async (c) => {
    const run = await runs.start();
    if (run === null) {
      const runId = runs.current()?.runId;
      const message = runId === undefined
        ? "Cannot start a run: another one begins, or the server stops; look at GET /health and try again"
        : `Cannot start a run: another one is under way; wait for its end, or POST /runs/${runId}/cancel`;
      return refuse(c, 409, "run_under_way", message);
    }
    c.header("Location", `/runs/${run.runId}`);
    return c.json(runDetails(run), 202);
  });
  app.get("/runs/:id", async (c) => {
    const run = await find(c.req.param("id"));
    return run === null ? unknownRun(c) : c.json(runDetails(run));
  });
  app.post("/runs/:id/cancel", async (c) => {
    const id = c.req.param("id");
    if (runs.cancel(id)) return c.json({ runId: id, status: "cancelling" }, 202);
    if (await find(id) === null) return unknownRun(c);
    return refuse(c, 409, "run_ended", "Cannot cancel the run: it has ended already; GET /runs shows how");
  });
  app.get("/couplings.csv", (c) => {
    const only = c.req.query("only");
    if (only !== undefined && !isReportFilter(only)) {
      return refuse(
        c,
        400,
        "unknown_state",
        `Cannot report only "${only}": there is no such state; choose listed, ${couplingStates.join(", ")}`,
      );
    }
    const excel = c.req.query("excel") !== undefined;
    const exportedAt = new Date(clock.now()).toISOString();
    const { steps } = options;
    const report = couplingReport({
      store,
      connection,
      steps,
      exportedAt,
      excel,
      ...(only === undefined ? {} : { only }),
    });
    return csv(c, "couplings", report);
  });
  for (const [name, report] of [["conflicts", conflictsReport], ["failures", failuresReport]] as const) {
    app.get(`/${name}.csv`, (c) => {
      const excel = c.req.query("excel") !== undefined;
      const exportedAt = new Date(clock.now()).toISOString();
      return csv(c, name, report({ store, connection, steps: options.steps, exportedAt, excel }));
    });
  }

  app.notFound((c) =>
    refuse(
      c,
      404,
      "unknown_route",
      `Cannot answer ${c.req.method} ${c.req.path}: nothing is served there; see docs/architecture.md`,
    )
  );
  app.onError((error, c) => {
    if (error instanceof DefinitionError) return refuse(c, 422, error.code, error.message);
    if (error instanceof ServiceError) return refuse(c, 503, error.code, error.message);
    options.onFault(error);
    return refuse(
      c,
      500,
      "internal_error",
      "Cannot answer: an internal error, which is a fault of this program; see what serve printed, and report it",
    );
  });
  return app;

  function csv(c: Context, name: string, report: AsyncGenerator<string, void, void>): Response {
    return c.body(textStream(report, { clock, patience: 30_000, longest: 300_000 }), 200, {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": `attachment; filename="${name}.csv"`,
    });
  }

  function newer(run: Run): Run {
    const current = runs.current();
    return current?.runId === run.runId ? current : run;
  }

  async function find(runId: string): Promise<Run | null> {
    const current = runs.current();
    if (current?.runId === runId) return current;
    return (await store.runs(connection, { limit: 1, runId }))[0] ?? null;
  }
}

function refuse(c: Context, status: 400 | 403 | 404 | 409 | 413 | 422 | 500 | 503, code: string, message: string) {
  return c.json({ error: { code, message } }, status);
}

function unknownRun(c: Context) {
  return refuse(c, 404, "unknown_run", "Cannot find the run: none has this id; GET /runs lists them");
}
