/** `retry`: what is listed is tried again at once, by a `sync` of the steps concerned. */
import { reasonCounts, retriesOf, retry as tryAgain, retryFilter } from "../engine/retry.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { configurationOf } from "./files.ts";
import { withStore } from "./held.ts";
import { refuseUnreachable } from "./services.ts";
import type { Session } from "./session.ts";
import { sync } from "./sync.ts";

export async function retry(args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  // What the sync would refuse is refused before anything changes.
  const configuration = configurationOf(session);
  refuseUnreachable(configuration, session.project);
  const retried = await withStore(session, async (held) => {
    const found = await retriesOf(held, retryFilter(held.steps, args.texts("select")));
    for (const one of found) await tryAgain(held, one);
    return found;
  });
  for (const { step, changes } of retried) {
    output.message(`Trying again ${changes.length} of "${step}": ${reasonCounts(changes)}`);
  }
  if (retried.length === 0) {
    output.message("Nothing that is listed fits");
    output.message("Next: deno task report --only listed");
    return 0;
  }
  const options = ["json", "yes"].filter((name) => args.has(name)).map((name) => `--${name}`);
  const steps = retried.map(({ step }) => step).join(",");
  return await sync(readArguments(["sync", "--select", steps, ...options]), session);
}
