/** A small server on loopback, and a clock whose time passes only where somebody sleeps. */
import type { Clock, Limiter } from "../../connectors/connector.ts";

export interface Stub extends AsyncDisposable {
  readonly url: string;
  /** Method and path with query, in order of arrival. */
  readonly seen: string[];
}

/** Serves `handle` on 127.0.0.1; a token is given at `/token`, counted as the others. */
export function serveStub(handle: (request: Request, path: string) => Response | Promise<Response>): Stub {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const url = new URL(request.url);
    const path = url.pathname + url.search;
    seen.push(`${request.method} ${path}`);
    if (url.pathname === "/token") return tokenAnswer(seen);
    return handle(request, path);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Tokens are called t1, t2 …: the number of token requests so far. */
function tokenAnswer(seen: readonly string[]): Response {
  const n = seen.filter((line) => line === "POST /token").length;
  return Response.json({ access_token: `t${n}`, token_type: "Bearer", expires_in: 3600 });
}

export function tokenOf(stub: Stub): { address: string; clientId: string; clientSecret: string; scope: string } {
  return { address: `${stub.url}/token`, clientId: "client", clientSecret: "hush", scope: `${stub.url}/.default` };
}

export interface TestClock extends Clock {
  /** What was slept, in milliseconds. */
  readonly slept: number[];
  pass(ms: number): void;
}

/** Begins at noon UTC on 20 May 2026; sleeping passes the time at once; chance is always `chance`. */
export function testClock(chance = 0.5): TestClock {
  let now = Date.parse("2026-05-20T12:00:00Z");
  let ids = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
    random: () => chance,
    uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
    pass(ms) {
      now += ms;
    },
  };
}

/** Lets everything through and remembers how long it was asked to be patient. */
export function openGate(): Limiter & { readonly slowed: number[] } {
  const slowed: number[] = [];
  return { slowed, acquire: () => Promise.resolve(() => {}), slow: (ms) => void slowed.push(ms) };
}
