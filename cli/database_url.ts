/**
 * DATABASE_URL: the PostgreSQL database that is the store, or one that stands in the place of a service. It has a password, so messages show nothing of it; host and
 * database only once it is known which parts they are.
 */
import type { PostgresAddress } from "../store/postgres.ts";
import { DefinitionError } from "../errors.ts";

const modes = ["disable", "require", "verify-ca", "verify-full"] as const;
const parameters = ["sslmode", "sslrootcert", "host", "port", "user", "password"];

/**
 * Reads the address as libpq does, as far as it goes (PostgreSQL, Connection URIs). What goes over a network is
 * encrypted and verified unless `sslmode` says otherwise. Throws DefinitionError "configuration_invalid".
 */
export function readDatabaseUrl(
  text: string,
  readFile: (path: string) => string,
  { variable = "DATABASE_URL" }: { readonly variable?: string } = {},
): PostgresAddress {
  try {
    return addressIn(text, readFile);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new DefinitionError("configuration_invalid", `Cannot use ${variable}: ${error.state}; ${error.remedy}`);
  }
}

function addressIn(text: string, readFile: (path: string) => string): PostgresAddress {
  const url = URL.parse(text.trim());
  // What a password would bring about that has "/", "?" or "#" in it: the host could be a part of it.
  const isTorn = url === null || url.hash !== "" || /[/@]/.test(url.pathname.slice(1));
  if (isTorn || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw unusable(
      "it is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE",
      "write it so, with %40 %2F %3F %23 %25 for @ / ? # % in a password",
    );
  }
  if ([...url.searchParams.keys()].some((key) => !parameters.includes(key))) {
    throw unusable("it has a parameter that is not known", `keep only ${parameters.join(", ")}`);
  }
  const [username, secret, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  const [user, password] = [username || url.searchParams.get("user"), secret || url.searchParams.get("password")];
  if (!user || !database) throw unusable(`it names no ${!user ? "user" : "database"}`, "name one");
  const host = hostOf(url);
  const port = Number(url.port || url.searchParams.get("port") || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw unusable("its port is none", "name one up to 65535");
  const isNear = /^(\/|127(\.\d+){3}$|::1$)/.test(host);
  const authorities = authoritiesOf(url, readFile);
  const mode = modeOf(url.searchParams.get("sslmode") ?? (isNear ? "disable" : "verify-full"));
  // As libpq has it: who names an authority wants to know that it is the one.
  const tls = mode === "require" && authorities !== null ? "verify-ca" : mode;
  return { host, port, user, password: password ?? "", database, tls, authorities };
}

function hostOf(url: URL): string {
  const folder = url.searchParams.get("host");
  if (folder !== null) {
    if (url.hostname === "" && folder.startsWith("/")) return folder.replace(/(?<=.)\/+$/, "");
    throw unusable(
      "its parameter host is no folder of a socket, or stands beside a host",
      "name one host, before the /",
    );
  }
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  if (host === "") {
    throw unusable("it names no host", "name one; for a socket: postgres:///DATABASE?host=/FOLDER&user=USER");
  }
  if (host.includes(",")) throw unusable("it names several hosts", "name the one that takes writes");
  // The loopback address needs no permission; servers that listen there listen on both.
  return host.toLowerCase() === "localhost" ? "127.0.0.1" : host;
}

function modeOf(written: string): PostgresAddress["tls"] {
  const mode = modes.find((one) => one === written);
  if (mode !== undefined) return mode;
  throw unusable(
    ["allow", "prefer"].includes(written)
      ? `sslmode "${written}" goes on unencrypted when somebody on the way says so`
      : "its sslmode is not known",
    `choose one of ${modes.join(", ")}`,
  );
}

function authoritiesOf(url: URL, readFile: (path: string) => string): string | null {
  const path = url.searchParams.get("sslrootcert");
  if (path === null || path === "system") return null;
  try {
    return readFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(`the file that its sslrootcert names can't be read (${why})`, "name one that can");
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw unusable("it has a % that begins no code", "write %25 for a % in a password");
  }
}

/** Why an address is none; it does not know which variable had it. */
class Unusable extends Error {
  constructor(readonly state: string, readonly remedy: string) {
    super(state);
  }
}
function unusable(state: string, remedy: string): Unusable {
  return new Unusable(state, remedy);
}
