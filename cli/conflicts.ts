/** `conflicts`: which fields both sides changed, and what a person decides of them. */
import { conflictsOf } from "../engine/conflicts.ts";
import { didYouMean } from "../engine/did_you_mean.ts";
import { changesOf, compiledOf, findRecord, selectorOf } from "../engine/find_record.ts";
import { readLookups } from "../engine/lookups.ts";
import { shown } from "../engine/reconcile.ts";
import { type Answer, resolveConflict } from "../engine/resolve.ts";
import { DefinitionError } from "../errors.ts";
import { conflictDocument, lostDocument } from "../reports/conflict_document.ts";
import { conflictRows, lostRows } from "../reports/conflict_rows.ts";
import type { Arguments } from "./arguments.ts";
import { conflictTable, conflictText, lostTable } from "./conflict_text.ts";
import { needed, withStore } from "./held.ts";
import { quoted } from "./next_command.ts";
import type { Session } from "./session.ts";

const usages: Readonly<Record<string, string>> = {
  list: "conflicts list",
  show: "conflicts show RECORD",
  resolve: "conflicts resolve RECORD --keep erp|crm|VALUE",
};

export async function conflicts(args: Arguments, session: Session): Promise<number> {
  const word = args.word ?? "list";
  if (!Object.hasOwn(usages, word)) {
    const meant = didYouMean(word, Object.keys(usages));
    throw new DefinitionError(
      "bad_arguments",
      `Cannot run conflicts "${word}": there is no such word; ` +
        (meant === null ? "write list, show or resolve" : `did you mean "${meant}"?`),
    );
  }
  if (word === "list") return await list(args, session);
  const [record] = needed([args.object], usages[word]!) as [string];
  return word === "show" ? await show(record, args, session) : await resolve(record, args, session);
}

async function list(args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  return await withStore(session, async (held) => {
    if (args.has("decided")) {
      const lost = (await Array.fromAsync(lostRows(held))).map(lostDocument);
      if (args.has("json")) await output.data(`${JSON.stringify({ lost }, null, 2)}\n`);
      else if (lost.length > 0) await output.data(`${lostTable(lost)}\n`);
      else output.message("No value has lost a conflict");
      output.message("Next: deno task conflicts list");
      return 0;
    }
    const open = (await Array.fromAsync(conflictRows(held))).map(({ row, conflict }) =>
      conflictDocument(row, conflict)
    );
    if (args.has("json")) await output.data(`${JSON.stringify({ conflicts: open }, null, 2)}\n`);
    else if (open.length > 0) await output.data(`${conflictTable(open)}\n`);
    else output.message("Nothing is in conflict");
    const [first] = open;
    output.message(`Next: deno task ${first === undefined ? "status" : `conflicts show ${quoted(first.record)}`}`);
    return 0;
  });
}

async function show(record: string, args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  return await withStore(session, async (held) => {
    const row = await findRecord(held, record);
    const open = conflictsOf(compiledOf(held.steps, row.step), row).map((one) => conflictDocument(row, one));
    if (args.has("json")) await output.data(`${JSON.stringify({ conflicts: open }, null, 2)}\n`);
    else if (open.length > 0) await output.data(`${open.map(conflictText).join("\n\n")}\n`);
    else output.message(`Nothing of "${selectorOf(row)}" is in conflict`);
    const [first] = open;
    const which = open.length > 1 && first!.unit !== "" ? ` --field ${quoted(first!.unit)}` : "";
    if (first === undefined) output.message(`Next: deno task why ${quoted(record)}`);
    else {
      output.message(`Keep erp or crm${isOneField(first) ? ", or give another value" : ""}`);
      output.message(`Next: deno task conflicts resolve ${quoted(record)}${which} --keep erp`);
    }
    return 0;
  });
}

function isOneField({ kind, fields, unit }: ReturnType<typeof conflictDocument>): boolean {
  return kind === "fields" && fields.length === 1 && !unit.includes("group ");
}

async function resolve(record: string, args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  const [keep] = needed([args.text("keep")], usages["resolve"]!) as [string];
  const side = keep.toLowerCase();
  const answer: Answer = side === "erp" || side === "crm" ? { keep: side } : { value: keep.replace(/^=/, "") };
  return await withStore(session, async (held) => {
    const { store, connection } = held;
    const row = await findRecord(held, record);
    const compiled = compiledOf(held.steps, row.step);
    const data = [{ erp: row.erp?.data ?? null, crm: row.crm?.data ?? null }];
    const resolved = resolveConflict(compiled, row, {
      ...{ answer, field: args.text("field"), now: held.now() },
      lookups: await readLookups(store, connection, compiled, data),
      earlier: await changesOf(held, row, ["done"]),
    });
    const { settlement, unit, lost } = resolved;
    if (settlement !== null) await store.save(connection, row.step, settlement);
    const what = unit === "" ? "The record" : `"${unit}"`;
    const counts = "keep" in answer ? `the ${answer.keep.toUpperCase()} counts` : `it is to be ${shown(answer.value)}`;
    const state = settlement === null ? `${what} is resolved already: ${counts}` : `${what} is resolved: ${counts}`;
    if (args.has("json")) {
      const document = { record: selectorOf(row), unit, keep, saved: settlement !== null, lost };
      await output.data(`${JSON.stringify(document, null, 2)}\n`);
    } else await output.data(`${state}; the next sync carries it out\n`);
    output.message(`Next: deno task sync --select ${quoted(record)}`);
    return 0;
  });
}
