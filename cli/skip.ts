/** `skip`: a record is left alone until it changes. */
import { compiledOf, findRecord, selectorOf } from "../engine/find_record.ts";
import { skipRecord } from "../engine/skip.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { needed, withStore } from "./held.ts";
import { quoted } from "./next_command.ts";
import type { Session } from "./session.ts";

export async function skip(args: Arguments, session: Session): Promise<number> {
  const [record, text] = needed([args.word, args.text("reason")], "skip RECORD --reason TEXT") as [string, string];
  if (text.trim() === "") {
    throw new DefinitionError("bad_arguments", "Cannot skip without a reason: it is blank; say why with --reason TEXT");
  }
  return await withStore(session, async (held) => {
    const row = await findRecord(held, record);
    const settlement = skipRecord(compiledOf(held.steps, row.step), row, { text, now: held.now() });
    const name = selectorOf(row);
    const isWritten = settlement.changes!.length > 0;
    if (isWritten) await held.store.save(held.connection, row.step, settlement);
    if (args.has("json")) {
      const sides = settlement.changes!.map(({ side }) => side);
      await session.output.data(`${JSON.stringify({ record: name, skipped: sides, reason: text }, null, 2)}\n`);
    } else if (isWritten) await session.output.data(`"${name}" is left alone until it changes: ${text}\n`);
    else if (row.coupling === null) {
      session.output.message(`Nothing is to be skipped: step "${row.step}" writes nothing from "${name}"`);
    } else session.output.message(`Nothing is to be skipped: "${name}" is in step, and is left alone until it changes`);
    if (isWritten) session.output.message(`deno task retry --select ${quoted(record)} takes it back`);
    session.output.message("Next: deno task status");
    return 0;
  });
}
