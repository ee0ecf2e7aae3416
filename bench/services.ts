/** The sandbox that is measured against, in a process of its own, and plain HTTP to it. */
import { sandboxCredentials } from "../sandbox/mod.ts";
import { ours, start } from "./processes.ts";

/** One request of the sandbox's log, as far as it counts here. */
export interface Logged {
  readonly n: number;
  readonly service: "business_central" | "dataverse" | "token";
  readonly method: string;
  readonly path: string;
  readonly rows: number;
  readonly innerWrites: number;
}
export interface Services {
  readonly customers: number;
  /** What `sandbox/address.json` says. */
  readonly address: Readonly<Record<"erpUrl" | "crmUrl" | "tokenUrl" | "companyId", string>>;
  /** Makes the sandbox that of another home: commands there find it. */
  lend(home: string): Promise<void>;
  /** Changes customers in the ERP, spread over all. */
  change(count: number, round: number): Promise<void>;
  /** Requests after number n. */
  log(since?: number): Promise<readonly Logged[]>;
  /** How many accounts a filter finds, at most 5000. */
  accounts(filter: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a sandbox with this many customers on both sides; its state is in `dir`. */
export async function startServices(
  dir: string,
  { customers, accounts = true }: { readonly customers: number; readonly accounts?: boolean },
): Promise<Services> {
  const words = accounts ? [] : ["no-accounts"];
  const file = new URL("sandbox_process.ts", import.meta.url).pathname;
  const child = start(Deno.execPath(), {
    // A million rows on both sides, and their pages, are more than a process may have by default.
    args: [...ours, "--v8-flags=--max-old-space-size=12000", file, dir, String(customers), ...words],
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  });
  const input = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const answered = async (word: string) => {
    const { value } = await lines.read();
    if (value?.trim() !== word) throw new Error(`Cannot use the sandbox: it said "${value}" instead of "${word}"`);
  };
  await answered("listens");
  const address = JSON.parse(await Deno.readTextFile(`${dir}/address.json`)) as Services["address"];
  return {
    customers,
    address,
    async lend(home) {
      await Deno.mkdir(`${home}/sandbox`, { recursive: true });
      await Deno.copyFile(`${dir}/address.json`, `${home}/sandbox/address.json`);
    },
    async change(count, round) {
      await input.write(new TextEncoder().encode(`change ${count} ${round}\n`));
      await answered("done");
    },
    log: async (since = 0) => await (await fetch(new URL(`/sandbox/requests?since=${since}`, address.erpUrl))).json(),
    async accounts(filter) {
      const url = `${address.crmUrl}accounts/$count?$filter=${encodeURIComponent(filter)}`;
      const response = await fetch(url, { headers: await signIn(address.tokenUrl, url) });
      const text = await response.text();
      if (!response.ok) throw new Error(`Cannot count accounts: ${response.status} ${text}`);
      return Number(text);
    },
    async stop() {
      await input.close();
      await child.status;
      await lines.cancel();
    },
  };
}

/** The headers of a request to the service that an address is of. */
export async function signIn(tokenUrl: string, url: string): Promise<Record<string, string>> {
  const { clientId, clientSecret } = sandboxCredentials;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${new URL(url).origin}/.default`,
  });
  const { access_token } = await (await fetch(tokenUrl, { method: "POST", body })).json();
  return { Authorization: `Bearer ${access_token}`, Accept: "application/json" };
}
