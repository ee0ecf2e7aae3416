/** Access tokens by OAuth 2.0 client credentials (RFC 6749, 4.4): kept in memory, asked for once, renewed in time. */
import type { Clock } from "./connector.ts";
import { ServiceError } from "../errors.ts";

/** Where an account signs in and as whom. */
export interface TokenSource {
  /** The token address, e.g. `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`. */
  readonly address: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The service's root followed by `/.default`. */
  readonly scope: string;
}

/** One POST of a form to the token address; the caller retries what can be retried. */
export type AskForToken = (form: string) => Promise<{ readonly status: number; readonly json: unknown }>;

export interface Tokens {
  /** A token that is good for some minutes yet; all who ask while one is on its way get that one. */
  get(): Promise<string>;
  /** This token was refused: the next one is a new one. */
  refused(token: string): void;
}

/** Seconds that a token is taken to live when its source does not say. */
const shortLife = 600;

interface Token {
  readonly text: string;
  readonly goodUntil: number;
}

/** Throws ServiceError "sign_in_refused" when the account may not sign in, naming the reason's code only. */
export function openTokens(source: TokenSource, options: { service: string; clock: Clock; ask: AskForToken }): Tokens {
  const { service, clock, ask } = options;
  let current: Token | null = null;
  let coming: Promise<Token> | null = null;

  async function fetchToken(): Promise<Token> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: source.clientId,
      client_secret: source.clientSecret,
      scope: source.scope,
    });
    const answer = await ask(form.toString());
    const body = (answer.json ?? {}) as Record<string, unknown>;
    const text = body["access_token"];
    if (answer.status !== 200 || typeof text !== "string" || text === "") {
      throw new ServiceError(
        `Cannot sign in to "${service}": the token address answered ${answer.status}${reason(body)}; ` +
          "check the tenant, the client id and the client secret",
        { service, code: "sign_in_refused", status: answer.status },
      );
    }
    const seconds = Number(body["expires_in"] ?? shortLife);
    const life = (seconds > 0 ? seconds : shortLife) * 1000;
    return current = { text, goodUntil: clock.now() + life - Math.min(300_000, life / 2) };
  }

  return {
    async get() {
      if (current !== null && clock.now() < current.goodUntil) return current.text;
      coming ??= fetchToken().finally(() => coming = null);
      return (await coming).text;
    },
    refused(token) {
      if (current?.text === token) current = null;
    },
  };
}

/** The codes of RFC 6749 and of Entra name the fault; the description beside them may hold more than a log should. */
function reason(body: Record<string, unknown>): string {
  const code = String(body["error"] ?? "").match(/^[a-z_]{1,60}$/)?.[0];
  const entra = String(body["error_description"] ?? "").match(/AADSTS\d+/)?.[0];
  const known = [code, entra].filter((part) => part !== undefined);
  return known.length === 0 ? "" : ` "${known.join(" ")}"`;
}
