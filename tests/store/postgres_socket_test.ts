import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ServiceError } from "../../errors.ts";
import { openPostgres, type PostgresAddress } from "../../store/postgres.ts";
import { connectSocket, nameOf } from "../../store/postgres_socket.ts";
import { addressOf } from "../postgres.ts";
import { findPrograms, startServer } from "../postgres_server.ts";
import { authority, certificate, key } from "./certificates.ts";

const address: PostgresAddress = {
  ...{ host: "127.0.0.1", port: 1, database: "sync", user: "u", password: "hunter2" },
  ...{ tls: "require", authorities: null },
};

async function refused(work: Promise<unknown>): Promise<ServiceError> {
  return await assertRejects(() => work, ServiceError);
}

/** Something that listens and gives every connection the same answer (null: none) before it closes it. */
async function withListener(answer: Uint8Array | null, work: (port: number) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      if (answer !== null) {
        await connection.read(new Uint8Array(8));
        await connection.write(answer);
        await connection.read(new Uint8Array(8));
      }
      connection.close();
    }
  })();
  try {
    await work(listener.addr.port);
  } finally {
    listener.close();
    await serving;
  }
}

Deno.test("connectSocket() goes no further where the server offers no encryption", () =>
  withListener(new TextEncoder().encode("N"), async (port) => {
    const error = await refused(connectSocket({ ...address, port }));
    assertEquals([error.code, error.retryable], ["store_not_trusted", false]);
    assertStringIncludes(error.message, "no encryption");
  }));

Deno.test("connectSocket() goes no further where something was put in before the encryption", () =>
  withListener(new TextEncoder().encode("SE"), async (port) => {
    const error = await refused(connectSocket({ ...address, port }));
    assertEquals(error.code, "store_not_trusted");
    assertStringIncludes(error.message, "somebody on the way");
  }));

Deno.test("openPostgres() gives up where each connection is closed at once", () =>
  withListener(null, async (port) => {
    const error = await refused(openPostgres({ ...address, port, tls: "disable" }, "default"));
    assertEquals([error.code, error.retryable], ["store_unreachable", true]);
  }));

Deno.test("nameOf() has no secret", () => {
  assertEquals(nameOf({ ...address, port: 5432 }), 'database "sync" on "127.0.0.1:5432"');
  assertEquals(nameOf({ ...address, host: "::1" }), 'database "sync" on "[::1]:1"');
  assertEquals(nameOf({ ...address, host: "/run" }), 'database "sync" on "/run/.s.PGSQL.1"');
});

const programs = findPrograms();
const suffix = programs === null ? " [skipped: needs PostgreSQL's own programs, to start a server with TLS]" : "";
Deno.test({ name: `the certificate is verified as sslmode asks for${suffix}`, ignore: programs === null, fn: verify });

async function verify(t: Deno.TestContext): Promise<void> {
  const server = await startServer(programs ?? "", { tls: { certificate, key } });
  try {
    const here = addressOf(server);
    const cases: readonly (readonly [what: string, more: Partial<PostgresAddress>, code: string | null])[] = [
      ["encrypted only", { tls: "require" }, null],
      ["by an authority", { tls: "verify-ca", authorities: authority }, null],
      ["by an authority, another host", { tls: "verify-ca", authorities: authority, host: "localhost" }, null],
      ["by an authority that isn't trusted", { tls: "verify-ca" }, "store_not_trusted"],
      ["for this host", { tls: "verify-full", authorities: authority }, null],
      ["for another host", { tls: "verify-full", authorities: authority, host: "localhost" }, "store_not_trusted"],
      ["by nobody that is trusted", { tls: "verify-full" }, "store_not_trusted"],
    ];
    for (const [what, more, code] of cases) {
      await t.step(what, async () => {
        const opening = openPostgres({ ...here, ...more }, "default");
        if (code !== null) assertEquals((await refused(opening)).code, code);
        else await (await opening).close();
      });
    }
  } finally {
    await server.stop();
  }
}
