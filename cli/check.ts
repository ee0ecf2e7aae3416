/** `check`: the definitions, or some real records through one of them. Writes nothing to either side. */
import { problemsOf } from "../engine/check.ts";
import { rulesOf } from "../engine/rules.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Settings } from "./configuration.ts";
import { pipelinesOf, settingsOf } from "./files.ts";
import { filesOf, loadDefinitions, loadPipeline, type Pipeline } from "./pipeline.ts";
import type { Session } from "./session.ts";

/** Records of each side when --sample is not given. */
const usualSample = 5;

export async function check(args: Arguments, session: Session): Promise<number> {
  if (args.word !== null) {
    // What reaches the services is loaded for nothing else.
    const { checkSample } = await import("./check_sample.ts");
    return await checkSample(args.word, { args, usual: usualSample }, session);
  }
  if (args.has("sample")) {
    throw new DefinitionError(
      "bad_arguments",
      "Cannot sample without a step; name one: deno task check customers --sample 5",
    );
  }
  const settings = settingsOf(session);
  if (args.has("json")) {
    const { steps } = await loadDefinitions();
    const problems = problemsOf(steps, { files: () => filesOf(pipelinesOf(session)) });
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
