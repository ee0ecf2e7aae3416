/** `couple` and `uncouple`: which two records are the same thing, as a person says. */
import { coupleByHand, uncoupleByHand } from "../engine/hand_couple.ts";
import { idOf, selectorOf } from "../engine/find_record.ts";
import { linkOf } from "../engine/rebuild.ts";
import { recordDocument } from "../reports/conflict_document.ts";
import type { ReportRow } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { needed, withStore } from "./held.ts";
import { quoted } from "./next_command.ts";
import type { Session } from "./session.ts";

export async function couple(args: Arguments, session: Session): Promise<number> {
  const words = needed([args.word, args.object, args.partner], "couple STEP ERP CRM");
  const [step, erp, crm] = words as [string, string, string];
  return await withStore(session, async (held) => {
    const { row, saved } = await coupleByHand(held, step, { erp, crm, now: held.now() });
    const said = saved ? "are coupled now; the next sync compares them" : "were coupled already";
    await tell(args, session, row, `${named(row)} ${said}`);
    session.output.message(`Next: deno task sync --select ${quoted(selectorOf(row))}`);
    return 0;
  });
}

export async function uncouple(args: Arguments, session: Session): Promise<number> {
  const [record] = needed([args.word], "uncouple RECORD") as [string];
  return await withStore(session, async (held) => {
    const { row, saved } = await uncoupleByHand(held, record);
    const said = saved ? "are uncoupled now" : "were uncoupled already";
    await tell(args, session, row, `${named(row)} ${said}; neither is created again, nor coupled by its keys`);
    const again = `couple ${quoted(row.step)} ${idOf(row, "erp")} ${idOf(row, "crm")}`;
    session.output.message(`deno task ${again} couples them again`);
    const link = linkOf(held.steps.find(({ name }) => name === row.step)!);
    if (link !== null) {
      session.output.message(`Clear "${link.crm}" of the CRM's record: a rebuild would couple the two by it`);
    }
    session.output.message("Next: deno task status");
    return 0;
  });
}

function named(row: ReportRow): string {
  const [erp, crm] = (["erp", "crm"] as const).map((side) => row[side]?.key ?? row[side]?.label ?? idOf(row, side));
  return `"${erp}" of the ERP and "${crm}" of the CRM`;
}

async function tell(args: Arguments, session: Session, row: ReportRow, text: string): Promise<void> {
  const document = { step: row.step, erp: recordDocument(row, "erp"), crm: recordDocument(row, "crm"), said: text };
  await session.output.data(args.has("json") ? `${JSON.stringify(document, null, 2)}\n` : `${text}\n`);
}
