/** Every connector against the one suite. */
import { bc } from "../../connectors/business_central/entities.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { date, decimal, name, table, text } from "../../connectors/postgres/entities.ts";
import { connectorSuite, type ConnectorWorld } from "../conformance/connector.ts";
import { postgresTest } from "../postgres.ts";
import { startWorld } from "./business_central_world.ts";
import { openCsvWorld } from "./csv_world.ts";
import { chosen, openWorld } from "./dataverse_world.ts";
import { openPostgresWorld } from "./postgres_world.ts";

const amount = "1234567890.5";

connectorSuite("Business Central", async (): Promise<ConnectorWorld> => {
  const world = await startWorld({ pageSize: 2 });
  await world.setting({ manualNumbers: { customers: true } });
  const row = async (set: string, id: string) => {
    const { value } = await world.get(`${set}?$filter=id eq ${id}`);
    return (value as Record<string, unknown>[])[0] ?? null;
  };
  const rename = async (id: string, displayName: string) =>
    await world.patch("customers", (await row("customers", id))!, { displayName });
  return {
    connector: world.connector,
    entity: bc.customers.where({ type: "Company" }),
    fields: { name: "displayName", amount: "creditLimit", blank: "email" },
    tells: { changes: true, deletions: false },
    async add(n, isInside = true) {
      const type = isInside ? "Company" : "Person";
      const values = { number: `K${n}`, displayName: `Name ${n}`, creditLimit: Number(amount), type };
      return String((await world.post("customers", values))["id"]);
    },
    rename,
    leave: async (id) => await world.patch("customers", (await row("customers", id))!, { type: "Person" }),
    remove: async (id) => await world.remove("customers", (await row("customers", id))!),
    nameOf: async (id) => (await row("customers", id))?.["displayName"] as string ?? null,
    creation: (n) => ({
      ...{ op: "create", id: null, version: null },
      fields: { number: `K${n}`, displayName: `Name ${n}`, creditLimit: amount, type: "Company" },
    }),
    bad: { phoneNumber: "call me" },
    deletable: {
      entity: bc.persons,
      async add(n) {
        return String((await world.post("contacts", { displayName: `Person ${n}`, type: "Person" }))["id"]);
      },
      rename: async (id) => await world.patch("contacts", (await row("contacts", id))!, { displayName: "Else" }),
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});

connectorSuite("Dataverse", async (): Promise<ConnectorWorld> => {
  const world = await openWorld();
  const rename = async (id: string, called: string) =>
    void await world.api("PATCH", `accounts(${id})`, { name: called });
  return {
    connector: world.connect({ pageSize: 2 }),
    entity: dv.accounts.where({ customertypecode: 3 }),
    fields: { name: "name", amount: "creditlimit", blank: "emailaddress1" },
    tells: { changes: true, deletions: true },
    add: (n, isInside = true) =>
      world.add("accounts", {
        ...{ accountid: chosen(n), name: `Name ${n}`, creditlimit: Number(amount) },
        customertypecode: isInside ? 3 : 8,
      }),
    rename,
    leave: async (id) => void await world.api("PATCH", `accounts(${id})`, { customertypecode: 8 }),
    remove: async (id) => void await world.api("DELETE", `accounts(${id})`),
    async nameOf(id) {
      const { value } = await world.api("GET", `accounts?$filter=accountid eq ${id}`);
      return (value as Record<string, string>[])[0]?.["name"] ?? null;
    },
    creation: (n) => ({
      ...{ op: "create", id: chosen(n), version: null },
      fields: { name: `Name ${n}`, creditlimit: amount, customertypecode: 3 },
    }),
    bad: { accountnumber: "x".repeat(21) },
    deletable: {
      entity: dv.contacts,
      add: (n) => world.add("contacts", { contactid: chosen(n), lastname: `Person ${n}` }),
      rename: async (id) => void await world.api("PATCH", `contacts(${id})`, { lastname: "Else" }),
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});

const columns = {
  number: name(10, { match: "code" }),
  title: text(60),
  amount: decimal(2),
  remark: text(60),
  begun: date(),
  kind: text(10),
};
const fields = { name: "title", amount: "amount", blank: "remark", day: "begun" };
const given = (n: number) => ({ number: `K${n}`, title: `Name ${n}`, amount, begun: "2026-02-28", kind: "in" });
const options = { key: "number", deletable: true } as const;
const byKey = table("things", columns, { ...options, creation: "natural key" });
const byId = table("things", columns, options);
const idOf = { byId: (n: number) => chosen(n), byKey: (n: number) => `K${n}` };
const bad = { title: "x".repeat(61) };

for (const kind of ["byId", "byKey"] as const) {
  const creation: ConnectorWorld["creation"] = (n) => {
    return { op: "create", id: kind === "byId" ? chosen(n) : null, version: null, fields: given(n) };
  };
  const entity = { byId, byKey }[kind].where({ kind: "in" });

  connectorSuite(`CSV folder, ${kind}`, async (): Promise<ConnectorWorld> => {
    const world = await openCsvWorld();
    const header = [
      "number",
      "unknown",
      "title",
      "kind",
      "begun",
      "amount",
      "remark",
      ...kind === "byId" ? ["id"] : [],
    ];
    const place = { id: kind === "byId" ? 7 : 0, title: 2, kind: 3 };
    await world.put("things", header.join(","), []);
    const edit = async (id: string, change: (line: string[]) => string[][]) => {
      const lines = (await world.lines("things")).flatMap((line) => line[place.id] === id ? change(line) : [line]);
      await world.put("things", header.join(","), lines);
    };
    return {
      ...{ connector: world.connector, entity, fields, creation, bad },
      tells: { changes: false, deletions: false },
      async add(n, isInside = true) {
        const { number, title, begun } = given(n);
        const cells = [number, "?", title, isInside ? "in" : "out", begun, "1234567890.50", "", chosen(n)];
        await world.put("things", header.join(","), [...await world.lines("things"), cells.slice(0, header.length)]);
        return idOf[kind](n);
      },
      rename: (id, called) => edit(id, (line) => [line.with(place.title, called)]),
      leave: (id) => edit(id, (line) => [line.with(place.kind, "out")]),
      remove: (id) => edit(id, () => []),
      async nameOf(id) {
        const text = await Deno.readTextFile(`${world.dir}/things.csv`);
        const line = text.split("\r\n").find((one) =>
          kind === "byId" ? one.endsWith(`,${id}`) : one.startsWith(`${id},`)
        );
        const [, quoted, plain] = /^[^,]*,[^,]*,(?:"((?:[^"]|"")*)"|([^,]*))/.exec(line ?? "") ?? [];
        return quoted?.replaceAll('""', '"') ?? plain ?? null;
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  });

  connectorSuite(`PostgreSQL, ${kind}`, async (): Promise<ConnectorWorld> => {
    const world = await openPostgresWorld();
    const isStamped = kind === "byId";
    await world.sql(`create table things (
      ${isStamped ? "id text primary key, number varchar(10) unique," : "number varchar(10) primary key,"}
      title varchar(60), amount numeric(18, 4), remark text default '', begun date, kind text, unknown jsonb
      ${isStamped ? ", modified_at timestamptz not null default clock_timestamp()" : ""})`);
    if (isStamped) {
      await world.sql(`create function stamp() returns trigger language plpgsql as
        'begin new.modified_at := clock_timestamp(); return new; end'`);
      await world.sql("create trigger stamp before update on things for each row execute function stamp()");
    }
    const id = isStamped ? "id" : "number";
    return {
      ...{ connector: world.connector, entity, fields, creation, bad },
      tells: { changes: isStamped, deletions: false },
      async add(n, isInside = true) {
        const { number, title, begun } = given(n);
        await world.sql(
          `insert into things (${isStamped ? "id, " : ""}number, title, amount, begun, kind)
          values (${isStamped ? `'${chosen(n)}', ` : ""}$1, $2, 1234567890.5, $3, $4)`,
          [number, title, begun, isInside ? "in" : "out"],
        );
        return idOf[kind](n);
      },
      rename: async (one, called) =>
        void await world.sql(`update things set title = $2 where ${id} = $1`, [one, called]),
      leave: async (one) => void await world.sql(`update things set kind = 'out' where ${id} = $1`, [one]),
      remove: async (one) => void await world.sql(`delete from things where ${id} = $1`, [one]),
      async nameOf(one) {
        return (await world.sql(`select title from things where ${id} = $1`, [one]))[0]?.["title"] as string ?? null;
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  }, postgresTest);
}
