/** The sandbox that stands in where no service is configured: one that runs already, or one in this process. */
import { z } from "zod";
import { DefinitionError, ServiceError } from "../errors.ts";
import { isHalfFilled } from "../sandbox/load.ts";
import { type Sandbox, sandboxCredentials, type SandboxOptions, startSandbox } from "../sandbox/mod.ts";
import { isThere, jsonOf, textOf, writeWhole } from "./files.ts";
import { type Filling, fillSandbox, isOrder } from "./fill_sandbox.ts";

const address = z.object({
  ...{ erpUrl: z.url(), crmUrl: z.url(), tokenUrl: z.url() },
  ...{ companyId: z.string(), environment: z.string() },
});
const portNumber = z.int().min(0).max(65_535);
const ports = z.object({ erp: portNumber, crm: portNumber });

/** Where the sandbox is. */
export type SandboxAddress = Pick<Sandbox, "erpUrl" | "crmUrl" | "tokenUrl" | "companyId" | "environment">;
export interface BuiltInSandbox extends SandboxAddress {
  /** Its only account. */
  readonly credentials: typeof sandboxCredentials;
  /** False when it runs in another process. */
  readonly isOurs: boolean;
  /** What it was filled with now, one line each, for the user. */
  readonly messages: readonly string[];
  stop(): Promise<void>;
}

export interface StartOptions extends Pick<SandboxOptions, "port" | "onStopRequest"> {
  readonly filling: Filling;
}

/** Uses the sandbox that runs on this folder; starts one in this process when none does. */
export async function openBuiltInSandbox(dir: string, options: StartOptions): Promise<BuiltInSandbox> {
  const running = await findSandbox(dir);
  if (running === null) return await startFilled(dir, options);
  if (isOrder(options.filling)) throw notEmpty(dir);
  return {
    ...running,
    credentials: sandboxCredentials,
    isOurs: false,
    messages: [],
    stop: () => Promise.resolve(),
  };
}

/**
 * Starts it in this process. A folder that nothing was put into is filled; one that has data keeps it, and refuses
 * other data with DefinitionError "sandbox_not_empty". ServiceError "sandbox_in_use" when another process has it.
 */
export async function startFilled(dir: string, { filling, ...options }: StartOptions): Promise<BuiltInSandbox> {
  const isNew = !isThere(`${dir}/erp.journal`);
  const filled = `${dir}/filled`;
  const start = () => startOn(dir, { ...options, ...currencyOf(filling) });
  let sandbox = await start();
  let messages: readonly string[] = [];
  try {
    if (isHalfFilled(sandbox)) {
      // A filling was cut short, and nobody has worked with what it left.
      await sandbox.stop();
      for (const name of ["erp.journal", "crm.journal"]) await Deno.remove(`${dir}/${name}`);
      sandbox = await start();
    }
    if (filling.localCurrency !== null && filling.localCurrency !== sandbox.localCurrency) {
      throw otherCurrency(dir, { wanted: filling.localCurrency, kept: sandbox.localCurrency });
    }
    if (sandbox.isEmpty() && textOf(filled) === null) {
      messages = await fillSandbox(sandbox, filling);
      await Deno.writeTextFile(filled, "");
    } else if (isOrder(filling) || (filling.isEmpty && !sandbox.isEmpty())) throw notEmpty(dir);
  } catch (error) {
    await sandbox.stop();
    // The local currency of a new folder was set for data that is not in it.
    if (isNew) await Deno.remove(dir, { recursive: true });
    throw error;
  }
  const { erpUrl, crmUrl, tokenUrl, companyId, environment, stop } = sandbox;
  const address = { erpUrl, crmUrl, tokenUrl, companyId, environment };
  return { ...address, credentials: sandboxCredentials, isOurs: true, messages, stop };
}

function currencyOf({ localCurrency }: Filling): Pick<SandboxOptions, "localCurrency"> {
  return localCurrency === null ? {} : { localCurrency };
}

/**
 * Starts on the ports of the last time where they are free: a cursor of the CRM is an address, and one with another
 * port can't be followed any more. Ports that the user names must be free.
 */
async function startOn(dir: string, options: Omit<SandboxOptions, "dir">): Promise<Sandbox> {
  const usual = usualPorts(dir);
  const { erp, crm } = { erp: 0, crm: 0, ...options.port };
  try {
    return await startAt(dir, { ...options, port: { erp: erp || usual.erp, crm: crm || usual.crm } });
  } catch (error) {
    if (error instanceof Deno.errors.Busy) {
      throw new ServiceError(error.message, { service: "sandbox", code: "sandbox_in_use", cause: error });
    }
    if (!isTaken(error)) throw error;
  }
  try {
    return await startAt(dir, { ...options, port: { erp, crm } });
  } catch (error) {
    if (!isTaken(error)) throw error;
    const named = [erp, crm].filter((port) => port !== 0).join(" or ");
    throw new DefinitionError(
      "port_in_use",
      `Cannot start the sandbox on port ${named}: another process listens there; choose another one`,
      { cause: error },
    );
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "EADDRINUSE";
}

async function startAt(dir: string, options: Omit<SandboxOptions, "dir">): Promise<Sandbox> {
  const sandbox = await startSandbox({ ...options, dir });
  const ports = { erp: Number(new URL(sandbox.erpUrl).port), crm: Number(new URL(sandbox.crmUrl).port) };
  writeWhole(`${dir}/ports.json`, JSON.stringify(ports) + "\n");
  return sandbox;
}

/** The ports of the last time; a new folder begins with two that its name decides, below those that systems give out. */
function usualPorts(dir: string): { erp: number; crm: number } {
  const known = ports.safeParse(jsonOf(textOf(`${dir}/ports.json`)));
  if (known.success) return known.data;
  let hash = 0;
  for (const character of dir) hash = (hash * 31 + character.codePointAt(0)!) % 4_999;
  return { erp: 20_000 + 2 * hash, crm: 20_001 + 2 * hash };
}

/** The error for data that should go where data is. */
export function notEmpty(dir: string): DefinitionError {
  return new DefinitionError(
    "sandbox_not_empty",
    `Cannot load data, or begin without: the sandbox in "${dir}" is in use already; leave the option out, or set ` +
      "TENGING_HOME to another folder under .tenging",
  );
}

function otherCurrency(dir: string, { wanted, kept }: { wanted: string; kept: string }): DefinitionError {
  return new DefinitionError(
    "sandbox_not_empty",
    `Cannot use local currency "${wanted}": the sandbox in "${dir}" has "${kept}" for good; leave --local-currency ` +
      "out, or set TENGING_HOME to another folder under .tenging",
  );
}

/** The sandbox that runs on this folder, in whatever process; an address whose process is gone counts for nothing. */
async function findSandbox(dir: string): Promise<SandboxAddress | null> {
  const parsed = address.safeParse(jsonOf(textOf(`${dir}/address.json`)));
  if (!parsed.success) return null;
  try {
    const ask = new URL(`/sandbox/requests?since=${Number.MAX_SAFE_INTEGER}`, parsed.data.erpUrl);
    const response = await fetch(ask, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok ? parsed.data : null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return null;
    throw error;
  }
}
