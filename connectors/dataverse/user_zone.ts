/** Whether the account's user has the time zone in which the connection counts days. */
import { ServiceError } from "../../errors.ts";
import { guid, one, queryOf } from "../odata.ts";
import type { Context } from "./context.ts";
import { offsetsOf } from "./days.ts";
import { text } from "./environment.ts";

const biases = ["timezonebias", "timezonestandardbias", "timezonedaylightbias", "timezonedaylightmonth"] as const;

/**
 * What to tell people where the zones differ, or where nobody can say; null where they agree. The service computes the
 * user's offsets from the user's zone (Microsoft, "Specify time zone settings for a user"), so offsets are compared and
 * no names. It is no error: the Web API itself takes and gives instants whatever that zone is.
 */
export async function zoneWarning(context: Context, signal: AbortSignal | undefined): Promise<string | null> {
  const { timeZone, clock } = context;
  const year = new Date(clock.now()).getUTCFullYear();
  const [ours, theirs] = [offsetsOf(timeZone, year), await userOffsets(context, signal)];
  const remedy = `set "timeZone" in tenging.json to the zone of the people who enter days, and this user to the same`;
  if (theirs === null) {
    return `Cannot compare "timeZone" ("${timeZone}") with that of the CRM's user: the service does not tell it; ` +
      `give the account read access to its own user settings, or ${remedy}`;
  }
  if (ours.join() === theirs.join()) return null;
  return `The time zone of the CRM's user is ${named(theirs)}, "timeZone" ("${timeZone}") is ${named(ours)}: days of ` +
    `orders and price lists can be one day off; ${remedy}`;
}

/** Minutes that the user's clocks are ahead of UTC, in ascending order; null where the service does not tell. */
async function userOffsets({ http, environment }: Context, signal?: AbortSignal): Promise<number[] | null> {
  const id = guid(text(await environment.whoAmI(signal), "UserId"));
  const row = await orRefused(
    one(http, `usersettingscollection(${id})${queryOf({ $select: biases.join(",") })}`, { signal }),
  );
  const [bias, standard, daylight, month] = biases.map((name) => row?.[name]);
  if (typeof bias !== "number") return null;
  const offsets = [-(bias + Number(standard ?? 0))];
  if (Number(month ?? 0) > 0) offsets.push(-(bias + Number(daylight ?? 0)));
  return offsets.map((offset) => offset + 0).sort((one, other) => one - other);
}

async function orRefused<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ServiceError && ["forbidden", "request_refused"].includes(error.code)) return null;
    throw error;
  }
}

function named(offsets: readonly number[]): string {
  return offsets.map((offset) => {
    const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
    return `UTC${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
  }).join(" and ");
}
