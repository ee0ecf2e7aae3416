/** What a PostgreSQL server refuses, as errors that say what to do. They name host, database and user, never a password. */
import { ServiceError } from "../errors.ts";
import { nameOf, type PostgresAddress, reasonOf, unreachable } from "./postgres_socket.ts";

/** By SQLSTATE (PostgreSQL, Appendix A), or its class of two characters; by the driver's own words for the rest. */
const kinds: readonly (readonly [pattern: RegExp, refuse: (address: PostgresAddress, why: string) => Refusal])[] = [
  [/^(28...|AUTH_TYPE_NOT_IMPLEMENTED|SASL_SIGNATURE_MISMATCH)$/, (address, why) => ({
    code: "store_sign_in_refused",
    state: `user "${address.user}" may not sign in (${why})`,
    remedy: "check user and password in DATABASE_URL, and what the server's pg_hba.conf allows",
  })],
  [/^3D000$/, () => ({
    code: "store_database_missing",
    state: "there is no such database",
    remedy: "create it, owned by the user that DATABASE_URL names",
  })],
  [/^42501$/, (address, why) => ({
    code: "store_forbidden",
    state: `user "${address.user}" lacks a right (${why})`,
    remedy: 'let the user own the database, or a schema "tenging" in it',
  })],
  [/^25006$/, () => ({
    code: "store_unfit",
    state: "the server takes no writes, so it is a copy of another one, or set to read only",
    remedy: "name the server that takes them",
  })],
  [/^53100$/, () => ({
    code: "store_failed",
    state: "the database's disk is full",
    remedy: "make room there, then run it again",
  })],
];
/** The server is there, but not now: connections, memory, an operator. */
const passing = /^(08...|53(?!100)...|57P..|CONNECTION_\w+|CONNECT_TIMEOUT|E[A-Z]+)$/;

interface Refusal {
  readonly code: string;
  readonly state: string;
  readonly remedy: string;
}

/** The error of ours for what the database, or the way to it, answered while the store was opened. */
export function refusalOf(address: PostgresAddress, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const code = String((error as { code?: unknown }).code ?? "");
  const why = `"${reasonOf(error)}"`;
  if (passing.test(code)) return unreachable(address, why, { cause: error });
  const kind = kinds.find(([pattern]) => pattern.test(code));
  const refusal = kind?.[1](address, why) ?? {
    code: "store_failed",
    state: `the database answered ${why}`,
    remedy: "run it again, and if it stays so, keep the log",
  };
  return new ServiceError(
    `Cannot open the store, ${nameOf(address)}: ${refusal.state}; ${refusal.remedy}`,
    { service: "store", code: refusal.code, cause: error },
  );
}

/** Throws ServiceError "store_server_too_old" or "store_unfit" for a server that can't hold the store. */
export function refuseServer(
  address: PostgresAddress,
  server: { readonly version: number; readonly encoding: string },
) {
  const major = Math.floor(server.version / 10_000);
  if (major < 15) {
    throw new ServiceError(
      `Cannot open the store, ${
        nameOf(address)
      }: the server is PostgreSQL ${major}, and 15 is the oldest that will do; ` +
        "update it, or name another one",
      { service: "store", code: "store_server_too_old" },
    );
  }
  if (server.encoding !== "UTF8") {
    throw new ServiceError(
      `Cannot open the store, ${
        nameOf(address)
      }: the database's encoding is ${server.encoding}, which can't hold all ` +
        "text; create it with encoding UTF8",
      { service: "store", code: "store_unfit" },
    );
  }
}
