/** Orders are read page by page: nothing is held of pages that were given, nothing is asked for ahead. */
import { assertEquals } from "@std/assert";
import type { Page, ReadOptions } from "../../connectors/connector.ts";
import { openDataverse } from "../../connectors/dataverse/client.ts";
import { line, openOrders } from "./dataverse_order_world.ts";
import { chosen } from "./dataverse_world.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

const root = "/api/data/v9.2/";
const wanted = { fields: ["name"], partFields: ["quantity"] };

/** Orders 1 to 3, a page for each, with a line each; line 9, of order 9, changed since. */
function serveOrders(tracked: readonly string[]): Stub {
  return serveStub((_, path) => {
    if (path.includes("EntityDefinitions")) {
      return Response.json({ value: tracked.map((LogicalName) => ({ LogicalName })) });
    }
    const [set, query] = [path.slice(root.length).split("?")[0]!, decodeURIComponent(path)];
    const asked = [...query.matchAll(/(?:salesorderid|_salesorderid_value) eq (\S{36})/g)].map(([, id]) => id!);
    const isDelta = query.includes("deltatoken");
    const heads = [1, 2, 3].map(chosen);
    if (set === "salesorderdetails") {
      const ids = asked.length > 0 ? asked : isDelta ? [chosen(9)] : heads;
      return Response.json({ value: ids.map(lineOf), ...(asked.length > 0 ? {} : deltaLink(set)) });
    }
    if (asked.length > 0) return Response.json({ value: asked.map(headOf) });
    const page = Number(/page=(\d)/.exec(query)?.[1] ?? "0");
    const more = isDelta ? `$deltatoken=1&page=${page + 1}` : `page=${page + 1}`;
    const link = page === 2 ? deltaLink(set) : { "@odata.nextLink": `${root}salesorders?${more}` };
    return Response.json({ value: [headOf(heads[page]!)], ...link });
  });
}
function deltaLink(set: string): Record<string, string> {
  return { "@odata.deltaLink": `${root}${set}?$deltatoken=2` };
}
function headOf(salesorderid: string): Record<string, unknown> {
  return { "@odata.etag": 'W/"5"', salesorderid, modifiedon: "2026-05-20T12:00:00Z", name: "Order", statecode: 1 };
}
function lineOf(head: string): Record<string, unknown> {
  return {
    "@odata.etag": 'W/"6"',
    salesorderdetailid: line(Number(head.slice(-3))),
    _salesorderid_value: head,
    modifiedon: "2026-05-20T12:00:01Z",
    createdon: "2026-05-20T12:00:00Z",
    quantity: 1,
  };
}

/** The pages of a reading, and how many requests for heads went out before each was given. */
async function pagesOf(stub: Stub, options: Partial<ReadOptions>) {
  const [limiter, clock] = [openGate(), testClock()];
  const crm = openDataverse({ baseUrl: stub.url, token: tokenOf(stub), limiter, clock });
  const [pages, asked] = [[] as Page[], [] as number[]];
  for await (const page of openOrders(crm).read({ ...wanted, ...options })) {
    pages.push(page);
    asked.push(stub.seen.filter((request) => request.includes("/salesorders?")).length);
  }
  return { pages, asked };
}
function shown(pages: readonly Page[]): unknown[] {
  return pages.map(({ rows }) => rows.map(({ id, parts }) => [id, ...parts!.map(({ key }) => key)]));
}
const orders = (...numbers: readonly number[]) => numbers.map((n) => [[chosen(n), line(n)]]);

for (const tracked of [["salesorder", "salesorderdetail"], ["salesorder"], ["salesorderdetail"], []]) {
  Deno.test(`read() of everything gives a page before it asks for the next, tracked: ${tracked.join(", ") || "none"}`, async () => {
    await using stub = serveOrders(tracked);
    const { pages, asked } = await pagesOf(stub, {});
    assertEquals([asked, shown(pages)], [[1, 2, 3], orders(1, 2, 3)]);
    assertEquals(pages.map(({ cursor }) => cursor === null), [true, true, false]);
    const time = (modifiedon: string) => JSON.stringify({ modifiedon });
    assertEquals(JSON.parse(pages[2]!.cursor!), {
      heads: tracked.includes("salesorder") ? `${root}salesorders?$deltatoken=2` : time("2026-05-20T12:00:00Z"),
      lines: tracked.includes("salesorderdetail")
        ? `${root}salesorderdetails?$deltatoken=2`
        : time("2026-05-20T12:00:01Z"),
    });
  });
}

Deno.test("read() of changes gives a page before it asks for the next, and orders whose lines changed at the end", async () => {
  await using stub = serveOrders([]);
  const link = (set: string) => `${root}${set}?$deltatoken=1`;
  const since = JSON.stringify({ heads: link("salesorders"), lines: link("salesorderdetails") });
  const { pages, asked } = await pagesOf(stub, { since });
  assertEquals([asked, shown(pages)], [[1, 2, 3, 4, 4], [...orders(1, 2, 3, 9), []]]);
  assertEquals(pages.map(({ kind, cursor }) => [kind, cursor === null]), [
    ...[1, 2, 3, 9].map(() => ["delta", true]),
    ["delta", false],
  ]);
  // A line that changes while orders are read must be behind the cursor: changed lines are asked for first.
  const reads = stub.seen.filter((request) => request.startsWith("GET")).map((request) => request.slice(4));
  assertEquals(reads.slice(0, 2), [link("salesorderdetails"), link("salesorders")]);
});

Deno.test("read() of orders by ids gives a page before it asks for the next", async () => {
  await using stub = serveOrders([]);
  const ids = Array.from({ length: 250 }, (_, n) => chosen(n + 1));
  const { pages, asked } = await pagesOf(stub, { ids });
  assertEquals([asked.length > 1, asked], [true, pages.map((_, n) => n + 1)]);
  assertEquals(pages.flatMap(({ rows }) => rows.map(({ id, parts }) => [id, parts!.length])), ids.map((id) => [id, 1]));
});

Deno.test("read() of everything gives a line once that changed while lines were read", async () => {
  const [before, after] = [1, 2].map((quantity) => ({ ...lineOf(chosen(1)), quantity }));
  await using stub = serveStub((_, path) => {
    if (path.includes("EntityDefinitions")) return Response.json({ value: [{ LogicalName: "salesorderdetail" }] });
    if (path.includes("/salesorders?")) return Response.json({ value: [headOf(chosen(1))] });
    const link = `${root}salesorderdetails?page=1`;
    return Response.json(
      path.includes("page=1")
        ? { value: [after], ...deltaLink("salesorderdetails") }
        : { value: [before], "@odata.nextLink": link },
    );
  });
  const { pages } = await pagesOf(stub, {});
  assertEquals(pages.flatMap(({ rows }) => rows.map(({ parts }) => parts)), [[
    { key: line(1), data: { quantity: "2" } },
  ]]);
});
