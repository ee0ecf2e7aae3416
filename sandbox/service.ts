/**
 * What an imitated service is to the HTTP shell around it (serve.ts): a function from a request to an answer. Tokens,
 * faults, the request log, compression and the breaking of connections are the shell's; a service sees none of them.
 */
import type { Tables } from "./tables.ts";

/** Time and chance; tests give their own. */
export interface SandboxClock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** A GUID in lower case. */
  uuid(): string;
}

/** What a service is built from. */
export interface ServiceContext {
  readonly tables: Tables;
  readonly clock: SandboxClock;
  /** Where it is reached, "http://127.0.0.1:5001", for absolute links; known once it listens. */
  readonly origin: () => string;
  readonly tenant: string;
  /** Business Central: the environment's name in its addresses. */
  readonly environment: string;
  /** Business Central: the id of the company. */
  readonly companyId: string;
  /** ISO code: the ERP's local currency, and the base currency of an empty CRM. */
  readonly localCurrency: string;
  /** True when a permission for what this request inside a batch does was taken away; it is answered "forbidden". */
  readonly denies?: (method: string, path: string) => boolean;
}

/** A request with its body read. */
export interface Asked {
  /** "GET", "POST" … */
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** A request that was no reading, by itself or in a batch. */
export interface Written {
  /** "POST", "PATCH", "PUT", "DELETE". */
  readonly method: string;
  /** The last name of the address: an entity set, a property, or an action, "Microsoft.NAV.release". */
  readonly entity: string;
  /** The last key of the address, or that of the record that was made; null where neither address nor headers say. */
  readonly id: string | null;
  /** The JSON body; null where there was none, or one that can't be read. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** Of a change set that failed: that of the failure, for all of its requests that were tried. */
  readonly status: number;
}

/** What goes back, and what the log says of it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: no body. Text is sent as it is (name its Content-Type), bytes as JSON text, anything else as JSON. */
  readonly body?: unknown;
  /**
   * The answer says when it was given: by all of it, or by properties at the end of its body, which the function gives as
   * they are when it is asked for again.
   */
  readonly dated?: "all" | (() => Readonly<Record<string, unknown>>);
  /** The entity set that was asked for, "customers". */
  readonly entity?: string;
  /** Rows sent or written. */
  readonly rows?: number;
  /** $batch: how many reads and writes were inside, and those writes that were tried. */
  readonly inner?: { readonly reads: number; readonly writes: number; readonly written: readonly Written[] };
}

/** An error that the shell answers in the service's style. */
export type Refusal = "unauthorized" | "forbidden" | "too_many_requests" | "unavailable";

export interface Service {
  readonly name: "business_central" | "dataverse";
  /** Called with a valid token only. Synchronous: nothing else happens in between. */
  handle(asked: Asked): Answer;
  /** The error body (and headers of its own) of a refusal that the shell decides on. */
  refuse(why: Refusal): Answer;
  /** Applies a JSON object posted to /sandbox/<name>; throws TypeError on a setting that it doesn't know. */
  configure(settings: Readonly<Record<string, unknown>>): void;
  /** What GET /sandbox/<name> shows: the settings in force. */
  settings(): Readonly<Record<string, unknown>>;
  /** Answers a POST to /sandbox/<name>/<path>: what people do on the service's own pages. */
  control?(path: string, body: string): Answer;
}
