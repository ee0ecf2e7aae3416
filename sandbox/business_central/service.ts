/** Business Central API v2.0 over a company's rows: addresses, methods, preconditions, errors. */
import { QueryError } from "../filter.ts";
import { type Json, parseJson } from "../json.ts";
import { parseQuery } from "../odata.ts";
import type { Answer, Asked, Service, ServiceContext } from "../service.ts";
import type { Row } from "../tables.ts";
import { answerBatch } from "./batch.ts";
import { addChart } from "./chart.ts";
import { etagOf, isIn, singleRow, tableOf } from "./company.ts";
import { type Company, EXTENSION_ROUTE, type SetFact, STANDARD_ROUTE } from "./facts.ts";
import { readBody, readInput } from "./input.ts";
import { checkNames, countRows, type PageStyle, readPage, shownRow, type Source } from "./read.ts";
import { notFound, Refusal, ruleBroken } from "./refusal.ts";
import { sets } from "./sets.ts";
import { openSettings } from "./settings.ts";
import { deleteRecord, insertRecord, updateRecord } from "./write.ts";

/** Where the company's name and version come from; the standard page says no more of it. */
const COMPANY = { name: "SANDBOX", displayName: "Sandbox", systemVersion: "28.0.0.0", businessProfileId: "" };

/** Sets by route and name in addresses. */
const addresses: ReadonlyMap<string, string> = new Map(
  Object.entries(sets).map(([name, { route = STANDARD_ROUTE, address = name }]) => [`${route}/${address}`, name]),
);

/** Imitates the service on the tables of `context`. */
export function businessCentral(context: ServiceContext): Service {
  const company: Company = {
    tables: context.tables,
    clock: context.clock,
    id: context.companyId,
    localCurrency: context.localCurrency,
    sets,
  };
  addChart(company);
  const settings = openSettings(company);
  const style = (): PageStyle => ({
    relativeLinks: settings.is("relativeLinks"),
    emptyLastPage: settings.is("emptyLastPage"),
  });
  const failed = (status: number, code: string, message: string): Answer => ({
    status,
    body: { error: { code, message: `${message}  CorrelationId:  ${context.clock.uuid()}.` } },
  });

  function guarded(work: () => Answer): Answer {
    try {
      return work();
    } catch (error) {
      if (error instanceof Refusal) return failed(error.status, error.code, error.message);
      if (error instanceof QueryError) return failed(400, queryCodes[error.kind], queryText(error));
      if (error instanceof SyntaxError) return failed(400, "BadRequest", "The request body isn't valid JSON.");
      throw error;
    }
  }

  function handle(asked: Asked): Answer {
    return guarded(() => {
      const { pathname } = asked.url;
      const base = baseOf(pathname);
      if (base === undefined) throw notFound(pathname);
      const path = decodeURIComponent(pathname.slice(base.length)).replace(/\/$/, "");
      if (path !== "$batch") return one(asked, path, base);
      const single = (inner: Asked) =>
        guarded(() => one(inner, decodeURIComponent(inner.url.pathname.slice(base.length)), base));
      return answerBatch(asked, { base, one: single, transaction: company.tables.transaction });
    });
  }

  /** The address of the API that a path is under; undefined where there is none. */
  function baseOf(pathname: string): string | undefined {
    for (const route of [STANDARD_ROUTE, ...(settings.is("extension") ? [EXTENSION_ROUTE] : [])]) {
      for (const place of [`${context.tenant}/${context.environment}`, context.environment]) {
        const base = `/v2.0/${place}/api/${route}/`;
        if (pathname.startsWith(base)) return base;
      }
    }
    return undefined;
  }

  function one(asked: Asked, path: string, base: string): Answer {
    const [first = "", ...rest] = path.split("/");
    if (first === "companies" || first.startsWith("companies(")) {
      const id = keyIn(first, "companies");
      if (id === null) return answered("companies", { value: [companyRow()] }, 1);
      if (id !== company.id) throw new Refusal(404, "Internal_CompanyNotFound", `There is no company ${id}.`);
      return rest.length === 0 ? answered("companies", companyRow(), 1) : inCompany(asked, rest, base);
    }
    const named = asked.url.searchParams.get("company");
    if (named !== company.id) throw notFound(`${first}: the address names no company that exists`);
    return inCompany(asked, [first, ...rest], base);
  }

  function companyRow(): Readonly<Record<string, unknown>> {
    return { id: company.id, ...COMPANY };
  }

  function inCompany(asked: Asked, [first = "", second, third, ...more]: string[], base: string): Answer {
    const address = first.replace(/\(.*$/, "");
    const set = addresses.get(`${base.slice(base.indexOf("/api/") + "/api/".length)}${address}`);
    if (set === undefined || third !== undefined && more.length > 0) throw notFound(`the segment "${first}"`);
    const fact = sets[set]!;
    const id = keyIn(first, address);
    const row = id === null ? null : found(set, id);
    const contextOf = (name: string) => `${asked.url.origin}${base}$metadata#companies(${company.id})/${name}`;
    const page = (source: Source) => {
      const query = parseQuery(asked.url.search);
      const context = contextOf(sets[source.set]!.address ?? source.set);
      const body = readPage(company, source, { asked, query, style: style(), context });
      return { ...answered(source.set, body, body.value.length), headers: applied(asked) };
    };

    if (second === "$count" && row === null && third === undefined) {
      return { status: 200, headers: { "Content-Type": "text/plain" }, entity: set, body: counted(set, asked) };
    }
    if (second !== undefined && row !== null) {
      const action = /^Microsoft\.NAV\.(\w+)$/.exec(second)?.[1];
      if (action !== undefined && third === undefined) return act(asked, { set, fact, row, action });
      const name = second.replace(/\(.*$/, "");
      const part = Object.hasOwn(fact.navigation ?? {}, name) ? fact.navigation![name] : undefined;
      if (part !== undefined && (third === undefined || third === "$count")) {
        const rows = part.rows(company, row);
        const partId = keyIn(second, name);
        const at = { set: part.set, fact: sets[part.set]!, context: contextOf(name) };
        if (partId !== null && third === undefined) {
          if (!rows.some((one) => one.id === partId)) throw missing(part.set, partId);
          return onRow(asked, { ...at, row: found(part.set, partId) });
        }
        if (third === "$count") {
          onlyReads(asked, part.set);
          const total = countRows(company, { set: part.set, rows }, parseQuery(asked.url.search));
          return { status: 200, headers: { "Content-Type": "text/plain" }, entity: part.set, body: String(total) };
        }
        if (asked.method === "GET") return page({ set: part.set, rows });
        if (asked.method === "POST" && part.parent !== undefined) return insert(asked, at, [part.parent, row.id]);
        throw notAllowed(asked.method, part.set);
      }
    }
    if (second !== undefined) throw notFound(`the segment "${second}"`);
    const context = contextOf(address);
    if (row === null) {
      if (asked.method === "GET") return page({ set });
      if (asked.method === "POST") return insert(asked, { set, fact, context });
      throw notAllowed(asked.method, set);
    }
    return onRow(asked, { set, fact, row, context });
  }

  /** A bound action. */
  function act(
    asked: Asked,
    { set, fact, row, action }: { set: string; fact: SetFact; row: Row; action: string },
  ): Answer {
    const actions = Object.entries(fact.rules?.actions ?? {});
    const [, run] = actions.find(([name]) => name.toLowerCase() === action.toLowerCase()) ?? [];
    if (run === undefined) throw notFound(`the action "${action}"`);
    if (asked.method !== "POST") throw notAllowed(asked.method, action);
    writable(asked);
    checkMatch(asked, row, false);
    company.tables.transaction(() => run(company, row));
    return { status: 204, entity: set, rows: 1 };
  }

  function onRow(asked: Asked, at: { set: string; fact: SetFact; row: Row; context: string }): Answer {
    const { set, fact, row } = at;
    if (asked.method === "GET") {
      const query = parseQuery(asked.url.search);
      checkNames(company, set, query);
      return shown(200, at, row, shownRow(company, set, row, query));
    }
    if (asked.method === "PATCH" && fact.modify) {
      writable(asked);
      checkMatch(asked, row, true);
      const after = updateRecord(company, set, row, readInput(fact, jsonOf(asked)));
      return shown(200, at, after);
    }
    if (asked.method === "DELETE" && fact.remove) {
      writable(asked);
      checkMatch(asked, row, false);
      deleteRecord(company, set, row);
      return { status: 204, entity: set, rows: 1 };
    }
    throw notAllowed(asked.method, set);
  }

  function insert(
    asked: Asked,
    at: { set: string; fact: SetFact; context: string },
    parent?: readonly [column: string, id: string],
  ): Answer {
    const { set, fact, context } = at;
    if (!fact.insert) throw notAllowed("POST", set);
    writable(asked);
    const body = readBody(sets, fact, jsonOf(asked));
    const input = parent === undefined ? body.input : new Map([...body.input, parent]);
    const row = insertRecord(company, set, { ...body, input });
    const query = parseQuery(asked.url.search);
    checkNames(company, set, query);
    const expand = [...body.parts.keys()].map((name) => ({ name, query: parseQuery("") }));
    const shownBody = shownRow(
      company,
      set,
      row,
      expand.length > 0 && query.expand.length === 0 ? { ...query, expand } : query,
    );
    const answer = shown(201, { set, context }, row, shownBody);
    const location = `${asked.url.origin}${asked.url.pathname}(${row.id})`;
    return { ...answer, headers: { ...answer.headers, Location: location } };
  }

  function shown(
    status: number,
    at: { set: string; context: string },
    row: Row,
    body = shownRow(company, at.set, row),
  ): Answer {
    const headers = { ETag: etagOf(row) };
    return { status, headers, entity: at.set, rows: 1, body: { "@odata.context": `${at.context}/$entity`, ...body } };
  }

  function found(set: string, id: string): Row {
    const row = sets[set]!.single === undefined
      ? company.tables.table(tableOf(company, set)).get(id)
      : singleRow(company, set);
    if (row === undefined || row.id !== id || !isIn(company, set, row)) throw missing(set, id);
    return row;
  }

  function missing(set: string, id: string): Refusal {
    return new Refusal(404, "Internal_RecordNotFound", `The ${sets[set]!.entity} ${id} doesn't exist.`);
  }

  function counted(set: string, asked: Asked): string {
    onlyReads(asked, set);
    return String(countRows(company, { set }, parseQuery(asked.url.search)));
  }

  return {
    name: "business_central",
    handle,
    refuse(why) {
      if (why === "unauthorized") {
        return failed(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.");
      }
      if (why === "too_many_requests") {
        return failed(429, "Application_TooManyRequests", "Too many requests reached the service. Try again later.");
      }
      return failed(503, "Internal_TenantUnavailable", "The tenant isn't available. Try again later.");
    },
    configure: settings.apply,
    settings: settings.all,
  };
}

const queryCodes: Readonly<Record<QueryError["kind"], string>> = {
  syntax: "BadRequest",
  unknown_property: "BadRequest",
  types: "BadRequest",
  or_across_fields: "BadRequest_MethodNotImplemented",
  unsupported: "BadRequest_MethodNotImplemented",
};

function queryText(error: QueryError): string {
  return error.kind === "or_across_fields"
    ? "An OData filter can't use the operator 'or' on distinct fields."
    : error.message;
}

function answered(entity: string, body: unknown, rows: number): Answer {
  return { status: 200, entity, rows, body };
}

/** The id in "customers(<id>)", or null for "customers". */
function keyIn(segment: string, set: string): string | null {
  if (segment === set) return null;
  const match = /^\((?:id=)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)$/i.exec(segment.slice(set.length));
  if (match === null) throw notFound(`the segment "${segment}"`);
  return match[1]!.toLowerCase();
}

function jsonOf(asked: Asked): Json {
  return parseJson(asked.body);
}

function applied(asked: Asked): Record<string, string> {
  const size = /odata\.maxpagesize=\d+/.exec(asked.headers.get("prefer") ?? "");
  return size === null ? {} : { "Preference-Applied": size[0] };
}

function writable(asked: Asked): void {
  if (/^readonly$/i.test(asked.headers.get("data-access-intent") ?? "")) {
    throw ruleBroken("The request writes, but its Data-Access-Intent is ReadOnly.");
  }
}

function onlyReads(asked: Asked, set: string): void {
  if (asked.method !== "GET") throw notAllowed(asked.method, set);
}

function notAllowed(method: string, set: string): Refusal {
  return new Refusal(405, "BadRequest_MethodNotAllowed", `${method} isn't allowed on ${set}.`);
}

/** A change needs the version that it is based on, or a star. */
function checkMatch(asked: Asked, row: Row, isRequired: boolean): void {
  const wanted = asked.headers.get("if-match");
  if (wanted === null) {
    if (!isRequired) return;
    throw new Refusal(
      412,
      "BadRequest_RequiredParamNotProvided",
      "The header If-Match must name the record's ETag or *.",
    );
  }
  if (wanted === "*" || wanted === etagOf(row)) return;
  if (!/^(W\/)?"[^"]*"$/.test(wanted)) throw new Refusal(400, "BadRequest_InvalidToken", "If-Match isn't an ETag.");
  throw new Refusal(
    409,
    "Request_EntityChanged",
    "Another user has already changed the record. Read it again before you change it.",
  );
}
