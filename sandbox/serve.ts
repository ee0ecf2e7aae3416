/**
 * The HTTP shell around a service: listens on loopback, checks tokens, applies faults, logs, compresses. It uses
 * node:http because a lost reply needs the connection itself: Deno.serve always answers something.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FaultRule, Faults } from "./faults.ts";
import type { LogEntry, RequestLog } from "./log.ts";
import { bodyText, sender } from "./send.ts";
import type { Answer, Asked, SandboxClock, Service, Written } from "./service.ts";
import type { Tokens } from "./token.ts";
import { writesBehind } from "./written.ts";

export interface ServeOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly service: Service;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly clock: SandboxClock;
  /** False: nothing is compressed, whatever a client accepts. */
  readonly compress?: boolean;
  /** Subscribes to "a write is in the file". */
  readonly onCommit: (listener: () => void) => void;
  /** Ends the process, for the fault "kill". */
  readonly kill: () => void;
  /** Ends the whole sandbox in order, for POST /sandbox/stop; absent: refused. */
  readonly stop?: () => void;
}

export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_BODY = 64 * 1024 * 1024;

/** Begins to serve; resolves once it listens. Throws when the port is taken. */
export async function serve(options: ServeOptions): Promise<Server> {
  const { service, faults } = options;
  const { send, sendHalf } = sender(options.compress ?? true);
  let current: { service: string; method: string; path: string } | null = null;
  options.onCommit(() => {
    if (current !== null && faults.kills(current)) options.kill();
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = foreignness(request);
    if (foreign !== null) return send(request, response, { status: 403, body: { error: foreign } });
    const asked = await read(request);
    const path = asked.url.pathname + asked.url.search;
    if (asked.url.pathname.startsWith("/sandbox/")) return send(request, response, control(asked, options));

    const isToken = asked.url.pathname.endsWith("/oauth2/v2.0/token");
    const target = { service: isToken ? "token" as const : service.name, method: asked.method, path };
    const struck = faults.strike(target);
    for (const rule of struck) {
      if (rule.kind === "latency") await new Promise((done) => setTimeout(done, rule.ms ?? 0));
    }
    const instead = struck.map((rule) => insteadOf(rule, options)).find((found) => found !== null);
    let result: Answer;
    let writes: readonly Written[] | undefined;
    if (instead !== undefined) {
      result = instead;
    } else if (isToken) {
      result = options.tokens.give(asked);
    } else if (!options.tokens.accepts(asked.headers, (scope) => isFor(scope, { service: service.name, request }))) {
      result = service.refuse("unauthorized");
    } else {
      current = target;
      try {
        result = service.handle(asked);
        writes = writesBehind(asked, result);
      } finally {
        current = null;
      }
    }
    if (struck.some((rule) => rule.kind === "truncated")) result = truncated(result);
    const broken = struck.find((rule) => rule.kind === "lost_reply") ?? struck.find((rule) => rule.kind === "reset");
    options.log.add(
      logged(target, result, { struck, writes, at: options.clock.now(), lost: broken?.kind === "lost_reply" }),
    );
    if (broken === undefined) send(request, response, result);
    else if (broken.kind === "reset") sendHalf(request, response, result);
    else request.socket.destroy();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // A fault of the sandbox itself: said to the client, who is a developer.
      const body = { error: { code: "sandbox_defect", message: String(error?.stack ?? error) } };
      if (response.headersSent) request.socket.destroy();
      else send(request, response, { status: 500, body });
    });
  });
  // A client may keep a connection for its next request; closing it under the request would be a fault nobody asked for.
  server.keepAliveTimeout = 10 * 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A web page in a browser must reach nothing here, whatever its own name resolves to. */
function foreignness({ headers, socket }: IncomingMessage): { code: string; message: string } | null {
  const own = ownHosts(socket.localPort);
  if (!own.includes(headers.host ?? "")) {
    return {
      code: "sandbox_foreign_host",
      message: `Cannot answer: the Host header isn't ${own[0]}; ask that address`,
    };
  }
  if (headers.origin === undefined) return null;
  return { code: "sandbox_foreign_origin", message: "Cannot answer: a web page asked; ask from a program" };
}

function ownHosts(port: number | undefined): readonly [string, string] {
  return [`127.0.0.1:${port}`, `localhost:${port}`];
}

const realHosts: Readonly<Record<Service["name"], RegExp>> = {
  business_central: /^api\.businesscentral\.dynamics\.com$/,
  dataverse: /^[^.]+\.crm\d*\.dynamics\.com$/,
};

/** A token is for one service: its scope begins with the address of this server, or of the service that it imitates. */
function isFor(scope: string, asked: { service: Service["name"]; request: IncomingMessage }): boolean {
  const host = URL.parse(scope)?.host ?? "";
  return ownHosts(asked.request.socket.localPort).includes(host) || realHosts[asked.service].test(host);
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_BODY) throw new RangeError("Cannot take the request: its body is over 64 MiB; send less at once");
    chunks.push(chunk as Uint8Array);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  return {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`),
    headers,
    body: new TextDecoder().decode(bytes),
  };
}

/** What a rule answers instead of the service, or null. */
function insteadOf(rule: FaultRule, { service, tokens, clock }: ServeOptions): Answer | null {
  if (rule.kind === "forbidden") return service.refuse("forbidden");
  if (rule.kind === "html") {
    const body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to go on.</body></html>";
    return { status: 200, headers: { "Content-Type": "text/html; charset=utf-8" }, body };
  }
  if (rule.kind === "expired_token") {
    tokens.revoke();
    return service.refuse("unauthorized");
  }
  if (rule.kind !== "429" && rule.kind !== "503") return null;
  const answer = service.refuse(rule.kind === "429" ? "too_many_requests" : "unavailable");
  if (rule.retryAfter === undefined) return answer;
  const wait = rule.retryAfter === "date" ? new Date(clock.now() + 2000).toUTCString() : String(rule.retryAfter);
  return { ...answer, headers: { ...answer.headers, "Retry-After": wait } };
}

/** The answer with the first half of its body; its headers know of no other half. */
function truncated(answer: Answer): Answer {
  if (answer.body === undefined) return answer;
  const text = bodyText(answer);
  const headers = { "Content-Type": "application/json; charset=utf-8", ...answer.headers };
  return { ...answer, headers, body: text.slice(0, text.length >> 1) };
}

function logged(
  target: { service: LogEntry["service"]; method: string; path: string },
  answer: Answer,
  how: { struck: readonly FaultRule[]; writes: readonly Written[] | undefined; at: number; lost: boolean },
): Omit<LogEntry, "n"> {
  const isBatch = answer.inner !== undefined || /\/\$batch(\?|$)/.test(target.path);
  const operation = target.service === "token"
    ? "token"
    : isBatch
    ? "batch"
    : target.method === "GET"
    ? "read"
    : "write";
  const fault = how.struck[0]?.kind;
  return {
    at: new Date(how.at).toISOString(),
    ...target,
    entity: answer.entity ?? "",
    operation,
    status: how.lost ? 0 : answer.status,
    rows: answer.rows ?? 0,
    innerReads: answer.inner?.reads ?? 0,
    innerWrites: answer.inner?.writes ?? 0,
    ...((how.writes?.length ?? 0) === 0 ? {} : { writes: how.writes! }),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** /sandbox/…: requests, faults, tokens, <service>, stop. Works without a token: the sandbox is on loopback only. */
function control(asked: Asked, { service, faults, log, tokens, stop }: ServeOptions): Answer {
  const what = asked.url.pathname.slice("/sandbox/".length);
  const key = `${asked.method} ${what}`;
  try {
    switch (key) {
      case "GET requests":
        return { status: 200, body: log.since(Number(asked.url.searchParams.get("since") ?? 0)) };
      case "DELETE requests":
        log.clear();
        return { status: 204 };
      case "GET faults":
        return { status: 200, body: faults.list() };
      case "POST faults":
        faults.add(JSON.parse(asked.body));
        return { status: 204 };
      case "DELETE faults":
        faults.clear();
        return { status: 204 };
      case "POST tokens":
        tokens.expireAfter(seconds(JSON.parse(asked.body)));
        return { status: 204 };
      case `GET ${service.name}`:
        return { status: 200, body: service.settings() };
      case `POST ${service.name}`:
        service.configure(JSON.parse(asked.body));
        return { status: 204 };
      case "POST stop":
        if (stop === undefined) break;
        stop();
        return { status: 202 };
    }
    if (asked.method === "POST" && what.startsWith(`${service.name}/`) && service.control !== undefined) {
      return service.control(what.slice(service.name.length + 1), asked.body);
    }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    return { status: 400, body: { error: { code: "sandbox_request", message: error.message } } };
  }
  return {
    status: 404,
    body: { error: { code: "sandbox_request", message: `Cannot ${key}: no such sandbox address` } },
  };
}

function seconds(body: { expiresIn?: unknown }): number {
  if (typeof body?.expiresIn === "number" && body.expiresIn >= 0) return body.expiresIn;
  throw new TypeError('Cannot set the life of tokens: "expiresIn" isn\'t a number of seconds; send {"expiresIn": 60}');
}
