/** Business Central API v2.0 over a company's rows: addresses, methods, preconditions, errors. */
import { QueryError } from "../filter.ts";
import { parseJson } from "../json.ts";
import { keepPages } from "../kept_pages.ts";
import { parseQuery } from "../odata.ts";
import type { Answer, Asked, Refusal as ShellRefusal, Service, ServiceContext } from "../service.ts";
import type { Row } from "../tables.ts";
import { applied, checkMatch, keyIn, notAllowed, onlyReads, writable } from "./asked.ts";
import { answerBatch } from "./batch.ts";
import { addChart } from "./chart.ts";
import { etagOf, isIn, singleRow, tableOf } from "./company.ts";
import { EXTENSION_ROUTE, type SetFact, STANDARD_ROUTE } from "./facts.ts";
import { atDesk, openDesk, type OrderDesk } from "./desk.ts";
import { readBody, readInput } from "./input.ts";
import { lateCommits } from "./late.ts";
import { checkNames, countRows, type PageStyle, readPage, shownRow, type Source } from "./read.ts";
import { notFound, Refusal } from "./refusal.ts";
import { sets } from "./sets.ts";
import { openSettings } from "./settings.ts";
import { deleteRecord, insertRecord, updateRecord } from "./write.ts";

/** Where the company's name and version come from; the standard page says no more of it. */
const COMPANY = { name: "SANDBOX", displayName: "Sandbox", systemVersion: "28.0.0.0", businessProfileId: "" };

/** The service, and what people do with it on its own pages. */
export interface BusinessCentral extends Service {
  readonly orders: OrderDesk;
}

const shellRefusals: Readonly<Record<ShellRefusal, readonly [status: number, code: string, message: string]>> = {
  unauthorized: [401, "Authentication_InvalidCredentials", "The server has rejected the client credentials."],
  forbidden: [403, "Authorization_RequestDenied", "The user has no permission to access the data."],
  too_many_requests: [429, "Application_TooManyRequests", "Too many requests reached the service. Try again later."],
  unavailable: [503, "Internal_TenantUnavailable", "The tenant isn't available. Try again later."],
};

/** Sets by route and name in addresses. */
const addresses: ReadonlyMap<string, string> = new Map(
  Object.entries(sets).map(([name, { route = STANDARD_ROUTE, address = name }]) => [`${route}/${address}`, name]),
);

/** Imitates the service on the tables of `context`. */
export function businessCentral(context: ServiceContext): BusinessCentral {
  const late = lateCommits({
    tables: context.tables,
    clock: context.clock,
    id: context.companyId,
    localCurrency: context.localCurrency,
    sets,
  });
  const { company } = late;
  addChart(company);
  const settings = openSettings(company, late);
  const kept = keepPages(context.tables);
  const desk = openDesk(company, late.around);
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
    late.tick();
    return kept(asked, () => asked.method === "GET" ? answer(asked) : late.around(() => answer(asked)));
  }

  function answer(asked: Asked): Answer {
    return guarded(() => {
      const { pathname } = asked.url;
      const base = baseOf(pathname);
      if (base === undefined) throw notFound(pathname);
      const path = decodeURIComponent(pathname.slice(base.length)).replace(/\/$/, "");
      if (path !== "$batch") return one(asked, path, base);
      const single = (inner: Asked) =>
        guarded(() => {
          if (context.denies?.(inner.method, inner.url.pathname + inner.url.search)) return refuse("forbidden");
          return one(inner, decodeURIComponent(inner.url.pathname.slice(base.length)), base);
        });
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
    if (set === undefined || more.length > 0) throw notFound(`the segment "${first}"`);
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

    if (second === "$count" && row === null && third === undefined) return counted(asked, { set });
    if (second !== undefined && row !== null) {
      const action = /^Microsoft\.NAV\.(\w+)$/.exec(second)?.[1];
      if (action !== undefined && third === undefined) return act(asked, { set, fact, row, action });
      const name = second.replace(/\(.*$/, "");
      const part = Object.hasOwn(fact.navigation ?? {}, name) ? fact.navigation![name] : undefined;
      if (part !== undefined && (third === undefined || third === "$count")) {
        const at = { set: part.set, fact: sets[part.set]!, context: contextOf(name) };
        const rows = part.rows(company, row);
        const partId = keyIn(second, name);
        if (partId !== null) {
          if (!rows.some((one) => one.id === partId) || third !== undefined) throw missing(part.set, partId);
          return onRow(asked, { ...at, row: found(part.set, partId) });
        }
        if (third === "$count") return counted(asked, { set: part.set, rows });
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
      const after = updateRecord(company, set, row, readInput(fact, parseJson(asked.body)));
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
    const body = readBody(sets, fact, parseJson(asked.body));
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

  function counted(asked: Asked, source: Source): Answer {
    onlyReads(asked, source.set);
    const body = String(countRows(company, source, parseQuery(asked.url.search)));
    return { status: 200, headers: { "Content-Type": "text/plain" }, entity: source.set, body };
  }

  function refuse(why: ShellRefusal): Answer {
    const [status, code, message] = shellRefusals[why];
    return failed(status, code, message);
  }

  return {
    name: "business_central",
    handle,
    refuse,
    configure: settings.apply,
    settings: settings.all,
    control: (path, body) =>
      guarded(() => {
        const done = atDesk(desk, path, body.trim() === "" ? null : parseJson(body));
        if (done === undefined) throw notFound(path);
        return { status: 200, body: done };
      }),
    orders: desk,
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
