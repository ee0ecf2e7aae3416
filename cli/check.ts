/** `check`: the definitions, or some real records through one of them. Writes nothing to either side. */
import { problemsOf } from "../engine/check.ts";
import { select } from "../engine/plan.ts";
import { rulesOf } from "../engine/rules.ts";
import { sampleStep } from "../engine/sample.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Settings } from "./configuration.ts";
import { configurationOf, pipelinesOf, settingsOf } from "./files.ts";
import { nothingToFill } from "./fill_sandbox.ts";
import { listenForInterruption } from "./interruption.ts";
import { refuseOtherModel } from "./other_model.ts";
import { homeOf } from "./permissions.ts";
import { filesOf, loadDefinitions, loadPipeline, type Pipeline } from "./pipeline.ts";
import { sampleText } from "./sample_text.ts";
import { openServices, refuseOtherKind } from "./services.ts";
import type { Session } from "./session.ts";
import { databaseName, openStoreIfAny } from "./store.ts";

/** Records of each side when --sample is not given. */
const usualSample = 5;

export async function check(args: Arguments, session: Session): Promise<number> {
  if (args.word !== null) return await checkSample(args.word, args, session);
  if (args.has("sample")) {
    throw new DefinitionError(
      "bad_arguments",
      "Cannot sample without a step; name one: deno task check customers --sample 5",
    );
  }
  const settings = settingsOf(session);
  if (args.has("json")) {
    const { steps } = await loadDefinitions();
    const problems = problemsOf(steps, { files: filesOf(pipelinesOf(session)) });
    const document = { steps: steps.map((step) => step.name), problems };
    await session.output.data(`${JSON.stringify(document, null, 2)}\n`);
    if (problems.length > 0) return 2;
  }
  const { steps, off, without } = await loadPipeline(settings, pipelinesOf(session));
  if (!args.has("json")) {
    await session.output.data(
      `${steps.length} definitions, no problems: ${steps.map((step) => step.name).join(", ")}\n`,
    );
    await session.output.data(`${inEffect(settings)}\n`);
    for (const [step, why] of off) await session.output.data(`Skipped: ${step}, ${why}\n`);
    for (const [step, fields] of without) {
      await session.output.data(`Without the extension, ${step} leaves out: ${fields.join(", ")}\n`);
    }
    for (const [missed, waiting] of waitingFor({ steps, off })) {
      await session.output.data(
        `Without ${missed}, these wait for what was not coupled before: ${waiting.join(", ")}\n`,
      );
    }
  }
  // Lines are sampled with their documents.
  const name = steps.findLast(({ under }) => under === null)?.name ?? "STEP";
  session.output.message(`Next: deno task check ${name.includes(" ") ? `"${name}"` : name} --sample ${usualSample}`);
  return 0;
}

/** What tenging.json says for all steps, or what counts where it says nothing. */
function inEffect({ owner, extension, linkColumn, timeZone }: Settings): string {
  const owned = owner.model === "team" ? `the team ${owner.team}` : "the salespeople";
  const installed = extension ? "with" : "without";
  const linked = linkColumn ? ", with the link column" : "";
  return `In effect: records of the CRM belong to ${owned}, ${installed} the extension${linked}, time zone ${timeZone}`;
}

/** The steps that are on whose rules look through steps that are off alone, by the names of those. */
function waitingFor({ steps, off }: Pick<Pipeline, "steps" | "off">): ReadonlyMap<string, readonly string[]> {
  const waiting = steps.filter((step) => !off.has(step.name)).flatMap((step) => {
    const lookups = rulesOf(step).flatMap(({ lookup }) => lookup ?? []).filter(({ steps, options }) =>
      (options.unresolved ?? "wait") === "wait" && steps.every(({ name }) => off.has(name))
    );
    const missed = lookups.map(({ steps }) => steps.map(({ name }) => `"${name}"`).join(" or "));
    return [...new Set(missed)].map((missed) => ({ missed, step: step.name }));
  });
  const byMissed = Map.groupBy(waiting, ({ missed }) => missed);
  return new Map([...byMissed].map(([missed, found]) => [missed, found.map(({ step }) => step)]));
}

async function checkSample(word: string, args: Arguments, session: Session): Promise<number> {
  const { output, project, clock } = session;
  const configuration = configurationOf(session);
  const home = homeOf(project, session.env);
  const limit = args.number("sample", { least: 1, most: 1000 }) ?? usualSample;
  const pipeline = await loadPipeline(configuration, pipelinesOf(session));
  const { steps } = pipeline;
  select(steps, word); // a name that is nearly right is answered with the right one
  const step = steps.find((step) => step.name === word);
  if (step?.under) {
    const head = step.under.name;
    throw new DefinitionError("bad_arguments", `Cannot sample "${word}": they are parts of "${head}"; sample those`);
  }
  if (step === undefined) {
    throw new DefinitionError("bad_arguments", `Cannot sample "${word}": it is not the name of one step; name one`);
  }

  const interruption = listenForInterruption(output, "nothing was written");
  const { signal } = interruption;
  const store = await openStoreIfAny(session, configuration.connection) ??
    (await import("../store/memory.ts")).memoryStore();
  try {
    await refuseOtherKind(store, configuration, { home, database: databaseName(session) });
    await refuseOtherModel(store, configuration.connection, { ...pipeline, database: databaseName(session) });
    const services = await openServices({ home, configuration, project, clock, filling: nothingToFill });
    try {
      for (const message of services.messages) output.message(message);
      for (const warning of await services.warnings(signal)) output.message(warning);
      const { erp, crm } = services;
      const parts = steps.find((one) => one.under?.name === step.name) ?? null;
      const { connection } = configuration;
      const records = await sampleStep(step, { erp, crm, store, connection, limit, signal, parts });
      const text = args.has("json") ? JSON.stringify({ step: step.name, records }, null, 2) : sampleText(records);
      await output.data(`${text}\n`);
    } finally {
      await services.close();
    }
    output.message(`Next: deno task sync --select +${step.name}`);
    return 0;
  } catch (error) {
    const code = interruption.exitCode();
    if (code !== null && error === signal.reason) return code;
    throw error;
  } finally {
    await store.close();
    interruption.stop();
  }
}
