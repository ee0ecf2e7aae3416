/** `why`: all that is known of one record, and what blocks it. */
import { whyOf } from "../reports/why.ts";
import type { Arguments } from "./arguments.ts";
import { needed, withStore } from "./held.ts";
import { nextAfterWhy } from "./next_command.ts";
import type { Session } from "./session.ts";
import { whyText } from "./why_text.ts";

export async function why(args: Arguments, session: Session): Promise<number> {
  const [record] = needed([args.word], "why RECORD") as [string];
  return await withStore(session, async (held) => {
    const found = await whyOf(held, record);
    const text = args.has("json") ? JSON.stringify(found, null, 2) : whyText(found, held.now());
    await session.output.data(`${text}\n`);
    session.output.message(`Next: ${nextAfterWhy(found, record)}`);
    return 0;
  });
}
