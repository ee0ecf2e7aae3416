/** `report`: the couplings, the conflicts or the failures as CSV, on stdout or in a file. */
import { resolve } from "node:path";
import { didYouMean } from "../engine/did_you_mean.ts";
import type { Place } from "../engine/find_record.ts";
import { DefinitionError } from "../errors.ts";
import { writeFileAtomically } from "../reports/atomic_file.ts";
import { couplingReport, couplingStates, isReportFilter, type ReportFilter } from "../reports/coupling_report.ts";
import { conflictsReport } from "../reports/conflicts_report.ts";
import { failuresReport } from "../reports/failures_report.ts";
import type { Store } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { pipelinesOf, settingsOf } from "./files.ts";
import { listenForInterruption } from "./interruption.ts";
import { quoted } from "./next_command.ts";
import { homeOf, refuseFileElsewhere } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { readServing } from "./serving.ts";
import type { Session } from "./session.ts";
import { openStoreIfAny, servingOf } from "./store.ts";

const reports = { couplings: couplingReport, conflicts: conflictsReport, failures: failuresReport };
type ReportName = keyof typeof reports;

export async function report(args: Arguments, session: Session): Promise<number> {
  const { output, clock } = session;
  const home = homeOf(session.project, session.env);
  const name = nameOf(args);
  const only = filterOf(args);
  const out = args.text("out");
  const path = out === null || out === "-" ? null : resolve(out);
  if (path !== null) refuseFileElsewhere(path, session.project, home);

  const interruption = listenForInterruption(output, "an unfinished file is taken away");
  let store: Store | null = null;
  let listedIn: Place | null = null;
  try {
    const serving = await servingOf(session);
    let pieces: AsyncGenerator<string, void, void>;
    if (serving !== null) {
      const query = new URLSearchParams(only === null ? {} : { only });
      if (args.has("excel")) query.set("excel", "1");
      pieces = readServing(serving, `/${name}.csv?${query}`);
    } else {
      const settings = settingsOf(session);
      const { steps } = await loadPipeline(settings, pipelinesOf(session));
      const { connection } = settings;
      store = await openStoreIfAny(session, connection) ?? (await import("../store/memory.ts")).memoryStore();
      const exportedAt = new Date(clock.now()).toISOString();
      const filter = only === null ? {} : { only };
      // Who looks at what is listed wants to know why.
      if (only !== null || name === "failures") listedIn = { store, connection, steps };
      pieces = reports[name]({ store, connection, steps, exportedAt, excel: args.has("excel"), ...filter });
    }
    if (path !== null) {
      await writeFileAtomically(path, pieces, { id: clock.uuid(), signal: interruption.signal });
      output.message(`Wrote ${out}`);
      output.message("Next: deno task status");
      return 0;
    }
    for await (const piece of pieces) {
      interruption.signal.throwIfAborted();
      await output.data(piece);
      if (output.isUnread) break;
    }
    const why = listedIn === null ? null : await whyOfFirst(listedIn);
    output.message(`Next: deno task ${name === "conflicts" ? "conflicts list" : why ?? "status"}`);
    return 0;
  } catch (error) {
    const code = interruption.exitCode();
    if (code !== null && error === interruption.signal.reason) return code;
    throw error;
  } finally {
    await store?.close();
    interruption.stop();
  }
}

/** The command that tells of the first record that is listed, by id, since several may have its number; null: none is. */
async function whyOfFirst(place: Place): Promise<string | null> {
  for (const { name } of place.steps) {
    const filter = { step: name, states: ["open"] as const };
    for (const { source } of await place.store.changes(place.connection, filter, { limit: 1 })) {
      return `why ${quoted(`${name}/${source}`)}`;
    }
  }
  return null;
}

function nameOf(args: Arguments): ReportName {
  const name = args.word ?? "couplings";
  const names = Object.keys(reports);
  if (!names.includes(name)) {
    const meant = didYouMean(name, names);
    throw new DefinitionError(
      "bad_arguments",
      `Cannot report "${name}": there is no such report; ` +
        (meant === null ? `the reports are ${names.join(", ")}` : `did you mean "${meant}"?`),
    );
  }
  if (name !== "couplings" && args.has("only")) {
    throw new DefinitionError(
      "bad_arguments",
      `Cannot use --only with ${name}: it names states of couplings; leave one of the two out`,
    );
  }
  return name as ReportName;
}

function filterOf(args: Arguments): ReportFilter | null {
  const written = args.text("only");
  if (written === null || isReportFilter(written)) return written;
  const states = ["listed", ...couplingStates];
  const meant = didYouMean(written, states);
  throw new DefinitionError(
    "bad_arguments",
    `Cannot report only "${written}": there is no such state; ` +
      (meant === null ? `the states are ${states.join(", ")}` : `did you mean "${meant}"?`),
  );
}
