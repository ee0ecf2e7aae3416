/** What ends a reason, as the command to type where there is one. Pure. */
import type { Reason, ReasonCode } from "../store/store.ts";

interface About {
  /** As `--select` takes it. */
  readonly record: string;
  readonly step: string;
  readonly retryAt: string | null;
}

/** In words; the reason's message says the rest. */
export function remedyOf(reason: Reason, { record, step, retryAt }: About): string {
  const again = retryAt === null ? "the next run tries again" : `the first run after ${retryAt} tries again`;
  const named = `'${record}'`;
  const remedies: Partial<Record<ReasonCode, string>> = {
    conflict: `deno task conflicts show ${named}`,
    waiting: (reason.about ?? []).map((other) => `deno task why '${other}' says how that one stands`).join(", ") ||
      "it goes on in the run in which the other record is coupled",
    ambiguous: `make the keys unique, or deno task couple '${step}' ERP CRM`,
    refused: reason.sent === undefined
      ? `correct what the message says; ${again}, deno task retry --select ${named} at once`
      : `another value; deno task retry --select ${named} sends this one once more`,
    moved: again,
    unknown_outcome: reason.until === undefined
      ? `what the message says; deno task couple '${step}' ERP CRM, or deno task retry --select ${named}`
      : `deno task sync after ${reason.until}`,
    unmapped: "add an entry to the value map in transforms/, or correct the value",
    skipped: `a change of the record, or deno task retry --select ${named}`,
    held: `what the message says, or deno task skip ${named} --reason TEXT`,
    unconfirmed:
      `deno task couple '${step}' ERP CRM where it has a partner; for all others deno task rebuild --confirm`,
    totals_differ: `what the message says, or deno task skip ${named} --reason TEXT`,
    missing: `what the message says, or deno task uncouple ${named}`,
  };
  return remedies[reason.code] ?? "what the message says";
}
