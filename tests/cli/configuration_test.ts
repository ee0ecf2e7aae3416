import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Configuration, readConfiguration } from "../../cli/configuration.ts";
import { DefinitionError } from "../../errors.ts";

const id = "11111111-2222-4333-8444-555555555555";
const secrets = { TENGING_ERP_CLIENT_SECRET: "s1", TENGING_CRM_CLIENT_SECRET: "s2" };
const erp = { tenant: "contoso", environment: "Production", companyId: id, clientId: "c1" };
const crm = { url: "https://org.crm4.dynamics.com/", clientId: "c2" };

interface Given {
  readonly connection?: unknown;
  readonly text?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}
function read({ connection, text, env = {}, files = {} }: Given): Configuration {
  return readConfiguration({
    text: text === undefined ? JSON.stringify({ connections: { default: connection } }) : text,
    env: (name) => env[name],
    readFile: (path) => {
      const found = files[path];
      if (found === undefined) throw new Deno.errors.NotFound("No such file");
      return found;
    },
  });
}
function refused(given: Given): DefinitionError {
  return assertThrows(() => read(given), DefinitionError);
}

Deno.test("readConfiguration() takes nothing, an empty file and a connection without services for the sandbox", () => {
  for (const text of [null, "{}", '{"connections": {}}']) assertEquals(read({ text }).services, null);
  const { services, steps } = read({ connection: { erp: {}, steps: { contacts: false } } });
  assertEquals([services, steps], [null, { contacts: false }]);
});

Deno.test("the tenging.json of this project connects nothing", async () => {
  const text = await Deno.readTextFile(new URL("../../tenging.json", import.meta.url));
  const settings = {
    steps: {},
    owner: { model: "person" },
    extension: true,
    linkColumn: false,
    timeZone: "UTC",
  } as const;
  assertEquals(read({ text }), { connection: "default", services: null, ...settings });
});

Deno.test("readConfiguration() fills in the services' usual addresses", () => {
  const { services, owner } = read({ connection: { erp, crm, owner: { model: "team", team: id } }, env: secrets });
  const tokenUrl = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
  assertEquals(services, {
    erp: {
      companyId: id,
      clientId: "c1",
      clientSecret: "s1",
      baseUrl: "https://api.businesscentral.dynamics.com/v2.0/contoso/Production",
      tokenUrl,
      scope: "https://api.businesscentral.dynamics.com/.default",
    },
    crm: {
      baseUrl: "https://org.crm4.dynamics.com",
      clientId: "c2",
      clientSecret: "s2",
      tokenUrl,
      scope: "https://org.crm4.dynamics.com/.default",
    },
  });
  assertEquals(owner, { model: "team", team: id });
});

Deno.test("readConfiguration() reads a secret from a file and leaves its last line break out", () => {
  const env = { TENGING_ERP_CLIENT_SECRET_FILE: "/run/erp", TENGING_CRM_CLIENT_SECRET: "s2" };
  const { services } = read({ connection: { erp, crm }, env, files: { "/run/erp": "from file\n" } });
  assertEquals(services?.erp, { ...services?.erp, clientSecret: "from file" });
});

Deno.test("readConfiguration() names everything that is missing from a part of a connection", () => {
  const error = refused({ connection: { erp: { tenant: "contoso" } } });
  assertEquals(error.code, "configuration_incomplete");
  const names = ["erp.environment", "erp.companyId", "erp.clientId", "crm.url", "crm.clientId"];
  for (const name of names) assertStringIncludes(error.message, `"connections.default.${name}"`);
  assertStringIncludes(error.message, "TENGING_ERP_CLIENT_SECRET");
  assertStringIncludes(error.message, "TENGING_CRM_CLIENT_SECRET");
  assertEquals(error.message.includes("erp.tenant"), false);
});

Deno.test("readConfiguration() takes a secret without a connection for a part of one", () => {
  assertEquals(refused({ text: null, env: secrets }).code, "configuration_incomplete");
});

for (const key of ["clientSecret", "password", "client_secret", "apiKey", "token", "accessToken"]) {
  Deno.test(`readConfiguration() refuses "${key}" in tenging.json and never shows it`, () => {
    const error = refused({ connection: { erp: { ...erp, [key]: "hunter2" }, crm }, env: secrets });
    assertEquals(error.code, "secret_in_configuration");
    assertStringIncludes(error.message, `"connections.default.erp.${key}"`);
    assertEquals(error.message.includes("hunter2"), false);
  });
}

const mistakes: readonly (readonly [what: string, given: Given, said: string])[] = [
  ["text that is not JSON", { text: '{"connections": hunter2}' }, "it is not JSON"],
  ["an unknown key", { connection: { erp: { ...erp, enviroment: "x" } } }, 'did you mean "environment"?'],
  ["another connection", { text: '{"connections": {"second": {}}}' }, '"connections.second" is not known'],
  ["an address without https", { connection: { crm: { url: "http://org.example" } } }, "https"],
  ["an address with a password", { connection: { crm: { url: "https://a:b@org.example" } } }, "https"],
  ["a company that is no id", { connection: { erp: { companyId: "CRONUS" } } }, "company's id"],
  ["a team model without its team", { connection: { owner: { model: "team" } } }, "team"],
  ["a step that is neither on nor off", { connection: { steps: { contacts: "no" } } }, "steps.contacts"],
  ["a folder beside an account", { connection: { erp: { ...erp, folder: "exports" } } }, "only one of them"],
  ["a folder and a database", { connection: { crm: { folder: "x", database: {} } } }, "only one of them"],
  [
    "a database with its address",
    { connection: { crm: { database: { url: "postgres://u:hunter2@h/d" } } } },
    'database.url" is not known',
  ],
  [
    "an address of a database that is none",
    { connection: { erp: { folder: "x" }, crm: { database: {} } }, env: { TENGING_CRM_DATABASE_URL: "hunter2" } },
    "Cannot use TENGING_CRM_DATABASE_URL",
  ],
  [
    "two secrets for one side",
    { connection: { erp, crm }, env: { ...secrets, TENGING_ERP_CLIENT_SECRET_FILE: "x" } },
    "both TENGING_ERP_CLIENT_SECRET and TENGING_ERP_CLIENT_SECRET_FILE",
  ],
  [
    "a secret file that isn't there",
    { text: null, env: { TENGING_CRM_CLIENT_SECRET_FILE: "x" } },
    "Cannot read the file",
  ],
  [
    "an empty secret file",
    { text: null, env: { TENGING_CRM_CLIENT_SECRET_FILE: "x" }, files: { x: "\n" } },
    "it is empty",
  ],
];
for (const [what, given, said] of mistakes) {
  Deno.test(`readConfiguration() refuses ${what}`, () => {
    const error = refused(given);
    assertEquals(error.code, "configuration_invalid");
    assertStringIncludes(error.message, said);
    assertEquals(error.message.includes("hunter2"), false);
  });
}

Deno.test("readConfiguration() expects the extension in the sandbox only, unless it is told", () => {
  const extension = (connection: object, env = {}) => read({ connection, env }).extension;
  assertEquals([extension({}), extension({ extension: false })], [true, false]);
  assertEquals([extension({ erp, crm }, secrets), extension({ erp, crm, extension: true }, secrets)], [false, true]);
});

Deno.test("readConfiguration() expects the link column nowhere, unless it is told", () => {
  const linkColumn = (connection: object, env = {}) => read({ connection, env }).linkColumn;
  assertEquals([linkColumn({}), linkColumn({ linkColumn: true })], [false, true]);
  assertEquals([linkColumn({ erp, crm }, secrets), linkColumn({ erp, crm, linkColumn: true }, secrets)], [false, true]);
  assertStringIncludes(refused({ connection: { linkColumn: "tng_id" } }).message, "linkColumn");
});

Deno.test("readConfiguration() refuses a time zone that there is not", () => {
  assertEquals(read({ connection: { timeZone: "Atlantic/Reykjavik" } }).timeZone, "Atlantic/Reykjavik");
  assertStringIncludes(refused({ connection: { timeZone: "Mars/Base" } }).message, "must be the name of a time zone");
});

Deno.test("readConfiguration() takes a folder or a database in the place of a service", () => {
  const url = "postgres://etl:hunter2@db.example:5433/stage";
  const { services } = read({
    connection: { erp: { folder: "exports/old" }, crm: { database: { schema: "sales" } } },
    env: { TENGING_CRM_DATABASE_URL: url },
  });
  assertEquals(services, {
    erp: { folder: "exports/old" },
    crm: {
      schema: "sales",
      database: {
        ...{ host: "db.example", port: 5433, database: "stage", user: "etl", password: "hunter2" },
        ...{ tls: "verify-full", authorities: null },
      },
    },
  });
  const file = read({
    connection: { erp: { folder: "x" }, crm: { database: {} } },
    env: { TENGING_CRM_DATABASE_URL_FILE: "/run/url" },
    files: { "/run/url": `${url}\n` },
  });
  assertEquals(file.services?.crm, { ...file.services?.crm, schema: "public" });
});

Deno.test("readConfiguration() names what is missing beside a folder or a database", () => {
  const missing = (given: Given) => {
    const error = refused(given);
    assertEquals(error.code, "configuration_incomplete");
    return [...error.message.matchAll(/"connections\.default\.[a-z.]+"|TENGING_\w+(?= \()/gi)].map(([name]) => name);
  };
  assertEquals(missing({ connection: { erp: { folder: "x" }, crm: { database: {} } } }), ["TENGING_CRM_DATABASE_URL"]);
  const url = { TENGING_CRM_DATABASE_URL: "postgres://u:p@127.0.0.1/d" };
  assertEquals(missing({ connection: { erp: { folder: "x" } }, env: url }), ['"connections.default.crm.database"']);
  assertEquals(missing({ connection: { erp: { folder: "x" }, crm }, env: { TENGING_CRM_CLIENT_SECRET: "s" } }), [
    '"connections.default.crm.tenant"',
  ]);
});
