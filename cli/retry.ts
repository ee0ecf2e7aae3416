/** `retry`: what is listed is tried again at once, by a `sync` of the steps concerned, or of the one record. */
import type { Place } from "../engine/find_record.ts";
import { reasonCounts, retriesOf, retry as tryAgain, retryFilter } from "../engine/retry.ts";
import type { Change } from "../store/store.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { withStore } from "./held.ts";
import type { Session } from "./session.ts";
import { sync } from "./sync.ts";

export async function retry(args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  const selectors = args.texts("select");
  const { found, filter } = await withStore(session, async (place) => {
    const filter = retryFilter(place.steps, selectors);
    return { filter, found: await retriesOf(place, filter) };
  });
  if (found.length === 0) {
    output.message("Nothing that is listed fits");
    output.message("Next: deno task report --only listed");
    return 0;
  }
  const options = ["json", "yes"].filter((name) => args.has(name)).map((name) => `--${name}`);
  const steps = found.map(({ step }) => step);
  const tried = new Set(found.flatMap(({ changes }) => changes.map(placeOf)));
  // Where the sync is refused everything stays as it is.
  const prepare = async (place: Place) => {
    for (const one of (await retriesOf(place, filter)).filter(({ step }) => steps.includes(step))) {
      await tryAgain(place, one);
      output.message(`Trying again ${one.changes.length} of "${one.step}": ${reasonCounts(one.changes)}`);
    }
  };
  const conclude = async (place: Place) => {
    // For whatever reason: what was refused may be in conflict now.
    const listed = (await retriesOf(place, retryFilter(place.steps, steps))).flatMap(({ changes }) => changes);
    const left = listed.filter((change) => tried.has(placeOf(change)));
    output.message(
      left.length === 0
        ? "Nothing of what was tried again is listed now"
        : `Listed again: ${left.length} of ${tried.size}, ${reasonCounts(left)}`,
    );
  };
  // One record is synchronized alone; several are not what a selector of `sync` can say.
  const isOne = filter.records.length === 1 && filter.steps.length === 0;
  const selected = isOne ? filter.records[0]! : steps.join(",");
  return await sync(readArguments(["sync", "--select", selected, ...options]), session, { prepare, conclude });
}

function placeOf({ step, side, source }: Change): string {
  return `${step} ${side} ${source}`;
}
