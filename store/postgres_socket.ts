/** A connection to a PostgreSQL server that is as safe as its address asks for, or none at all. */
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { ServiceError } from "../errors.ts";

/** Where a database is. Never show it whole: it has a password. */
export interface PostgresAddress {
  /** A name or an address; for a socket of the file system the path of its folder. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** libpq's sslmode: unencrypted; encrypted only; by an authority that is trusted; and for this very host. */
  readonly tls: "disable" | "require" | "verify-ca" | "verify-full";
  /** The authorities that are trusted (PEM); null: those of the system. */
  readonly authorities: string | null;
}

/** What a database is here: the store, or one whose tables are synchronized. Errors say so. */
export type Subject = "store" | "database";

/** How errors and messages call the database. */
export function nameOf({ host, port, database }: Pick<PostgresAddress, "host" | "port" | "database">): string {
  const where = host.startsWith("/")
    ? `${host}/.s.PGSQL.${port}`
    : `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return `database "${database}" on "${where}"`;
}

/** Milliseconds for the connection alone. */
const patience = 10_000;
/** The server's word for: this connection may go on in TLS. */
const yes = "S".charCodeAt(0);
/** Length and code of a request for TLS (PostgreSQL, Message Formats: SSLRequest). */
const request = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Connects, up to where the conversation of the protocol begins. Throws ServiceError "store_unreachable", or
 * "store_not_trusted" when the server has no encryption or not the certificate that is asked for; of a database that is
 * not the store "database_unreachable" and "database_not_trusted".
 */
export async function connectSocket(address: PostgresAddress, subject: Subject = "store"): Promise<net.Socket> {
  const { host, port } = address;
  const socket = net.connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  const signal = AbortSignal.timeout(patience);
  try {
    await once(socket, "connect", { signal });
    if (address.tls === "disable") return socket;
    socket.write(request);
    const [answer] = await once(socket, "data", { signal }) as [Uint8Array];
    if (answer[0] !== yes) throw untrusted("the server offers no encryption", "switch it on there");
    // Whatever else came unencrypted was put in between, to be taken for a part of what follows.
    if (answer.length > 1) throw untrusted("somebody on the way answers in its place", "check the network");
    return await encrypt(socket, address, { signal, untrusted });
  } catch (error) {
    socket.on("error", () => {}); // nobody waits for it any more
    socket.destroy();
    if (error instanceof ServiceError) throw error;
    const why = signal.aborted ? `no answer in ${patience / 1_000} seconds` : reasonOf(error);
    throw unreachable(address, why, { subject, cause: error });
  }

  function untrusted(why: string, remedy: string, cause?: unknown): ServiceError {
    return new ServiceError(
      `Cannot connect to ${named(address, subject)}: ${why}; ${remedy}, or choose another sslmode`,
      { ...serviceOf(subject), code: subject === "store" ? "store_not_trusted" : "database_not_trusted", cause },
    );
  }
}

interface Encrypting {
  readonly signal: AbortSignal;
  untrusted(why: string, remedy: string, cause: unknown): ServiceError;
}

async function encrypt(
  socket: net.Socket,
  address: PostgresAddress,
  { signal, untrusted }: Encrypting,
): Promise<net.Socket> {
  const { host, authorities, tls: mode } = address;
  const secure = tls.connect({
    socket,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(authorities === null ? {} : { ca: authorities }),
    rejectUnauthorized: mode !== "require",
    // Without a name of a server the library would compare with "localhost".
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? tls.checkServerIdentity(host, certificate) : undefined,
  });
  try {
    await once(secure, "secureConnect", { signal });
    return secure;
  } catch (error) {
    if (signal.aborted) throw error;
    throw untrusted(
      `its certificate is refused ("${reasonOf(error)}")`,
      "name the host as the certificate does, give the file of its authority as sslrootcert",
      error,
    );
  }
}

/** The error for a server that can't be reached, or goes away. */
export function unreachable(
  address: PostgresAddress,
  why: string,
  { subject = "store", cause }: { readonly subject?: Subject; readonly cause?: unknown } = {},
): ServiceError {
  return new ServiceError(
    `Cannot reach ${named(address, subject)}: ${why}; check that the server runs and the network leads there, then ` +
      "run it again",
    {
      ...serviceOf(subject),
      code: subject === "store" ? "store_unreachable" : "database_unreachable",
      retryable: true,
      cause,
    },
  );
}

/** The error for a session that can't be replaced. */
export function sessionLost(address: PostgresAddress, what: string): ServiceError {
  return new ServiceError(
    `Cannot go on with the store, ${nameOf(address)}: ${what}; run it again`,
    { service: "store", code: "store_lost", retryable: true },
  );
}

function named(address: PostgresAddress, subject: Subject): string {
  return `${subject === "store" ? "the store, " : ""}${nameOf(address)}`;
}
function serviceOf(subject: Subject): { readonly service: string } {
  return { service: subject === "store" ? "store" : "postgres" };
}

/** What went wrong on the way, in the words of the system. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: "nothing listens there",
    ENOTFOUND: "no host has this name",
    ENOENT: "there is no such socket",
    CONNECT_TIMEOUT: "it does not answer",
    CONNECTION_CLOSED: "the connection broke",
  };
  return words[String(code)] ?? String(message ?? error);
}
