/** Requests to the imitated Dataverse, as a program of a user would send them. */
import { LoadError } from "./csv_folder.ts";
import type { Sandbox } from "./mod.ts";

/** Where the CRM is, and who asks. */
export type CrmAddress = Pick<Sandbox, "crmUrl" | "tokenUrl" | "credentials">;
/** A request of a change set; `path` may begin with "$1", the row that its first request made. */
export interface Change {
  readonly method: "POST" | "PATCH";
  readonly path: string;
  readonly body: unknown;
}

export interface CrmRequests {
  /** All rows of a query such as "accounts?$select=name". */
  rows(query: string): Promise<Readonly<Record<string, unknown>>[]>;
  /** The settings of the imitation. */
  settings(): Promise<Readonly<Record<string, unknown>>>;
  /** Sends change sets; each takes effect as a whole, and the first that is refused ends it with a LoadError. */
  send(changeSets: readonly (readonly Change[])[]): Promise<void>;
}

/** Gets a token. Throws LoadError when the CRM refuses a request, TypeError when it isn't there. */
export async function openCrmRequests({ crmUrl, tokenUrl, credentials }: CrmAddress): Promise<CrmRequests> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    scope: `${new URL(crmUrl).origin}/.default`,
  });
  const token = String((await json(await fetch(tokenUrl, { method: "POST", body: form }))).access_token);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, crmUrl), { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
  return {
    async rows(query) {
      const found: Readonly<Record<string, unknown>>[] = [];
      for (let next: unknown = query; typeof next === "string";) {
        const page = await json(await ask(next));
        found.push(...page.value as Readonly<Record<string, unknown>>[]);
        next = page["@odata.nextLink"];
      }
      return found;
    },
    settings: async () => await json(await fetch(new URL("/sandbox/dataverse", crmUrl))),
    async send(changeSets) {
      const body = changeSets.map((changes, at) => changeSetText(changes, `changeset_${at}`)).join("") +
        "--batch--\r\n";
      const headers = { "Content-Type": "multipart/mixed; boundary=batch" };
      const answer = await ask("$batch", { method: "POST", headers, body });
      const text = await answer.text();
      if (!answer.ok) throw refused(answer.status, text);
    },
  };
}

async function json(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  if (!answer.ok) throw refused(answer.status, await answer.text());
  return await answer.json();
}

function refused(status: number, text: string): LoadError {
  const said = /"message":("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const why = said === undefined ? "it doesn't say why" : String(JSON.parse(said)).replace(/\.$/, "");
  return new LoadError("orders_refused", `Cannot load orders: the CRM answers ${status}, ${why}; correct the data`);
}

function changeSetText(changes: readonly Change[], boundary: string): string {
  const parts = changes.map(({ method, path, body }, at) =>
    [
      `--${boundary}`,
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      `Content-ID: ${at + 1}`,
      "",
      `${method} ${path} HTTP/1.1`,
      "Content-Type: application/json",
      "",
      JSON.stringify(body),
      "",
    ].join("\r\n")
  );
  return `--batch\r\nContent-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${parts.join("")}--${boundary}--\r\n`;
}
