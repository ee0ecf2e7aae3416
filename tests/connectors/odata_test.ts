import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { decimal, name, text } from "../../connectors/fields.ts";
import { type Http, openHttp } from "../../connectors/http.ts";
import { decodeName, encodeName, withBlank, withoutBlank, zeroGuid } from "../../connectors/blanks.ts";
import * as odata from "../../connectors/odata.ts";
import { ServiceError } from "../../errors.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

function httpTo(stub: Stub) {
  const token = tokenOf(stub);
  return openHttp({ service: "dataverse", origin: `${stub.url}/api`, token, limiter: openGate(), clock: testClock() });
}
async function pagesOf(stub: Stub, path = "rows"): Promise<odata.RawPage[]> {
  return await Array.fromAsync(odata.pages(httpTo(stub), path));
}

Deno.test("pages() uses links byte for byte, absolute and relative, to an empty last page", async () => {
  const cookie = "$skiptoken=%253Ccookie%2520a%253D%2522%252F%2522%253E+x%27";
  await using stub = serveStub((request, path) => {
    const origin = new URL(request.url).origin;
    const context = `${origin}/api/$metadata#rows`;
    switch (path) {
      case "/api/rows":
        return Response.json({ value: [{ id: 1 }], "@odata.nextLink": `${origin}/api/rows?${cookie}` });
      case `/api/rows?${cookie}`:
        return Response.json({ value: [{ id: 2 }], "@odata.nextLink": "rows?c" });
      case "/api/rows?c":
        return Response.json({ "@odata.context": context, value: [{ id: 3 }], "@odata.nextLink": "rows?d" });
      default:
        return Response.json({ value: [], "@odata.deltaLink": `${origin}/api/rows?delta` });
    }
  });
  const pages = await pagesOf(stub);
  assertEquals(pages.flatMap((page) => page.rows), [{ id: 1 }, { id: 2 }, { id: 3 }]);
  assertEquals(pages.map((page) => page.last), [false, false, false, true]);
  assertEquals(pages.at(-1)?.deltaLink, `${stub.url}/api/rows?delta`);
});

Deno.test("pages() takes a relative link by the context or by the address asked, whichever leads to the same list", async () => {
  for (const link of ["lists(1)/rows?b", "rows?b", "/api/lists(1)/rows?b"]) {
    await using stub = serveStub((request, path) => {
      const context = `${new URL(request.url).origin}/api/$metadata#lists(1)/rows`;
      if (path.endsWith("?b")) {
        return Response.json({ value: [] }, { status: path === "/api/lists(1)/rows?b" ? 200 : 404 });
      }
      return Response.json({ "@odata.context": context, value: [], "@odata.nextLink": link });
    });
    assertEquals((await pagesOf(stub, "lists(1)/rows")).length, 2, link);
  }
});

Deno.test("pages() refuses a link to elsewhere, one that repeats, an answer without rows, a refusal", async () => {
  const cases: [string, (stub: string) => unknown, number][] = [
    ["foreign_address", () => ({ value: [], "@odata.nextLink": "https://elsewhere.example/api/rows" }), 200],
    ["paging_loop", (url) => ({ value: [], "@odata.nextLink": `${url}/api/rows` }), 200],
    ["bad_json", () => ({ id: 1 }), 200],
    ["bad_json", () => null, 200],
    ["request_refused", () => ({ error: { code: "NoSuchColumn", message: "Sigrún" } }), 400],
  ];
  for (const [code, body, status] of cases) {
    await using stub = serveStub((request) => Response.json(body(new URL(request.url).origin), { status }));
    const error = await assertRejects(() => pagesOf(stub), ServiceError);
    assertEquals(error.code, code);
    assert(!error.message.includes("Sigr"));
    if (status === 400) assert(error.message.includes('"NoSuchColumn"'));
  }
});

/** Rows of which a few hundred make a slice; their text holds what slices are cut at. */
function longRows(from: number, count: number) {
  const trap = '},{"@odata.etag":"x"}],"value":[{"@odata.nextLink":' + "x".repeat(2_000);
  return Array.from(
    { length: count },
    (_, at) => ({ "@odata.etag": `W/"${at}"`, id: from + at, price: 0.5, text: trap }),
  );
}

Deno.test("pages() gives a long page bit by bit, and asks for the next one meanwhile", async () => {
  const asked: string[] = [];
  await using stub = serveStub((request, path) => {
    asked.push(path);
    const context = "$metadata#rows";
    if (path.endsWith("?b")) return Response.json({ "@odata.context": context, value: longRows(900, 700) });
    const link = `${new URL(request.url).origin}/api/rows?b`;
    return Response.json({ "@odata.context": context, value: longRows(0, 900), "@odata.nextLink": link });
  });
  const decimals = new Set(["price"]);
  for (const isSliced of [false, true]) {
    asked.length = 0;
    const seen: odata.RawRow[] = [];
    const pages: [number, boolean, number][] = [];
    for await (const { rows, last } of odata.pages(httpTo(stub), "rows", { isSliced, decimals })) {
      seen.push(...rows);
      pages.push([rows.length, last, asked.length]);
    }
    assertEquals(
      seen,
      longRows(0, 1600).map((row, at) => ({ ...longRows(0, 900)[at % 900], id: row.id, price: "0.5" })),
    );
    assertEquals(asked, ["/api/rows", "/api/rows?b"]);
    if (!isSliced) assertEquals(pages.map(([, last]) => last), [false, true]);
    else {
      assert(pages.length > 3, `${pages.length} pages`);
      assertEquals(pages.map(([, last]) => last), pages.map((_, at) => at === pages.length - 1));
    }
  }
});

Deno.test("pages() takes a long page as a whole where its rows begin otherwise, and refuses one that is no JSON", async () => {
  const text = JSON.stringify({ value: longRows(0, 900) });
  const bodies = {
    whole: text.replaceAll('{"@odata.etag":', '{ "@odata.etag":'),
    nested: JSON.stringify({ value: [{ "@odata.etag": "x", value: longRows(0, 900) }] }),
    broken: text.replaceAll('"id":7,', '"id":,'),
    cut: text.slice(0, -1),
  };
  const rowsOf = async (body: string) => {
    await using stub = serveStub(() => new Response(body, { headers: { "content-type": "application/json" } }));
    const pages = await Array.fromAsync(odata.pages(httpTo(stub), "rows", { isSliced: true }));
    return pages.flatMap(({ rows }) => rows);
  };
  assertEquals(await rowsOf(bodies.whole), longRows(0, 900));
  for (const body of [bodies.nested, bodies.broken, bodies.cut]) {
    const { code, retryable } = await assertRejects(() => rowsOf(body), ServiceError);
    assertEquals([code, retryable], ["bad_json", true]);
  }
});

Deno.test("pages() gives up the request for the next page when nobody wants it", async () => {
  const isAsked = Promise.withResolvers<void>();
  await using stub = serveStub((request, path) => {
    if (path.endsWith("?b")) {
      isAsked.resolve();
      return new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(new Response())));
    }
    const link = `${new URL(request.url).origin}/api/rows?b`;
    return Response.json({ value: longRows(0, 900), "@odata.nextLink": link });
  });
  for await (const _ of odata.pages(httpTo(stub), "rows", { isSliced: true })) {
    await isAsked.promise;
    break;
  }
});

Deno.test("pages() gives up on a list that has no end", async () => {
  let asked = 0;
  const endless = {
    service: "dataverse",
    root: "https://crm.example/api/",
    resolve: (address: string) => `https://crm.example/api/${address.split("/").at(-1)}`,
    request: () => {
      const json = { value: [], "@odata.nextLink": `https://crm.example/api/rows?${++asked}` };
      return Promise.resolve({ status: 200, headers: new Headers(), text: "", json });
    },
  } as unknown as Http;
  const error = await assertRejects(async () => {
    for await (const _ of odata.pages(endless, "rows"));
  }, ServiceError);
  assertEquals([error.code, asked], ["paging_loop", 100_000]);
});

Deno.test("queryOf(), quoted() and guid() let no value leave its place", () => {
  const $filter = `name eq ${odata.quoted("O'Brien & Sons #1 + 50%")}`;
  const query = odata.queryOf({ $select: "id,name", $filter, $expand: undefined });
  const params = new URL(`https://crm.example/rows${query}`).searchParams;
  assertEquals(params.get("$filter"), "name eq 'O''Brien & Sons #1 + 50%'");
  assertEquals([...params.keys()], ["$select", "$filter"]);
  assertEquals(odata.queryOf({ $filter: undefined }), "");
  assertEquals(odata.guid("AAAAAAAA-0000-4000-8000-00000000000F"), "aaaaaaaa-0000-4000-8000-00000000000f");
  for (const bad of ["", "1", "aaaaaaaa-0000-4000-8000-00000000000f or true"]) {
    assertThrows(() => odata.guid(bad), TypeError);
  }
});

Deno.test("anyOf() keeps every address below 8,000 characters and loses nothing", () => {
  const ids = Array.from({ length: 500 }, (_, n) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}`);
  const base = `https://crm.example/rows?$select=id`;
  const chains = odata.anyOf("id", ids, base.length);
  const lengths = chains.map(($filter) => new URL(`${base}&${odata.queryOf({ $filter }).slice(1)}`).href.length);
  assert(lengths.every((length) => length < 8_000), String(lengths));
  assert(lengths.slice(0, -1).every((length) => length > 7_900), String(lengths));
  assertEquals(chains.flatMap((chain) => chain.split(" or ")).map((part) => part.replace("id eq ", "")), ids);
  assertEquals(odata.anyOf("id", [], 0), []);
  const names = ["ð".repeat(900), "ż".repeat(900), "a"].map(odata.quoted);
  assertEquals(odata.anyOf("name", names, 100).length, 2);
});

Deno.test("encodeName() and decodeName() carry any value of an enumeration", () => {
  const cases: [string, string][] = [
    [" ", "_x0020_"],
    ["Non-Inventory", "Non_x002D_Inventory"],
    ["In Review", "In_x0020_Review"],
    ["Ship", "Ship"],
    ["a_x0020_b", "a_x005F_x0020_b"],
    ["Þ", "_x00DE_"],
    ["😀", "_xD83D__xDE00_"],
  ];
  for (const [value, encoded] of cases) {
    assertEquals(encodeName(value), encoded);
    assertEquals(decodeName(encoded), value);
  }
  assertEquals(decodeName("Non-Inventory"), "Non-Inventory");
});

Deno.test("withoutBlank() and withBlank() turn each kind of blank into null and back", () => {
  const nullable = true;
  const blanks = [
    [{ kind: "text", nullable }, "", ""],
    [{ kind: "lookup", nullable }, "", ""],
    [{ kind: "date", nullable }, "0001-01-01", "0001-01-01"],
    [{ kind: "datetime", nullable }, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
    [{ kind: "choice", nullable, values: ["A"] }, "_x0020_", "_x0020_"],
  ] as const;
  for (const [field, blank, back] of blanks) {
    assertEquals(withoutBlank(field, blank), null, field.kind);
    assertEquals(withBlank(field, null), back, field.kind);
  }
  assertEquals(withoutBlank({ kind: "lookup", nullable }, zeroGuid), null);
  assertEquals(withoutBlank({ kind: "text", nullable: false }, ""), "");
  assertEquals(withoutBlank({ kind: "choice", nullable: false, values: [" ", "All"] }, ""), " ");
  assertEquals(withoutBlank({ kind: "choice", nullable, values: ["A B"] }, "A_x0020_B"), "A B");
  assertEquals(withoutBlank({ kind: "choice", nullable, values: [1] }, 1), 1);
  assertEquals(withoutBlank({ kind: "boolean", nullable: false }, false), false);
  assertEquals(withoutBlank({ kind: "text", nullable }, " x "), " x ");
  assertEquals(JSON.stringify([withBlank({ kind: "decimal", nullable }, "0.10")]), "[0.1]");
  assertEquals(JSON.stringify([withBlank({ kind: "decimal", nullable }, null)]), "[0]");
  assertEquals(withBlank({ kind: "choice", nullable }, 3), 3);
});

Deno.test("rowCheck() names entity, id and field of a row that does not fit, not the value", () => {
  const schema = z.object({ name: name(10), price: decimal(2), note: text(10) });
  const check = odata.rowCheck(schema, ["name", "price"], { service: "dataverse", entity: "things" });
  assertEquals(check("1", { name: "a", price: "1.5" }), { name: "a", price: "1.5" });
  const error = assertThrows(() => check("17", { name: null, price: "secret" }), ServiceError);
  assertEquals(error.code, "bad_row");
  for (const part of ["17", "things", "name", "price"]) assert(error.message.includes(`"${part}`), error.message);
  assert(!error.message.includes("secret"));
});

Deno.test("liesIn() decides a filter without the service", () => {
  assert(odata.liesIn({}, {}));
  assert(odata.liesIn({ blocked: false, note: null }, { blocked: false, note: null, other: 1 }));
  assert(!odata.liesIn({ blocked: false }, { blocked: true }));
  assert(!odata.liesIn({ note: "x" }, {}));
});
