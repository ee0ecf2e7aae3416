/** `check STEP`: real records through one definition. Writes nothing to either side. */
import { select } from "../engine/plan.ts";
import { sampleStep } from "../engine/sample.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { configurationOf, pipelinesOf } from "./files.ts";
import { nothingToFill } from "./fill_sandbox.ts";
import { listenForInterruption } from "./interruption.ts";
import { refuseOtherModel } from "./other_model.ts";
import { homeOf } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { sampleText } from "./sample_text.ts";
import { openServices, refuseOtherKind } from "./services.ts";
import type { Session } from "./session.ts";
import { databaseName, openStoreIfAny } from "./store.ts";

/** Puts records of both sides through the step of this name; `usual` of each where the arguments say nothing else. */
export async function checkSample(
  word: string,
  { args, usual }: { readonly args: Arguments; readonly usual: number },
  session: Session,
): Promise<number> {
  const { output, project, clock } = session;
  const configuration = configurationOf(session);
  const home = homeOf(project, session.env);
  const limit = args.number("sample", { least: 1, most: 1000 }) ?? usual;
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
