/** The imitation of the Dataverse Web API v9.2: addresses → what happens to rows. */
import { QueryError } from "../filter.ts";
import { isObject, type Json, parseJson } from "../json.ts";
import { keepPages } from "../kept_pages.ts";
import { parseQuery, preferences } from "../odata.ts";
import type { Answer, Asked, Service, ServiceContext } from "../service.ts";
import type { Row } from "../tables.ts";
import { act, isAction, userSettings, whoAmI } from "./actions.ts";
import { batch } from "./batch.ts";
import { multiple } from "./bulk.ts";
import { count, list } from "./collection.ts";
import { asSet, type Crm } from "./crm.ts";
import { configure } from "./configure.ts";
import { type KeyInAddress, keyInAddress, resolver } from "./input.ts";
import { definitions } from "./metadata.ts";
import { etagOf, present, shapeOf } from "./present.ts";
import { createFromBody, deleteRow, updateFromBody } from "./records.ts";
import { Refusal, refuse } from "./refusal.ts";
import type { TableSchema } from "./schema.ts";
import { columnOf, navigationOf, schemaOf } from "./tables.ts";

const ROOT = "/api/data/v9.2/";

/** The service on an environment that is open. */
export function dataverse(context: ServiceContext, crm: Crm): Service {
  const base = () => `${context.origin()}${ROOT}`;
  const guarded = (work: () => Answer): Answer => {
    try {
      return work();
    } catch (error) {
      return failed(error);
    }
  };
  const kept = keepPages(context.tables);
  const handle = (asked: Asked) => {
    if (asked.url.pathname !== `${ROOT}$batch`) return route(crm, { asked, base: base(), earlier: new Map() });
    if (asked.method !== "POST") throw refuse.method(asked.method);
    return batch({
      run: (inner, earlier) => {
        if (context.denies?.(inner.method, inner.url.pathname + inner.url.search)) throw refuse.privilege();
        return route(crm, { asked: inner, base: base(), earlier });
      },
      failed,
      together: (work) => crm.tables.transaction(work),
      boundary: () => crm.clock.uuid(),
    }, asked);
  };
  return {
    name: "dataverse",
    handle: (asked) => kept(asked, () => guarded(() => handle(asked))),
    refuse(why) {
      if (why === "unauthorized") {
        const address = `${context.origin()}/${context.tenant}/oauth2/authorize`;
        return {
          status: 401,
          headers: { "WWW-Authenticate": `Bearer authorization_uri=${address}, resource_id=${context.origin()}/` },
        };
      }
      if (why === "forbidden") return failed(refuse.privilege());
      return why === "too_many_requests"
        ? errorAnswer(429, "0x80072322", "The number of requests went over the limit of 6000 over 300 seconds.")
        : errorAnswer(503, "0x80048d0a", "The service is unavailable.");
    },
    configure: (settings) => configure(crm, settings),
    settings: () => ({ ...crm.settings() }),
  };
}

function failed(error: unknown): Answer {
  if (error instanceof Refusal) return errorAnswer(error.status, error.code, error.message);
  if (error instanceof QueryError) {
    return error.kind === "unsupported"
      ? errorAnswer(501, "0x80060888", error.message)
      : errorAnswer(400, "0x80060888", error.message);
  }
  throw error;
}

function errorAnswer(status: number, code: string, message: string): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0" },
    body: { error: { code, message } },
  };
}

/** A request, with what it needs around it. */
interface Request {
  readonly asked: Asked;
  readonly base: string;
  /** Rows made before it in its change set, by "$<Content-ID>". */
  readonly earlier: ReadonlyMap<string, string>;
}

function route(crm: Crm, request: Request): Answer {
  const { asked } = request;
  if (!asked.url.pathname.startsWith(ROOT)) throw refuse.noSuchSet(asked.url.pathname);
  const segments = segmentsOf(asked.url.pathname.slice(ROOT.length));
  const [first = "", second, third] = segments;
  const { name, key } = /^(?<name>[$\w]+)(?:\((?<key>[^]*)\))?$/.exec(first)?.groups ?? {};
  if (name === "WhoAmI") return whoAmI(crm, request.base);
  if (name === "EntityDefinitions") {
    return definitions(crm, { url: asked.url, base: request.base, key: key ?? null, path: segments.slice(1) });
  }
  if (name === "usersettingscollection") return userSettings(crm, asked, key ?? "");
  if (name !== undefined && isAction(name) && key === undefined && second === undefined) {
    if (asked.method !== "POST") throw refuse.method(asked.method);
    return act(crm, { name, body: bodyOf(asked), resolve: resolver(crm, request.earlier) });
  }
  const schema = asSet(crm, schemaOf(name ?? ""));
  if (schema === undefined || segments.length > 3) throw refuse.noSuchSet(name ?? first);
  const answer = key === undefined ? ofSet(crm, schema, { request, action: second ?? null }) : ofRow(crm, schema, {
    request,
    key: keyInAddress(crm, schema, key),
    property: second ?? null,
    ref: third ?? null,
  });
  return { entity: schema.set, ...answer };
}

/** Path segments, decoded; a slash inside a key's quotes doesn't part. */
function segmentsOf(path: string): string[] {
  return path.split(/\/(?=(?:[^']*'[^']*')*[^']*$)/).map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      throw refuse.query("The address isn't percent-encoded text.");
    }
  });
}

function ofSet(
  crm: Crm,
  schema: TableSchema,
  { request, action }: { request: Request; action: string | null },
): Answer {
  const { asked, base } = request;
  const listing = {
    query: parseQuery(asked.url.search),
    prefer: preferences(asked.headers),
    url: asked.url,
    base,
  };
  if (action === "$count" && asked.method === "GET") return count(crm, schema, listing);
  if (action !== null) {
    if (asked.method !== "POST") throw refuse.noSuchSet(action);
    return multiple(crm, schema, { action, body: bodyOf(asked), resolve: resolver(crm, request.earlier) });
  }
  if (asked.method === "GET") return list(crm, schema, listing);
  if (asked.method !== "POST") throw refuse.method(asked.method);
  const row = createFromBody(crm, schema, { body: bodyOf(asked), resolve: resolver(crm, request.earlier) });
  return written(crm, schema, { request, row, created: true, keyText: row.id });
}

function ofRow(crm: Crm, schema: TableSchema, at: {
  request: Request;
  key: KeyInAddress;
  property: string | null;
  ref: string | null;
}): Answer {
  const { request, key } = at;
  const { asked } = request;
  const row = crm.rows(schema).get(key.id);
  if (at.property !== null) return ofProperty(crm, schema, { ...at, row, property: at.property });
  if (asked.method === "GET") {
    if (row === undefined) throw refuse.noSuchRow(schema.logical, key.id);
    return read(crm, schema, { request, row });
  }
  if (asked.method === "PATCH") return upsert(crm, schema, { request, key, row });
  if (asked.method !== "DELETE") throw refuse.method(asked.method);
  if (row === undefined) throw refuse.noSuchRow(schema.logical, key.id);
  checkVersion(asked, row);
  deleteRow(crm, schema, row.id);
  return { status: 204, headers: { "OData-Version": "4.0" }, rows: 1 };
}

function read(crm: Crm, schema: TableSchema, { request, row }: { request: Request; row: Row }): Answer {
  const { asked, base } = request;
  const query = parseQuery(asked.url.search);
  const prefer = preferences(asked.headers);
  const known = asked.headers.get("if-none-match");
  const plain = query.expand.length === 0 && !prefer.has("odata.include-annotations");
  const headers = { "ETag": etagOf(row), "OData-Version": "4.0" };
  if (known === etagOf(row) && plain) return { status: 304, headers };
  const shown = present(crm, schema, { row, shape: shapeOf(schema, query, prefer) });
  const select = query.select === null ? "" : `(${query.select.join(",")})`;
  const context = `${base}$metadata#${schema.set}${select}/$entity`;
  return { status: 200, headers, body: { "@odata.context": context, ...shown }, rows: 1 };
}

/** PATCH creates a row that isn't there, unless If-Match says that it must be. */
function upsert(
  crm: Crm,
  schema: TableSchema,
  { request, key, row }: { request: Request; key: KeyInAddress; row: Row | undefined },
): Answer {
  const { asked } = request;
  const resolve = resolver(crm, request.earlier);
  const body = bodyOf(asked);
  if (row !== undefined) {
    if (asked.headers.get("if-none-match") === "*") throw refuse.exists();
    checkVersion(asked, row);
    // Columns of the alternate key in the address are not changed by it.
    const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !Object.hasOwn(key.alternate ?? {}, name)));
    const changed = updateFromBody(crm, schema, { body: rest, resolve, id: row.id });
    return written(crm, schema, { request, row: changed, created: false, keyText: keyTextOf(asked, row.id) });
  }
  if (asked.headers.has("if-match")) throw refuse.noSuchRow(schema.logical, key.id);
  const values: Record<string, Json> = { ...key.alternate, ...body };
  if (key.alternate === null && values[schema.key] !== undefined) delete values[schema.key];
  const created = createFromBody(crm, schema, {
    body: values,
    resolve,
    ...(key.alternate === null ? { id: key.id } : {}),
  });
  return written(crm, schema, { request, row: created, created: true, keyText: keyTextOf(asked, created.id) });
}

/** The key as the address had it: the service echoes an alternate key, too. */
function keyTextOf(asked: Asked, id: string): string {
  return /\(([^]*)\)$/.exec(decodeURIComponent(asked.url.pathname))?.[1] ?? id;
}

function checkVersion(asked: Asked, row: Row): void {
  const expected = asked.headers.get("if-match");
  if (expected !== null && expected !== "*" && expected !== etagOf(row)) throw refuse.changed();
}

/** 204 with the address, or the row where the client prefers it. */
function written(
  crm: Crm,
  schema: TableSchema,
  { request, row, created, keyText }: { request: Request; row: Row; created: boolean; keyText: string },
): Answer {
  const prefer = preferences(request.asked.headers);
  if (prefer.get("return") === "representation") {
    const answer = read(crm, schema, { request: { ...request, asked: withoutCondition(request.asked) }, row });
    const headers = { ...answer.headers, "Preference-Applied": "return=representation" };
    return { ...answer, status: created ? 201 : 200, headers };
  }
  const address = `${request.base}${schema.set}(${keyText})`;
  return {
    status: 204,
    headers: { "OData-Version": "4.0", "OData-EntityId": address, ...(created ? { "Location": address } : {}) },
    rows: 1,
  };
}

function withoutCondition(asked: Asked): Asked {
  const headers = new Headers(asked.headers);
  headers.delete("if-none-match");
  return { ...asked, headers };
}

/** GET, PUT and DELETE on one property, and $ref on a lookup. */
function ofProperty(crm: Crm, schema: TableSchema, at: {
  request: Request;
  key: KeyInAddress;
  row: Row | undefined;
  property: string;
  ref: string | null;
}): Answer {
  const { asked, base } = at.request;
  const { row, property } = at;
  if (row === undefined) throw refuse.noSuchRow(schema.logical, at.key.id);
  const resolve = resolver(crm, at.request.earlier);
  const change = (body: Readonly<Record<string, Json>>): Answer => {
    checkVersion(asked, row);
    updateFromBody(crm, schema, { body, resolve, id: row.id });
    return { status: 204, headers: { "OData-Version": "4.0" }, rows: 1 };
  };
  if (at.ref !== null) {
    const navigation = at.ref === "$ref" ? navigationOf(schema, property) : undefined;
    if (navigation === undefined) throw refuse.noSuchSet(at.ref);
    if (asked.method === "DELETE") return change({ [`${property}@odata.bind`]: null });
    if (asked.method !== "PUT") throw refuse.method(asked.method);
    return change({ [`${property}@odata.bind`]: bodyOf(asked)["@odata.id"] ?? null });
  }
  const found = columnOf(schema, property);
  if (found === undefined) throw refuse.noSuchSet(property);
  if (asked.method === "DELETE") return change({ [property]: null });
  if (asked.method === "PUT") return change({ [property]: bodyOf(asked).value ?? null });
  if (asked.method !== "GET") throw refuse.method(asked.method);
  const shape = { columns: [found], annotated: () => false, expand: [] };
  const shown = present(crm, schema, { row, shape }) as Record<string, unknown>;
  if (shown[property] === null) return { status: 204 };
  const context = `${base}$metadata#${schema.set}(${row.id})/${property}`;
  return { status: 200, body: { "@odata.context": context, value: shown[property] }, rows: 1 };
}

function bodyOf(asked: Asked): Readonly<Record<string, Json>> {
  let body: Json;
  try {
    body = parseJson(asked.body);
  } catch (error) {
    throw refuse.payload(`The body isn't JSON: ${(error as Error).message}`);
  }
  if (!isObject(body)) throw refuse.payload("The body isn't a JSON object.");
  return body;
}
