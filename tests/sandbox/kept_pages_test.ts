/** A page that is kept must never be an old one. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { keepPages } from "../../sandbox/kept_pages.ts";
import type { Answer, Asked } from "../../sandbox/service.ts";
import { openTables, type Tables } from "../../sandbox/tables.ts";
import { openClient } from "./client.ts";

const asked = (path: string, prefer = ""): Asked => ({
  ...{ method: "GET", url: new URL(path, "http://127.0.0.1/"), headers: new Headers({ Prefer: prefer }), body: "" },
});

function withTables(test: (tables: Tables) => void): () => void {
  return () => {
    const dir = Deno.makeTempDirSync();
    const tables = openTables(`${dir}/a.journal`);
    try {
      test(tables);
    } finally {
      tables.close();
      Deno.removeSync(dir, { recursive: true });
    }
  };
}

Deno.test(
  "keepPages() makes a large page once, until a row changes, is deleted, or a change is taken back",
  withTables((tables) => {
    const kept = keepPages(tables);
    const answer = (request: Asked, more: Partial<Answer> = {}) =>
      kept(request, () => ({ status: 200, rows: 500, body: { made: true }, ...more }));
    const page = answer(asked("a"));
    assertEquals(new TextDecoder().decode(page.body as Uint8Array), '{"made":true}');
    assertEquals(answer(asked("a")), page);
    tables.table("t").put({ id: "1" });
    const second = answer(asked("a"));
    tables.table("t").delete("1");
    const third = answer(asked("a"));
    let within: Answer | null = null;
    assertThrows(() =>
      tables.transaction(() => {
        tables.table("t").put({ id: "2" });
        within = answer(asked("a"));
        throw new TypeError("undone");
      }), TypeError);
    assertEquals(new Set([page, second, third, within, answer(asked("a"))]).size, 5);
  }),
);

Deno.test(
  "keepPages() keeps nothing that is small, refused, says the time, was asked otherwise, or is no reading",
  withTables((tables) => {
    const kept = keepPages(tables);
    const isKept = (request: Asked, answer: Partial<Answer>, again = request) => {
      const [first, second] = [request, again].map((one) => kept(one, () => ({ status: 200, body: {}, ...answer })));
      return first === second;
    };
    assertEquals(isKept(asked("a"), { rows: 500 }), true);
    assertEquals(isKept(asked("b"), { rows: 499 }), false);
    assertEquals(isKept(asked("c"), { rows: 500, status: 400 }), false);
    assertEquals(isKept(asked("d"), { rows: 500, dated: "all" }), false);
    assertEquals(isKept(asked("e"), { rows: 500 }, asked("e?$top=600")), false);
    assertEquals(isKept(asked("f"), { rows: 500 }, asked("f", "odata.maxpagesize=600")), false);
    assertEquals(isKept({ ...asked("g"), method: "POST" }, { rows: 500 }), false);
  }),
);

Deno.test(
  "keepPages() gives what a page says of its time as it is when it is asked for",
  withTables((tables) => {
    const kept = keepPages(tables);
    let hour = 8;
    const dated = () => ({ link: `at ${hour}` });
    let made = 0;
    const body = () => {
      const answer = kept(asked("a"), () => ({ status: 200, rows: 500, body: { made: ++made, ...dated() }, dated }));
      return JSON.parse(new TextDecoder().decode(answer.body as Uint8Array));
    };
    assertEquals(body(), { made: 1, link: "at 8" });
    hour = 9;
    assertEquals(body(), { made: 1, link: "at 9" });
  }),
);

Deno.test("a large page is the same again, and shows what changed since", async () => {
  await using client = await openClient();
  const { sandbox } = client;
  sandbox.crm.transaction(() => {
    for (let at = 0; at < 1200; at++) sandbox.addCrmRow("accounts", { name: `Þjóðráð ${at}` });
  });
  const prefer = { Prefer: "odata.track-changes,odata.maxpagesize=600" };
  const first = await client.get("accounts?$select=name", prefer);
  assertEquals(await client.get("accounts?$select=name", prefer), first);
  assertEquals([first.value.length, first.value[599].name], [600, "Þjóðráð 599"]);
  const { accountid } = first.value[3];
  await client.crm(`accounts(${accountid})`, { method: "PATCH", body: '{"name":"Önnur"}' });
  const after = await client.get("accounts?$select=name", prefer);
  assertEquals(after.value[3].name, "Önnur");
  assertNotEquals(first["@odata.nextLink"], after["@odata.nextLink"]);
  // The first reading goes on where it was, and its delta link tells the change.
  const last = await client.get(first["@odata.nextLink"], prefer);
  assertEquals(last.value.length, 600);
  const delta = await client.get(last["@odata.deltaLink"]);
  assertEquals(delta.value.map((row: { name: string }) => row.name), ["Önnur"]);
});
