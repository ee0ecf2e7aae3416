/** What `why` says, as people read it. Pure; ends without a line break. */
import { shown } from "../engine/reconcile.ts";
import { same } from "../engine/same.ts";
import type { Block, Why, WhyField, Written } from "../reports/why.ts";
import { quoted } from "./next_command.ts";
import { table } from "./run_text.ts";

/** `now` is ISO 8601: what lies before it is tried in the next run. */
export function whyText(why: Why, now: string): string {
  const { coupling } = why;
  const sides = (["erp", "crm"] as const).filter((side) => why[side].id !== null).map((side) => {
    const { number, name, id, state, modifiedAt } = why[side];
    const known = state === null
      ? ["was never read"]
      : [state, `modified ${modifiedAt ?? "at a time that is not known"}`];
    return `  ${side.toUpperCase()}  ${[number, name, `(${id})`].filter((text) => text !== null).join(" ")}, ${
      known.join(", ")
    }`;
  });
  const written = coupling?.written
    ? [
      `  Last written: the ${coupling.written.side.toUpperCase()}, ${coupling.written.at}, run ${coupling.written.run}`,
    ]
    : [];
  const how = coupling === null
    ? []
    : [`  Coupled: ${coupling.how}${coupling.state === "coupled" ? "" : `, now ${coupling.state}`}`];
  const redefined = why.redefined ? ["  The definition changed since: the next run decides it anew"] : [];
  const uncoupled = why.uncoupled === null ? [] : [`  Uncoupled: ${why.uncoupled.message} (${why.uncoupled.code})`];
  return [
    [`${why.record}: ${why.state}`, ...sides, ...how, ...written, ...redefined, ...uncoupled].join("\n"),
    [...chosenText(why), blocksText(why, now)].join("\n"),
    ...why.waitsFor.map(({ record, state, blocks }) =>
      state === null
        ? `It waits for ${record}, which neither side has`
        : [`It waits for ${record}: ${state}`, ...blocks.map((block) => `  ${blockText(block, now)}`)].join("\n")
    ),
    ...(why.fields.length === 0 ? [] : [fieldsText(why.fields)]),
    ...(why.writes.length === 0 ? [] : [["Last writes", ...why.writes.map(writeText)].join("\n")]),
  ].join("\n\n");
}

function chosenText({ chosen }: Why): readonly string[] {
  const values = Object.entries(chosen).map(([field, value]) => `${field} ${shown(value)}`);
  return values.length === 0 ? [] : [`Decided by a person, carried out by the next sync: ${values.join(", ")}`];
}

function blocksText({ step, blocks, uncoupled, ...why }: Why, now: string): string {
  if (blocks.length === 0 && uncoupled !== null) {
    if (uncoupled.code === "not_compared") return "What couples it: deno task sync";
    const named = ["couple", quoted(step), idOf(why.erp, "ERP"), idOf(why.crm, "CRM")].join(" ");
    return `What couples it: a record there that its keys match, or deno task ${named}`;
  }
  if (blocks.length === 0) return "Nothing blocks it";
  return ["What blocks it", ...blocks.map((block) => `  ${blockText(block, now)}`)].join("\n");
}

function blockText({ side, code, field, message, remedy, attempts, retryAt, sent }: Block, now: string): string {
  const tried = attempts === 0 ? [] : [`tried ${attempts} ${attempts === 1 ? "time" : "times"}`];
  const next = retryAt === null || retryAt <= now ? [] : [`not again before ${retryAt}`];
  const aside = Object.entries(sent).map(([name, value]) => `${name} ${shown(value)} is set aside`);
  const notes = [...tried, ...next, ...aside];
  const where = [side?.toUpperCase(), field].filter((text) => text != null).join(" ");
  return `${code}${where === "" ? "" : ` (${where})`}: ${message}` +
    `${notes.length === 0 ? "" : `\n    ${notes.join(", ")}`}\n    What ends it: ${remedy}`;
}

function idOf({ number, id }: Why["erp"], side: string): string {
  return id === null ? side : quoted(number ?? id);
}

function fieldsText(fields: readonly WhyField[]): string {
  const rows = fields.map((one) => [one.rule, shown(one.erp), shown(one.crm), before(one), verdict(one)]);
  return table([["field and rule", "ERP", "CRM", "before", ""], ...rows], 5);
}

function before({ base }: WhyField): string {
  if (base === null) return "";
  const [erp, crm] = [shown(base.erp), shown(base.crm)];
  return erp === crm ? erp : `${erp} / ${crm}`;
}

function verdict({ equal, base, changed }: WhyField): string {
  const who = changed.erp && changed.crm
    ? "both changed"
    : changed.erp
    ? "the ERP changed"
    : changed.crm
    ? "the CRM changed"
    : "";
  if (who !== "") return equal ? `${who}, the same now` : who;
  if (equal) return "the same";
  return base === null ? "never agreed" : "differs as before";
}

function writeText({ at, side, op, state, fields, answers, lost, attempts }: Written): string {
  // A group is written as one: what it changes is told.
  const told = fields.filter(({ field, before, after }) => field.endsWith("/") || !same(before, after));
  const values = told.map(({ field, before, after }) =>
    op === "insert" ? `${field} ${shown(after)}` : `${field} ${shown(before)} → ${shown(after)}`
  );
  const gone = lost.flatMap((one) =>
    Object.entries(one.values).map(([field, value]) =>
      `lost in the ${one.side.toUpperCase()}: ${field} ${shown(value)}, ${one.by}`
    )
  );
  const said = answers.map(({ code, message }) => `${code}: ${message}`);
  const what = op === "none" ? "decided" : `${op}, ${state}${attempts > 1 ? ` after ${attempts} attempts` : ""}`;
  return [`  ${at}  ${side.toUpperCase()}  ${what}`, ...[...values, ...gone, ...said].map((line) => `    ${line}`)]
    .join("\n");
}
