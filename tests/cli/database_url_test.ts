import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readDatabaseUrl } from "../../cli/database_url.ts";
import { DefinitionError } from "../../errors.ts";

const files: Readonly<Record<string, string>> = { "/etc/ca.pem": "PEM" };
function read(text: string) {
  return readDatabaseUrl(text, (path) => {
    const found = files[path];
    if (found === undefined) throw new Deno.errors.NotFound("No such file");
    return found;
  });
}

Deno.test("readDatabaseUrl() reads all parts, with what is written in codes", () => {
  assertEquals(read("postgresql://sync%40corp:p%40%2Fs%3Fs%23%25@db.example.com:6432/the%20store"), {
    ...{ host: "db.example.com", port: 6432, database: "the store", user: "sync@corp", password: "p@/s?s#%" },
    ...{ tls: "verify-full", authorities: null },
  });
  assertEquals(read(" postgres://u@h/d\n"), {
    ...{ host: "h", port: 5432, database: "d", user: "u", password: "", tls: "verify-full", authorities: null },
  });
  // A password with "@" is all that a browser's rules put right by themselves.
  assertEquals(read("postgres://u:p@ss@h/d").password, "p@ss");
});

Deno.test.each([
  { url: "postgres://u@db.example.com/d", tls: "verify-full" },
  { url: "postgres://u@10.0.0.5/d", tls: "verify-full" },
  { url: "postgres://u@127.0.0.1/d", tls: "disable" },
  { url: "postgres://u@localhost/d", tls: "disable" },
  { url: "postgres://u@[::1]/d", tls: "disable" },
  { url: "postgres:///d?host=/run/postgresql&user=u", tls: "disable" },
  { url: "postgres://u@127.example.com/d", tls: "verify-full" },
  { url: "postgres://u@localhost.example.com/d", tls: "verify-full" },
  { url: "postgres://u@127.0.0.1/d?sslmode=verify-full", tls: "verify-full" },
  { url: "postgres://u@db.example.com/d?sslmode=disable", tls: "disable" },
  { url: "postgres://u@db.example.com/d?sslmode=require", tls: "require" },
  { url: "postgres://u@db.example.com/d?sslmode=require&sslrootcert=/etc/ca.pem", tls: "verify-ca" },
  { url: "postgres://u@db.example.com/d?sslrootcert=/etc/ca.pem", tls: "verify-full" },
])("readDatabaseUrl() takes $tls for $url", ({ url, tls }) => {
  assertEquals(read(url).tls, tls);
});

Deno.test("readDatabaseUrl() knows sockets, IPv6 addresses and the authorities' file", () => {
  const socket = read("postgres:///d?host=/run/postgresql/&port=5433&user=u&password=p");
  assertEquals([socket.host, socket.user, socket.password, socket.port], ["/run/postgresql", "u", "p", 5433]);
  assertEquals(read("postgres://u@[2001:db8::5]/d").host, "2001:db8::5");
  assertEquals(read("postgres://u@LOCALHOST/d").host, "127.0.0.1");
  assertEquals(read("postgres://u@h/d?sslrootcert=/etc/ca.pem").authorities, "PEM");
  assertEquals(read("postgres://u@h/d?sslrootcert=system").authorities, null);
});

Deno.test.each([
  { url: "host=h dbname=d password=hunter2", said: "not of the form" },
  { url: "mysql://u:hunter2@h/d", said: "not of the form" },
  { url: "postgres://u:hunter2/x@h/d", said: "not of the form" },
  { url: "postgres://u:12/hunter2@h/d", said: "not of the form" },
  { url: "postgres://u:12#hunter2@h/d", said: "not of the form" },
  { url: "postgres://u:12?hunter2@h/d", said: "parameter" },
  { url: "postgres://u:hunter2%@h/d", said: "%25" },
  { url: "postgres://:hunter2@h/d", said: "no user" },
  { url: "postgres://u:hunter2@h", said: "no database" },
  { url: "postgres://u:hunter2@h1,h2/d", said: "several hosts" },
  { url: "postgres:///d?user=u&password=hunter2", said: "no host" },
  { url: "postgres://u:hunter2@h/d?host=/run", said: "parameter host" },
  { url: "postgres:///d?host=hunter2&user=u", said: "parameter host" },
  { url: "postgres://u:hunter2@h/d?port=no", said: "port" },
  { url: "postgres://u:hunter2@h:0/d", said: "port" },
  { url: "postgres://u:hunter2@h/d?sslmode=prefer", said: "unencrypted" },
  { url: "postgres://u:hunter2@h/d?sslmode=hunter2", said: "not known" },
  { url: "postgres://u:hunter2@h/d?sslrootcert=/not/there", said: "can't be read" },
])("readDatabaseUrl() refuses $url and shows no secret", ({ url, said }) => {
  const error = assertThrows(() => read(url), DefinitionError);
  assertEquals(error.code, "configuration_invalid");
  assertStringIncludes(error.message, said);
  assert(!error.message.includes("hunter2"), error.message);
});
