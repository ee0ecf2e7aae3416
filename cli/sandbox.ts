/** `sandbox`: the local imitations of both services, until they are stopped; or orders put into one of them. */
import { relative, resolve } from "node:path";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { startFilled } from "./built_in_sandbox.ts";
import { listenForInterruption } from "./interruption.ts";
import { loadOrders } from "./load_orders.ts";
import { homeOf } from "./permissions.ts";
import { aborted } from "./serve.ts";
import type { Session } from "./session.ts";
import { readFilling } from "./filling.ts";

export async function sandbox(args: Arguments, session: Session): Promise<number> {
  const { output } = session;
  if (args.word !== null) return await loadOrders(args, session);
  const filling = readFilling(args);
  if (filling.isEmpty && (filling.data !== null || filling.crmData !== null)) {
    throw new DefinitionError(
      "bad_arguments",
      "Cannot start an empty sandbox with data; leave --empty or the data out",
    );
  }
  const home = homeOf(session.project, session.env);
  const range = { least: 0, most: 65535 };
  const port = { erp: args.number("erp-port", range) ?? 0, crm: args.number("crm-port", range) ?? 0 };

  const interruption = listenForInterruption(output, "what was answered is kept");
  const stopped = new AbortController();
  const onStopRequest = () => stopped.abort();
  try {
    const running = await startFilled(resolve(home, "sandbox"), { filling, port, onStopRequest });
    output.message(`The sandbox runs; its state is in ${relative(session.project.dir, home)}/sandbox`);
    for (const message of running.messages) output.message(message);
    await output.data(`ERP    ${running.erpUrl}companies(${running.companyId})/\nCRM    ${running.crmUrl}\n`);
    await output.data(`token  ${running.tokenUrl}\n`);
    output.message("Next: deno task sync (in another window; Ctrl-C here stops the sandbox)");
    await aborted(AbortSignal.any([interruption.signal, stopped.signal]));
    await running.stop();
    return interruption.exitCode() ?? 0;
  } finally {
    interruption.stop();
  }
}
