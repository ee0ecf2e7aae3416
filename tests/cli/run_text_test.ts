import { assertEquals, assertStringIncludes } from "@std/assert";
import { openOutput, type OutputOptions } from "../../cli/output.ts";
import { openProgress } from "../../cli/progress.ts";
import { countsText, progressLines, runTable, spentText } from "../../cli/run_text.ts";
import { statusText } from "../../cli/status.ts";
import type { Run, StepRun } from "../../store/store.ts";
import { runDetails } from "../../reports/run_document.ts";
import { stepsDocument } from "../../reports/steps_document.ts";
import { connection, counts, openCompany, runOf, steps } from "../reports/company.ts";

Deno.test("countsText() says what happened and leaves out what did not", () => {
  assertEquals(countsText(counts), "3 read: 1 inserted, 1 unchanged, 1 conflict");
});

Deno.test("runTable() shows each direction that ran, what was kept from it, and the totals; not what is off", () => {
  assertEquals(
    runTable(runOf("run1")),
    [
      "step       direction  status    read  inserted  modified  deleted  unchanged  skipped  conflict  blocked  failed  coupled  uncoupled  listed",
      "customers  to CRM     Success      3         1         0        0          1        0         1        0       0        2          1       1",
      "total                 Finished     3         1         0        0          1        0         1        0       0        2          1       1",
    ].join("\n"),
  );
  const [first, second] = runOf("run1").steps as [StepRun, StepRun];
  const blocked = { ...first, error: { code: "blocked_by_step", message: "x" } };
  assertStringIncludes(runTable({ ...runOf("run1"), steps: [blocked, second] }), "\ncurrencies             Skipped");
});

function waiting(run: Run): Run {
  const [first, second] = run.steps as [StepRun, StepRun];
  const quiet = { ...second, status: "Waiting" as const, toCrm: second.fromCrm };
  return { ...run, steps: [{ ...first, status: "In Process", note: "first run" }, quiet] };
}

Deno.test("progressLines() says what a step waits for", () => {
  assertEquals(progressLines(waiting(runOf("run1"))), [
    "  currencies  In Process  first run",
    "  customers   Waiting     waiting for currencies",
  ]);
});

interface Screen extends OutputOptions {
  readonly written: { out: string; err: string };
}
function screen(more: Partial<OutputOptions> = {}): Screen {
  const written = { out: "", err: "" };
  const decoder = new TextDecoder();
  return {
    written,
    // Takes a few bytes at a time, as a pipe may.
    stdout: {
      write: (bytes) => {
        written.out += decoder.decode(bytes.subarray(0, 5));
        return Promise.resolve(Math.min(5, bytes.length));
      },
    },
    stderr: {
      writeSync: (bytes) => {
        written.err += decoder.decode(bytes);
        return bytes.length;
      },
    },
    ...{ isTerminal: false, hasColours: false, columns: () => 30 },
    ...more,
  };
}
function clockAt(times: { now: number }) {
  return { now: () => times.now, random: () => 0, uuid: () => "", sleep: () => Promise.resolve() };
}

Deno.test("openProgress() gives a pipe one line when a step starts, ends or takes long", () => {
  const pipe = screen();
  const time = { now: 0 };
  const progress = openProgress(openOutput(pipe), clockAt(time));
  const run = waiting(runOf("run1"));
  const [first] = run.steps as [StepRun];
  for (const now of [0, 1_000, 29_999, 30_000, 31_000]) {
    time.now = now;
    progress.change(first, run);
  }
  progress.end(runOf("run1"));
  assertEquals(pipe.written.err.split("\n"), [
    "currencies: In Process · first run",
    "currencies: In Process · first run",
    "customers: Finished · to CRM 3 read: 1 inserted, 1 unchanged, 1 conflict",
    "Skipped: currencies · switched off in tenging.json",
    "",
  ]);
});

Deno.test("openProgress() draws a terminal again at most ten times a second, cut to its width", () => {
  const terminal = screen({ isTerminal: true });
  const time = { now: 0 };
  const progress = openProgress(openOutput(terminal), clockAt(time));
  const run = waiting(runOf("run1"));
  for (const now of [0, 50, 99, 100]) {
    time.now = now;
    progress.change(run.steps[0]!, run);
  }
  const drawn = "  currencies  In Process  fir\n  customers   Waiting     wai\n";
  assertEquals(terminal.written.err, `${drawn}\x1b[2A\x1b[J${drawn}`);
});

Deno.test("openOutput() puts a message above the area that is drawn again", () => {
  const terminal = screen({ isTerminal: true });
  const output = openOutput(terminal);
  output.draw(["area"]);
  output.message("hello");
  output.keep();
  output.message("bye");
  assertEquals(terminal.written.err, "area\n\x1b[1A\x1b[Jhello\narea\nbye\n");
});

Deno.test("openOutput() writes everything, and nothing more once the reader is gone", async () => {
  const pipe = screen();
  await openOutput(pipe).data("Þórður og Łukasz\n");
  assertEquals(pipe.written.out.length > 5, true);
  const gone = openOutput(screen({ stdout: { write: () => Promise.reject(new Deno.errors.BrokenPipe()) } }));
  await gone.data("a");
  assertEquals(gone.isUnread, true);
});

Deno.test("openOutput() paints only where colours are wanted", () => {
  assertEquals(openOutput(screen()).paint("red", "no"), "no");
  assertEquals(openOutput(screen({ hasColours: true })).paint("red", "no"), "\x1b[31mno\x1b[0m");
});

Deno.test("spentText() says what went out, reads that are counted apart by name", () => {
  const { spent } = runOf("run1");
  assertEquals(
    spentText(spent!),
    "Requests: ERP 4 and 3 apart (2 lookups, 1 overlap) · CRM 4 · 3 units of the CRM's daily entitlement",
  );
});

Deno.test("statusText() shows steps and runs", async () => {
  const store = await openCompany();
  await store.saveRun(connection, runOf("run1"));
  const standings = await stepsDocument(store, { connection, steps });
  const swept = standings.map((step) => ({ ...step, swept: { erp: "2026-01-05T01:30:00Z", crm: null } }));
  const runs = (await store.runs(connection, { limit: 5 })).map(runDetails);
  const lines = statusText(
    { connection, servedOn: null, lifelessSince: null, steps: swept, runs },
    Date.parse("2026-01-05T04:00:00Z"),
  ).split("\n");
  assertEquals(lines[2]?.startsWith("customers   Finished  Success"), true);
  assertEquals(lines[2]?.includes("1 ambiguous, 1 conflict, "), true);
  const looked = /^customers +2 h ago \(2026-01-05T01:30:00Z\) +never +1 +1 +in the next run$/;
  assertEquals(looked.test(lines[6] ?? ""), true, lines[6]);
  assertEquals(lines[9]?.includes("first  Finished  2 of 2 steps  3 read"), true);
  assertEquals(/ 4 and 3 apart +4 +3 +run1$/.test(lines[9] ?? ""), true, lines[9]);
});
