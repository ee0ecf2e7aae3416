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
  readonly after: Row;
}
/** A field in conflict, or a value that lost one: a line of the report. */
interface Conflict {
  readonly step: string;
  readonly erpId: string;
  readonly isOpen: boolean;
  readonly unit: string;
  readonly field: Readonly<Record<Side, string>>;
  readonly value: Readonly<Record<Side, string>>;
}

/** Words of the definitions that make some of the conflicts somebody's, and a deletion that goes on. */
async function setPolicies({ edit }: Copy): Promise<void> {
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
    await finished(copy, ["sync"]);
    // What a service refused there is tried once more, and then left alone for a quarter of an hour.
    if (scale === 1) await finished(copy, ["sync"]);
    const start = await look(copy, sandbox);
    assertExplained(start);
    const events = choose(start.reading, start.differences, scale);
    await perform(sandbox, events);
    await writeAnew(sandbox);

    const planned = await carriedOut(copy, sandbox, "first");
    const ops = (side: Side) => planned.filter((line) => line.side === side).map(({ op }) => op);
    assertEquals([new Set(ops("erp")), new Set(ops("crm"))], [
      new Set(["update"]),
      new Set(["update", "insert", "delete"]),
    ]);
    const over = new Set(
      events.filter(({ recipe }) => isOver(recipe)).flatMap(({ couple: { erp, crm } }) => [erp, crm]),
    );
    assertEquals(planned.filter(({ op, target }) => op !== "delete" && over.has(target!)), []);
    const first = await look(copy, sandbox);
    assertEnded(events, first);
    assertExplained(first, events);
    assertOpen(start, first, events);

    const answers = await decide(copy, events, scale);
    // Nothing else was left to be done. Another value is written to both sides.
    const answered = [...answers].flatMap(([{ couple: { erp, crm } }, keep]) =>
      keep === "erp" ? [crm] : keep === "crm" ? [erp] : [erp, crm]
    );
    const after = await carriedOut(copy, sandbox, "second");
    assertEquals(after.map(({ target }) => target).sort(), answered.sort());
    const second = await look(copy, sandbox);
    assertEnded(events, second, answers);
    assertExplained(second, events);
    assertEquals(unitsOf(first).length - unitsOf(second).length, answers.size);
  } finally {
    await sandbox.stop();
  }
}

/** A customer whom only the ERP has: the plan's creation. */
async function writeAnew(sandbox: RunningSandbox): Promise<void> {
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers`;
  await ok(sandbox.send("POST", url, { displayName: "Entirely New Ltd", city: "Leith", country: "GB" }));
}

interface Looked {
  readonly reading: Reading;
  readonly differences: readonly Difference[];
  readonly conflicts: readonly Conflict[];
  readonly lost: readonly Conflict[];
}

/** Both services as they are, with what the program lists. */
async function look(copy: Copy, sandbox: RunningSandbox): Promise<Looked> {
  const lines = await rowsOf(copy, "couplings");
  const hasConflicts = lines.some((line) => line["conflict_fields"] !== "");
  const conflicts = !hasConflicts ? [] : (await rowsOf(copy, "conflicts")).map((line): Conflict => ({
    ...{ step: line["step"]!, erpId: line["erp_id"]!, isOpen: line["state"] === "open", unit: line["unit"]! },
    field: { erp: line["erp_field"]!, crm: line["crm_field"]! },
    value: { erp: line["erp_value"]!, crm: line["crm_value"]! },
  }));
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
  return {
    ...{ reading, differences: found },
    ...{ conflicts: conflicts.filter(({ isOpen }) => isOpen), lost: conflicts.filter(({ isOpen }) => !isOpen) },
  };
}

/** The lines of a report, without the apostrophes that keep a spreadsheet from computing. */
async function rowsOf(copy: Copy, report: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const { stdout } = await finished(copy, ["report", report]);
  const rows = parse(stdout, { skipFirstRow: true }) as unknown as Record<string, string>[];
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell.replace(/^'(?=[=+@-])/, "")]))
  );
}

/** Runs a command, and fails with what was said unless it did its work, whatever is listed. */
async function finished(copy: Copy, args: readonly string[]): Promise<{ readonly stdout: string }> {
  const done = await run(copy.home, ...args);
  assert([0, 3].includes(done.code), `${args.join(" ")} ended with ${done.code}: ${done.stderr}`);
  return done;
}

/** Makes a plan, which writes nothing, and carries it out: what the services were asked for is what it says. Gives it. */
async function carriedOut(copy: Copy, sandbox: RunningSandbox, name: string): Promise<readonly PlanLine[]> {
  const latest = async () => (await sandbox.requests()).at(-1)!.n;
  let since = await latest();
  await finished(copy, ["plan", "--out", `exports/${name}.json`]);
  assertEquals(await writtenSince(sandbox, since), [], "a plan writes nothing");
  const lines: PlanLine[] = JSON.parse(await Deno.readTextFile(`${copy.dir}exports/${name}.json`)).changes;
  assert(lines.length > 0);
  since = await latest();
  await finished(copy, ["sync", `exports/${name}.json`]);
  const written = await writtenSince(sandbox, since);
  assertEquals(written.map(({ text }) => text).sort(), lines.flatMap(plannedWrite).sort());
  assertEquals(written.filter(({ status }) => status >= 300), []);
  return lines;
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
function assertExplained({ differences, conflicts }: Looked, events: readonly Event[] = []): void {
  const open = Map.groupBy(conflicts, (one) => at(one.step, one.erpId, one.unit));
  const over = new Set(events.filter(({ recipe }) => isOver(recipe)).map(({ couple }) => couple.erp));
  const unexplained = differences.filter(({ couple, field, erp, crm }) => {
    const conflict = open.get(at(couple.step, couple.erp, field.unit));
    if (conflict !== undefined) return !conflict.some(({ value }) => same(value.erp, erp) && same(value.crm, crm));
    if (over.has(couple.erp)) return false;
    // A product keeps its unit group for life.
    return !(field.unit === "group unit" && couple.codes.includes("not_writable"));
  });
  assertEquals(unexplained.map(({ couple, field, erp, crm }) => [couple, field.unit, field.crm, erp, crm]), []);
}

/** New conflicts are those that the edits made, and none of the old ones is gone. */
function assertOpen(before: Looked, after: Looked, events: readonly Event[]): void {
  const made = events.filter(isInConflict).map(unitOf);
  assertEquals(unitsOf(after), [...unitsOf(before), ...made].sort());
}

/** What is in conflict: fields and groups. */
function unitsOf({ conflicts }: Looked): readonly string[] {
  return [...new Set(conflicts.map((one) => at(one.step, one.erpId, one.unit)))].sort();
}
function unitOf({ couple, edits }: Event): string {
  return at(couple.step, couple.erp, edits[0]!.field.unit);
}
function isInConflict({ recipe }: Event): boolean {
  return (recipe.kind === "same" || recipe.kind === "group") && recipe.wins === undefined;
}

/** Answers some of the conflicts that the edits made; gives the answers. */
async function decide(copy: Copy, events: readonly Event[], scale: 0 | 1): Promise<ReadonlyMap<Event, string>> {
  const open = events.filter(isInConflict);
  const [field, ...fields] = open.filter(({ recipe }) => recipe.kind === "same");
  const [group] = open.filter(({ recipe }) => recipe.kind === "group");
  const answers = new Map([[field!, "+354 555 9999"], [group!, "crm"]]);
  if (scale === 1) answers.set(fields.at(-1)!, "erp");
  for (const [{ couple, edits }, keep] of answers) {
    const record = `${couple.step}/${couple.erp}`;
    await finished(copy, ["conflicts", "resolve", record, "--keep", keep, "--field", edits[0]!.field.unit]);
  }
  return answers;
}

type End = "both" | "open" | "lost";

/** Each value that somebody gave stands on both sides, or in an open conflict, or among those that lost one. */
function assertEnded(events: readonly Event[], looked: Looked, answers: ReadonlyMap<Event, string> = new Map()): void {
  const { reading, conflicts, lost } = looked;
  const failures: unknown[] = [];
  for (const event of events) {
    const { recipe, couple, edits } = event;
    if (isOver(recipe)) assertOver(event, reading);
    const keep = answers.get(event) ?? recipe.wins ?? (isInConflict(event) ? "nobody" : "both");
    for (const edit of edits) {
      const end = keep === "both" || keep === edit.side ? "both" : keep === "nobody" ? "open" : "lost";
      if (!isEnded(edit, end)) failures.push([end, edit, reading.rows(couple)[edit.side]![edit.field[edit.side]]]);
    }
  }
  assertEquals(failures, []);

  function isEnded({ side, couple, field, value }: Edit, end: End): boolean {
    const rows = reading.rows(couple);
    const isListed = (line: Conflict) =>
      at(line.step, line.erpId, line.unit) === at(couple.step, couple.erp, field.unit) &&
      plainField([field[side], null])[0] === line.field[side] && same(line.value[side], value);
    const isOpen = conflicts.some(isListed);
    const stands = same(rows[side]![field[side]], value);
    if (end === "open") return isOpen && stands;
    if (end === "lost") return !isOpen && !stands && lost.some(isListed);
    const normal = field.normal ?? ((one) => one);
    const expected = inCrm(field, rows.erp![field.erp], reading);
    return !isOpen && stands && same(normal(expected), normal(rows.crm![field.crm]));
  }
}

/** A pair that is over is listed so, and what is left of it stays but where the definition says otherwise. */
function assertOver({ recipe, couple }: Event, reading: Reading): void {
  const { erp, crm } = reading.rows(couple);
  const state = reading.couples.find((one) => one.step === couple.step && one.erp === couple.erp)?.state;
  const isOnIn = { erp: erp !== null, crm: crm !== null };
  const deletesBoth = recipe.step === "contacts" && recipe.erp !== undefined;
  const expected = recipe.kind === "left"
    ? { erp: true, crm: true }
    : { erp: recipe.erp === undefined, crm: recipe.erp !== undefined && !deletesBoth };
  assertEquals([isOnIn, state], [expected, deletesBoth ? undefined : recipe.kind === "left" ? "left" : "missing"]);
}
