/**
 * A plan as a file: one JSON document whose first line is the header, then one change a line, then the summary. It is
 * written and read line by line, however long it is.
 */
import { z } from "zod";
import { brakes } from "../engine/brakes.ts";
import type { PlanLine } from "../engine/planned.ts";
import { DefinitionError } from "../errors.ts";

/** The format that is written, and the only one that is read. */
const format = 1;
/** Longer lines are no plan's: a record with all its lines stays far below. In characters. */
const longest = 16_000_000;

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const fields = z.record(z.string(), value);
const side = z.enum(["erp", "crm"]);
const identity = z.strictObject({ service: z.string(), name: z.string(), parts: z.record(z.string(), z.string()) });
const header = z.strictObject({
  format: z.literal(format),
  connection: z.string(),
  kind: z.enum(["sandbox", "real"]),
  /** What the connection is pinned to. */
  erp: identity,
  crm: identity,
  /** Step → hash of its definition. */
  definitions: z.record(z.string(), z.string()),
  options: z.strictObject({
    full: z.boolean(),
    onlyCoupled: z.boolean(),
    select: z.string().nullable(),
    /** Brakes that may pass. */
    allow: z.array(z.enum(brakes)),
    rebase: z.boolean(),
  }),
  madeAt: z.string(),
});
const line = z.strictObject({
  step: z.string(),
  side,
  op: z.enum(["insert", "update", "delete", "uncouple"]),
  source: z.string(),
  target: z.string().nullable(),
  name: z.string(),
  key: z.string().nullable(),
  after: fields,
  before: fields,
  rules: z.record(z.string(), z.string()),
  policy: z.string().nullable(),
  lost: z.array(z.strictObject({ side, unit: z.string(), values: fields, by: z.string() })),
  left: z.array(z.strictObject({ code: z.string(), field: z.string().nullable() })),
});
export type PlanHeader = Omit<z.infer<typeof header>, "format">;

/** The text of a plan, in pieces; `summary` is called once all changes were taken. */
export async function* planText(
  head: PlanHeader,
  lines: AsyncIterable<PlanLine>,
  summary: () => unknown,
): AsyncGenerator<string, void, void> {
  yield `{"plan":${JSON.stringify({ format, ...head })},"changes":[`;
  let before = "\n";
  for await (const one of lines) {
    yield `${before}${JSON.stringify(one)}`;
    before = ",\n";
  }
  yield `\n],"summary":${JSON.stringify(summary())}}\n`;
}

/** A plan that is read. Take `lines` to their end: only then is it known to be complete. */
export interface PlanFile {
  readonly header: PlanHeader;
  lines(): AsyncGenerator<PlanLine, void, void>;
}

/** Opens a plan; `lines` can be taken several times. Throws DefinitionError "plan_unreadable", as do its lines. */
export async function openPlan(path: string): Promise<PlanFile> {
  const first = linesOf(path);
  const { value: text } = await first.next();
  await first.return();
  const start = /^\{"plan":(.*),"changes":\[$/.exec(text ?? "");
  if (start === null) throw unreadable(path, "it does not begin like a plan of this version");
  const { format: _, ...head } = parsed(header, start[1]!, { path, at: 1 });
  return { header: head, lines: () => changesOf(path) };
}

async function* changesOf(path: string): AsyncGenerator<PlanLine, void, void> {
  let at = 0;
  let isOpen = true; // another change has to follow
  for await (const text of linesOf(path)) {
    at++;
    if (at === 1) continue;
    if (text.startsWith('],"summary":')) {
      parsed(z.looseObject({}), text.slice('],"summary":'.length, -1), { path, at });
      if (isOpen && at > 2) throw unreadable(path, `line ${at} ends the changes too early`);
      return;
    }
    if (!isOpen) throw unreadable(path, `line ${at} does not follow from the one before it`);
    isOpen = text.endsWith("},");
    yield parsed(line, isOpen ? text.slice(0, -1) : text, { path, at }) as PlanLine;
  }
  throw unreadable(path, "it ends too early");
}

async function* linesOf(path: string): AsyncGenerator<string, void, void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
  // Closed by the stream, also when it is left early.
  let rest = "";
  try {
    for await (const piece of file.readable.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
      const texts = (rest + piece).split("\n");
      rest = texts.pop()!;
      if (rest.length > longest) throw unreadable(path, "it has lines that no plan has");
      yield* texts;
    }
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(path, "it is not UTF-8", error);
    throw error;
  }
  if (rest !== "") yield rest;
}

function parsed<T>(schema: z.ZodType<T>, text: string, { path, at }: { path: string; at: number }): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, `line ${at} is no JSON`, error);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw unreadable(path, `line ${at} is not as a plan has it ("${issue.path.join(".")}": ${issue.message})`);
}

function unreadable(path: string, state: string, cause?: unknown): DefinitionError {
  return new DefinitionError(
    "plan_unreadable",
    `Cannot read the plan "${path}": ${state}; make it anew with deno task plan --out`,
    { cause },
  );
}
