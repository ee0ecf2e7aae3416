/**
 * People work on both sides, and a plan is made and carried out: what the services were asked for is what the plan says,
 * and afterwards both sides are the same but for what is listed. One procedure for companies of any size.
 */
import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { type Copy, ok, run, type RunningSandbox, startSandbox } from "./program.ts";
import { choose, type Edit, type Event, isOver, perform } from "./two_sides_edits.ts";
import {
  blank,
  type Couple,
  type Difference,
  differences,
  inCrm,
  read,
  type Reading,
  type Row,
  same,
  type Side,
  tableOf,
  tables,
} from "./two_sides_fields.ts";

interface PlanLine {
  readonly step: string;
  readonly side: Side;
  readonly op: "insert" | "update" | "delete" | "uncouple";
  readonly target: string | null;
  readonly name: string;
  readonly after: Row;
}
interface Conflict {
  readonly record: string;
  readonly step: string;
  readonly erp: { readonly id: string | null };
  readonly crm: { readonly id: string | null };
  readonly unit: string;
  readonly deleted: Side | null;
  readonly fields: readonly {
    readonly field: Record<Side, string | null>;
    readonly erp: unknown;
    readonly crm: unknown;
  }[];
}
interface Lost {
  readonly record: string;
  readonly step: string;
  readonly side: Side;
  readonly unit: string;
  readonly values: Row;
  readonly by: string;
}

/** Words of the definitions that make some of the conflicts somebody's, and a deletion that goes on. */
export async function setPolicies({ edit }: Copy): Promise<void> {
  await edit("pipelines/customers.ts", "mapped, optional,", "mapped, onConflict, optional,");
  await edit("pipelines/customers.ts", 'websiteurl: "website"', 'websiteurl: onConflict("erp", "website")');
  await edit("pipelines/customers.ts", 'emailaddress1: "email"', 'emailaddress1: onConflict("crm", "email")');
  await edit(
    "pipelines/contacts.ts",
    'toCrm: { unmatched: "insert" },',
    'toCrm: { unmatched: "insert" }, missing: { erp: "delete" },',
  );
}

/** The whole of it, in a copy of the tree; `data` are the options that load the company, `scale` says how much is done. */
export async function twoSides(copy: Copy, data: readonly string[], scale: 0 | 1): Promise<void> {
  await setPolicies(copy);
  const sandbox = await startSandbox(copy.home, ...data);
  try {
    // What a service refused is tried twice here, and is then left alone for a quarter of an hour.
    for (const brakes of [[], ["--allow", "creations"]]) await finished(copy, ["sync", ...brakes]);
    const start = await look(copy, sandbox);
    assertExplained(start.differences, start.conflicts);
    const events = choose(start.reading, start.differences, scale);
    await perform(sandbox, events);
    await writeAnew(sandbox);

    await assertCarriedOut(copy, sandbox, "first");
    const first = await look(copy, sandbox);
    assertEnded(events, first);
    assertExplained(first.differences, first.conflicts, events);
    assertOpen(start.conflicts, first.conflicts, events);

    const decided = await decide(copy, first.conflicts, events);
    await assertCarriedOut(copy, sandbox, "second");
    const second = await look(copy, sandbox);
    assertEnded(events, second, decided);
    assertExplained(second.differences, second.conflicts, events);
    assertEquals(first.conflicts.length - second.conflicts.length, decided.size);

    const nothing = await run(copy.home, "plan", "--allow", "creations", "--exit-code");
    assertEquals(nothing.code, 0, nothing.stderr);
  } finally {
    await sandbox.stop();
  }
}

/** A customer who comes into being on the ERP's side, with a person; the CRM has neither. */
async function writeAnew(sandbox: RunningSandbox): Promise<void> {
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers`;
  await ok(sandbox.send("POST", url, { displayName: "Entirely New Ltd", city: "Reykjavík", country: "IS" }));
}

interface Looked {
  readonly reading: Reading;
  readonly differences: readonly Difference[];
  readonly conflicts: readonly Conflict[];
  readonly lost: readonly Lost[];
}

/** Both services as they are, with what the program lists. */
async function look(copy: Copy, sandbox: RunningSandbox): Promise<Looked> {
  const said = async (...args: string[]) => (await finished(copy, args)).stdout;
  const report = await said("report");
  const open = await said("conflicts", "list", "--json"); // one after the other: each holds the store
  const decided = await said("conflicts", "list", "--decided", "--json");
  const lines = parse(report, { skipFirstRow: true }) as unknown as Record<string, string>[];
  const steps = new Set(tables.map(({ step }) => step));
  const couples = lines.filter((line) => steps.has(line["step"]!) && line["erp_id"] && line["crm_id"])
    .filter((line) => line["coupling_state"] !== "tombstone")
    .map((line): Couple => ({
      ...{ step: line["step"]!, erp: line["erp_id"]!, crm: line["crm_id"]!, state: line["coupling_state"]! },
      codes: line["error_code"]!.split("; ").filter((code) => code !== ""),
    }));
  const reading = await read(sandbox, couples);
  const { compared, found } = differences(reading);
  assert(compared > 25 * couples.filter(({ step }) => step === "contacts").length / 2, `${compared} compared`);
  return { reading, differences: found, conflicts: JSON.parse(open).conflicts, lost: JSON.parse(decided).lost };
}

/** Runs a command, and fails with what was said unless it did its work, whatever is listed. */
async function finished(copy: Copy, args: readonly string[]): Promise<{ readonly stdout: string }> {
  const done = await run(copy.home, ...args);
  assert([0, 3].includes(done.code), `${args.join(" ")} ended with ${done.code}: ${done.stderr}`);
  return done;
}

/** Makes a plan, which writes nothing, and carries it out: the services are asked for what it says, one by one. */
async function assertCarriedOut(copy: Copy, sandbox: RunningSandbox, name: string): Promise<void> {
  const latest = async () => (await sandbox.requests()).at(-1)!.n;
  let since = await latest();
  await finished(copy, ["plan", "--allow", "creations", "--out", `exports/${name}.json`]);
  assertEquals(await writtenSince(sandbox, since), [], "a plan writes nothing");
  const lines: PlanLine[] = JSON.parse(await Deno.readTextFile(`${copy.dir}exports/${name}.json`)).changes;
  assert(lines.length > 0);
  since = await latest();
  await finished(copy, ["sync", `exports/${name}.json`]);
  const written = await writtenSince(sandbox, since);
  assertEquals(written.map(({ text }) => text).sort(), lines.flatMap(plannedWrite).sort());
  assertEquals(written.filter(({ status }) => status >= 300), []);
}

interface Write {
  readonly text: string;
  readonly status: number;
}

async function writtenSince(sandbox: RunningSandbox, since: number): Promise<readonly Write[]> {
  return (await sandbox.requests(since)).flatMap(({ service, writes = [] }) =>
    writes.map(({ method, entity, id, fields, status }) => ({
      text: asText({
        ...{ side: service === "dataverse" ? "crm" : "erp", entity, id },
        op: method === "DELETE" ? "delete" : status === 201 ? "insert" : "update",
        fields: Object.fromEntries(Object.entries(fields ?? {}).map(plainField)),
      }),
      status,
    }))
  );
}

/** A lookup by its field, with the id it points at; names of the ERP's page by those of the plan. */
function plainField([name, value]: readonly [string, unknown]): readonly [string, unknown] {
  const names: Readonly<Record<string, string>> = { surname: "lastName" };
  const bound = /^(\w+?)(_account)?@odata\.bind$/.exec(name);
  if (bound === null) return [names[name] ?? name, value];
  return [bound[1]!, /\(([^)]+)\)$/.exec(String(value))?.[1] ?? value];
}

function plannedWrite({ step, side, op, target, after }: PlanLine): readonly string[] {
  if (op === "uncouple") return [];
  const entity = tableOf(step)[side];
  return [asText({ side, op, entity, id: target, fields: op === "delete" ? {} : after })];
}

function asText(write: {
  readonly side: string;
  readonly op: string;
  readonly entity: string;
  readonly id: string | null;
  readonly fields: Row;
}): string {
  const fields = Object.entries(write.fields).map(([name, value]) => `${name}=${blank(value) ? "" : value}`).sort();
  return [write.side, write.op, write.entity, write.id, ...fields].join(" ");
}

const at = (step: string, erp: string | null, unit: string) => `${step} ${erp} ${unit}`;

/** Whatever is not the same is in an open conflict, with the values that stand there, or is listed as never to be the same. */
function assertExplained(
  found: readonly Difference[],
  conflicts: readonly Conflict[],
  events: readonly Event[] = [],
): void {
  const open = new Map(conflicts.map((one) => [at(one.step, one.erp.id, one.unit), one]));
  const over = new Set(
    events.filter(({ recipe }) => isOver(recipe)).map(({ couple }) => `${couple.step} ${couple.erp}`),
  );
  const unexplained = found.filter(({ couple, field, erp, crm }) => {
    const conflict = open.get(at(couple.step, couple.erp, field.unit));
    if (conflict !== undefined) {
      return !conflict.fields.some((one) => same(one.erp, erp) && same(one.crm, crm));
    }
    if (over.has(`${couple.step} ${couple.erp}`)) return false;
    // A product keeps its unit group for life.
    return !(field.unit === "group unit" && couple.codes.includes("not_writable"));
  });
  assertEquals(unexplained.map(({ couple, field, erp, crm }) => [couple, field.unit, field.crm, erp, crm]), []);
}

/** New conflicts are those that the edits made, and none of the old ones is gone. */
function assertOpen(before: readonly Conflict[], after: readonly Conflict[], events: readonly Event[]): void {
  const keys = (all: readonly Conflict[]) => all.map((one) => at(one.step, one.erp.id, one.unit)).sort();
  const made = events.filter(isInConflict).map(({ couple, edits }) =>
    at(couple.step, couple.erp, edits[0]!.field.unit)
  );
  assertEquals(keys(after), [...keys(before), ...made].sort());
}

function isInConflict({ recipe }: Event): boolean {
  return (recipe.kind === "same" || recipe.kind === "group") && recipe.wins === undefined;
}

/** Answers some of the conflicts that the edits made; by event. */
async function decide(
  copy: Copy,
  conflicts: readonly Conflict[],
  events: readonly Event[],
): Promise<ReadonlyMap<Event, string>> {
  const answers = new Map<Event, string>();
  const open = events.filter(isInConflict);
  const fields = open.filter(({ recipe }) => recipe.kind === "same");
  const groups = open.filter(({ recipe }) => recipe.kind === "group");
  for (
    const [event, keep] of [[fields[0], "+354 555 9999"], [fields.at(-1), "erp"], [groups[0], "crm"], [
      groups.at(-1),
      "erp",
    ]] as const
  ) {
    const { couple, edits } = event!;
    const conflict = conflicts.find((one) =>
      at(one.step, one.erp.id, one.unit) === at(couple.step, couple.erp, edits[0]!.field.unit)
    )!;
    await finished(copy, ["conflicts", "resolve", conflict.record, "--keep", keep, "--field", conflict.unit]);
    answers.set(event!, keep);
  }
  return answers;
}

/** Each value that somebody gave stands on both sides, or in an open conflict, or among those that lost one. */
function assertEnded(events: readonly Event[], looked: Looked, decided: ReadonlyMap<Event, string> = new Map()): void {
  const { reading, conflicts, lost } = looked;
  const states = new Map(reading.couples.map((one) => [`${one.step} ${one.erp}`, one]));
  const failures: unknown[] = [];
  for (const event of events) {
    const { recipe, couple, edits } = event;
    const key = `${couple.step} ${couple.erp}`;
    if (recipe.kind === "left") assertEquals(states.get(key)?.state, "left", key);
    if (recipe.kind === "gone") {
      const { erp, crm } = reading.rows(couple);
      const goesOn = recipe.step === "contacts" && recipe.erp !== undefined;
      assertEquals(
        [erp === null, crm === null],
        goesOn ? [true, true] : [recipe.erp !== undefined, recipe.crm !== undefined],
      );
      assertEquals(states.get(key)?.state, goesOn ? undefined : "missing", key);
    }
    const keep = decided.get(event) ?? recipe.wins ?? (isInConflict(event) ? "nobody" : "both");
    for (const edit of edits) {
      const expected = keep === "both" || keep === edit.side ? "both" : keep === "nobody" ? "open" : "lost";
      if (!isEnded(edit, expected)) {
        failures.push([
          expected,
          recipe,
          edit.side,
          edit.value,
          couple,
          reading.rows(couple)[edit.side]?.[edit.field[edit.side]],
        ]);
      }
    }
  }
  assertEquals(failures, []);

  function isEnded({ side, couple, field, value }: Edit, expected: "both" | "open" | "lost"): boolean {
    const rows = reading.rows(couple);
    const names = [field[side], ...(field.erp === "surname" ? ["lastName"] : [])];
    const known = at(couple.step, couple.erp, field.unit);
    const conflict = conflicts.find((one) => at(one.step, one.erp.id, one.unit) === known);
    if (expected === "open") {
      const stands = same(rows[side]![field[side]], value);
      return stands && conflict!.fields.some((one) => names.includes(one.field[side]!) && same(one[side], value));
    }
    if (conflict !== undefined) return false;
    if (expected === "lost") {
      const number = tableOf(couple.step).step;
      return lost.some((one) =>
        one.step === number && one.side === side && one.unit === field.unit &&
        names.some((name) => same(one.values[name], value))
      );
    }
    const normal = field.normal ?? ((one) => one);
    const inErp = rows.erp![field.erp];
    return same(rows[side]![field[side]], value) &&
      same(normal(inCrm(field, inErp, reading)), normal(rows.crm![field.crm]));
  }
}
