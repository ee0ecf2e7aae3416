/** `why`: all that is known of one record, and what blocks it. */
import { whyOf } from "../reports/why.ts";
import type { Arguments } from "./arguments.ts";
import { needed, withStore } from "./held.ts";
import { quoted } from "./next_command.ts";
import type { Session } from "./session.ts";
import { whyText } from "./why_text.ts";

export async function why(args: Arguments, session: Session): Promise<number> {
  const [record] = needed([args.word], "why RECORD") as [string];
  return await withStore(session, async (held) => {
    const found = await whyOf(held, record);
    const text = args.has("json") ? JSON.stringify(found, null, 2) : whyText(found, held.now());
    await session.output.data(`${text}\n`);
    const codes = found.blocks.map(({ code }) => code);
    const [waited] = found.waitsFor.filter(({ state }) => state !== null);
    const next = codes.includes("conflict")
      ? `conflicts show ${quoted(record)}`
      : waited !== undefined
      ? `why ${quoted(waited.record)}`
      : codes.includes("refused") || codes.includes("skipped")
      ? `retry --select ${quoted(record)}`
      : `sync --select ${quoted(record)}`;
    session.output.message(`Next: deno task ${next}`);
    return 0;
  });
}
