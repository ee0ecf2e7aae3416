/** Sampled records as people read them, on 120 columns. Pure. */
import type { Value } from "../connectors/connector.ts";
import type { SampledField, SampledRecord } from "../engine/sample.ts";
import { table } from "./run_text.ts";

const width = 120;
/** The least room that a value gets, however long the names beside it are. */
const least = 20;

/** Each record with its fields as they are, and what the other side would be given. Ends without a line break. */
export function sampleText(records: readonly SampledRecord[]): string {
  if (records.length === 0) return "Neither side has a record for this step";
  return records.map((record) => {
    const names = [record.key ?? record.id, record.label ?? ""].filter((name, at, all) => all.indexOf(name) === at);
    const title = `${record.side.toUpperCase()} ${names.join(" ").trimEnd()}`;
    const blocks = [...Map.groupBy(record.fields, (field) => field.part)].map(([part, fields]) =>
      [...part === undefined ? [] : [`  part ${part}`], ...blockOf(fields, record.side)].join("\n")
    );
    return [title, ...blocks].join("\n");
  }).join("\n\n");
}

/** A line for each field with a value, under a heading unless it is a part; the blank ones are named at the end. */
function blockOf(fields: readonly SampledField[], side: SampledRecord["side"]): readonly string[] {
  const other = side === "erp" ? "crm" : "erp";
  const isBlank = ({ from, to, reason }: SampledField) => from === null && to === null && reason === undefined;
  const told = fields.filter((field) => !isBlank(field));
  const names = told.map((field) => [`  ${field[side] ?? "(constant)"}`, `→ ${field[other]}`] as const);
  const isHead = told.length > 0 && told[0]!.part === undefined;
  if (isHead) names.unshift([`  ${side.toUpperCase()} field`, `→ ${other.toUpperCase()} field`]);
  const room = roomBeside(names);
  const values = told.map((field) => [shown(field.from, room), givenOf(field, room)] as const);
  if (isHead) values.unshift(["has", "would be given"]);
  const rows = names.map(([mine, theirs], at) => [mine, values[at]![0], theirs, values[at]![1]]);
  const reasons = told.filter((field) => isLong(field, room));
  const blank = fields.filter(isBlank).map((field) => field[side] ?? field[other]);
  return [
    ...rows.length === 0 ? [] : [table(rows, 4)],
    ...reasons.flatMap((field) => wrapped(`  ${field[other]}: ${field.reason}`)),
    ...blank.length === 0 ? [] : wrapped(`  blank: ${blank.join(", ")}`),
  ];
}

/** What the other side would be given, or why it would not; a long reason stands below. */
function givenOf(field: SampledField, room: number): string {
  const { to, reason, created } = field;
  if (reason !== undefined) return isLong(field, room) ? "(nothing, see below)" : `(${reason})`;
  const note = created ? " when created" : "";
  return `${shown(to, room - note.length)}${note}`;
}

function isLong({ reason }: SampledField, room: number): boolean {
  return reason !== undefined && reason.length + 2 > room;
}

/** Characters for each of the two values of a line. */
function roomBeside(names: readonly (readonly [string, string])[]): number {
  const [mine, theirs] = [0, 1].map((at) => Math.max(...names.map((row) => row[at]!.length)));
  const gaps = 3 * "  ".length;
  return Math.max(least, Math.floor((width - mine! - theirs! - gaps) / 2));
}

/** At most `room` characters of a value on one line; text in quotes, so that blanks at its ends show. */
function shown(value: Value, room: number): string {
  const characters = [...JSON.stringify(value)];
  return characters.length <= room ? characters.join("") : `${characters.slice(0, room - 1).join("")}…`;
}

/** Broken at blanks, the lines after the first indented further. */
function wrapped(text: string): readonly string[] {
  const lines = [""];
  for (const word of text.split(/(?<=\S) /)) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(`    ${word}`);
  }
  return lines;
}
