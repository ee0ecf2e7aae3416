/** The token endpoint (OAuth 2.0 client credentials), on both servers as it would be on a host of its own. */
import type { Answer, Asked, SandboxClock } from "./service.ts";

/** Who may ask for a token. */
export interface Credentials {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Tokens {
  /** Answers POST /<tenant>/oauth2/v2.0/token. */
  give(asked: Asked): Answer;
  /** True when the Authorization header carries a token that was given for such a scope and hasn't expired. */
  accepts(headers: Headers, isFor: (scope: string) => boolean): boolean;
  /** No token given so far is valid any longer. */
  revoke(): void;
  /** For how long tokens are valid from now on, in seconds. */
  expireAfter(seconds: number): void;
}

/** Microsoft's tokens are good for about an hour. */
const EXPIRES_IN = 3599;

export function createTokens(credentials: Credentials, clock: SandboxClock): Tokens {
  const given = new Map<string, { readonly scope: string; readonly until: number }>();
  let lifetime = EXPIRES_IN;
  const failed = (status: number, error: string, code: number, text: string): Answer => {
    const trace = clock.uuid();
    return {
      status,
      body: {
        error,
        error_description: `AADSTS${code}: ${text} Trace ID: ${trace}`,
        error_codes: [code],
        timestamp: new Date(clock.now()).toISOString(),
        trace_id: trace,
        correlation_id: clock.uuid(),
      },
    };
  };
  return {
    give(asked) {
      const form = new URLSearchParams(asked.body);
      const tenant = asked.url.pathname.split("/")[1];
      if (asked.method !== "POST") return failed(405, "invalid_request", 900561, "The endpoint only accepts POST.");
      if (tenant !== credentials.tenant) {
        return failed(400, "invalid_request", 90002, "No such tenant; check the address of the token endpoint.");
      }
      if (form.get("grant_type") !== "client_credentials") {
        return failed(400, "unsupported_grant_type", 70003, "The grant type is not supported.");
      }
      const scope = form.get("scope") ?? "";
      if (!scope.endsWith("/.default")) {
        return failed(400, "invalid_scope", 70011, "The scope is missing or does not end in /.default.");
      }
      if (form.get("client_id") !== credentials.clientId) {
        return failed(401, "invalid_client", 700016, "The application was not found in the directory.");
      }
      if (form.get("client_secret") !== credentials.clientSecret) {
        return failed(401, "invalid_client", 7000215, "The client secret is wrong.");
      }
      const token = `sandbox.${clock.uuid()}`;
      given.set(token, { scope, until: clock.now() + lifetime * 1000 });
      return {
        status: 200,
        headers: { "Cache-Control": "no-store", "Pragma": "no-cache" },
        body: { token_type: "Bearer", expires_in: lifetime, ext_expires_in: lifetime, access_token: token },
      };
    },
    accepts(headers, isFor) {
      const [scheme, token] = (headers.get("authorization") ?? "").split(" ");
      const known = scheme?.toLowerCase() === "bearer" ? given.get(token ?? "") : undefined;
      return known !== undefined && known.until > clock.now() && isFor(known.scope);
    },
    revoke: () => given.clear(),
    expireAfter: (seconds) => void (lifetime = seconds),
  };
}
