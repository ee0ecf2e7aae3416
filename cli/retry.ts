/** `retry`: what is listed is tried again at once, by a `sync` of the steps concerned. */
import type { Place } from "../engine/find_record.ts";
import { reasonCounts, retriesOf, retry as tryAgain, retryFilter } from "../engine/retry.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { withStore } from "./held.ts";
import type { Session } from "./session.ts";
import { sync } from "./sync.ts";

export async function retry(args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  const selectors = args.texts("select");
  const retriesIn = (place: Place) => retriesOf(place, retryFilter(place.steps, selectors));
  const found = await withStore(session, retriesIn);
  if (found.length === 0) {
    output.message("Nothing that is listed fits");
    output.message("Next: deno task report --only listed");
    return 0;
  }
  const options = ["json", "yes"].filter((name) => args.has(name)).map((name) => `--${name}`);
  const steps = found.map(({ step }) => step);
  // Where the sync is refused everything stays as it is.
  const prepare = async (place: Place) => {
    for (const one of (await retriesIn(place)).filter(({ step }) => steps.includes(step))) {
      await tryAgain(place, one);
      output.message(`Trying again ${one.changes.length} of "${one.step}": ${reasonCounts(one.changes)}`);
    }
  };
  return await sync(readArguments(["sync", "--select", steps.join(","), ...options]), session, { prepare });
}
