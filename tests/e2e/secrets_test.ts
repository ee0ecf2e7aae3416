/** Secrets and tokens go to whom they are for, and nowhere else. */
import { assert, assertEquals } from "@std/assert";
import { sandboxCredentials } from "../../sandbox/mod.ts";
import { type Copy, type RunningSandbox, startSandbox, startWith, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";

const secrets = { erp: "canary~secret~of~the~erp", crm: "canary~secret~of~the~crm" };

/** Signs in with the sandbox's own account whoever comes with one of the secrets, and quotes any other one. */
function serveTokens(tokenUrl: string): { url: string; given: Set<string> } & AsyncDisposable {
  const given = new Set<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const form = new URLSearchParams(await request.text());
    const secret = form.get("client_secret");
    if (secret !== secrets.erp && secret !== secrets.crm) {
      const error_description = `AADSTS7000215: "${secret}" is no secret of the account`;
      return Response.json({ error: "invalid_client", error_description }, { status: 401 });
    }
    form.set("client_id", sandboxCredentials.clientId);
    form.set("client_secret", sandboxCredentials.clientSecret);
    const answer = await (await fetch(tokenUrl, { method: "POST", body: form })).json();
    given.add(answer.access_token);
    return Response.json(answer);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/token`,
    given,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function settings(sandbox: RunningSandbox, tokenUrl: string): string {
  const { clientId, tenant } = sandboxCredentials;
  const erp = {
    ...{ tenant, environment: "sandbox", companyId: sandbox.companyId, clientId, tokenUrl },
    baseUrl: sandbox.erpUrl.replace("/api/v2.0/", ""),
  };
  const crm = { url: new URL(sandbox.crmUrl).origin, clientId, tokenUrl };
  return JSON.stringify({ connections: { default: { erp, crm, extension: true } } });
}

/** Every file below a folder, byte by byte as text. */
function* filesUnder(folder: string): Generator<readonly [path: string, text: string]> {
  const latin = new TextDecoder("latin1");
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesUnder(`${folder}/${name}`);
    else yield [`${folder}/${name}`, latin.decode(Deno.readFileSync(`${folder}/${name}`))];
  }
}

async function work({ dir, home }: Copy, sandbox: RunningSandbox): Promise<void> {
  await using tokens = serveTokens(JSON.parse(await Deno.readTextFile(`${home}/sandbox/address.json`)).tokenUrl);
  await Deno.writeTextFile(`${dir}tenging.json`, settings(sandbox, tokens.url));
  const said: [command: string, text: string][] = [];
  async function run(code: number, args: readonly string[], wrong: Readonly<Record<string, string>> = {}) {
    const env = { TENGING_ERP_CLIENT_SECRET: secrets.erp, TENGING_CRM_CLIENT_SECRET: secrets.crm, ...wrong };
    const done = await startWith(env, `${home}/live`, ...args).end();
    assertEquals(done.code, code, `${args.join(" ")}: ${done.stderr}`);
    said.push([args.join(" "), done.stdout + done.stderr]);
  }
  await run(4, ["sync", "--yes"], { TENGING_CRM_CLIENT_SECRET: "canary~wrong~secret" });
  await run(0, ["sync", "--yes"]);
  for (const kind of ["html", "forbidden", "expired_token"]) {
    await sandbox.control("POST", "/sandbox/faults", [{ kind, service: "dataverse", match: "/accounts", times: 9 }]);
    await run(4, ["sync", "--full"]);
    await sandbox.control("DELETE", "/sandbox/faults");
  }
  await run(0, ["plan", "--out", "exports/plan.json"]);
  await run(0, ["check", "customers", "--sample", "1", "--json"]);
  await run(0, ["status", "--json"]);
  await run(0, ["report", "--out", "exports/report.csv"]);
  await run(0, ["conflicts", "list", "--json"]);

  assert(tokens.given.size > 1);
  const kept = [...filesUnder(`${home}/live`), ...filesUnder(`${dir}exports`)];
  assert(kept.length > 100 && kept.some(([, text]) => text.includes("K101")), `${kept.length} files`);
  for (const secret of [...Object.values(secrets), "canary~wrong~secret", ...tokens.given]) {
    for (const [where, text] of [...said, ...kept]) assert(!text.includes(secret), `${where} has "${secret}"`);
  }
}

Deno.test("no secret and no token is said or kept, whether all goes well or sign-in and services fail", () =>
  withCopy(async (copy) => {
    const sandbox = await startSandbox(copy.home, ...await writeCompany(`${copy.dir}data`));
    try {
      await work(copy, sandbox);
    } finally {
      await sandbox.stop();
    }
  }, { isEmbedded: true }));
