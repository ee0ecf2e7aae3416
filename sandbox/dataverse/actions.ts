/**
 * What stands in an address by itself: the function WhoAmI, the user's settings, the action Merge, and the actions FulfillSalesOrder and CancelSalesOrder, by
 * which an order gets its end state, and an orderclose that says so.
 */
import { isObject, type Json } from "../json.ts";
import { parseQuery } from "../odata.ts";
import type { Answer, Asked } from "../service.ts";
import { offsetsIn } from "../time_zone.ts";
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { readInput, type Resolve } from "./input.ts";
import { merge } from "./merge.ts";
import { orderRules } from "./order_rules.ts";
import { ordercloses, salesorders } from "./order_tables.ts";
import { createRow } from "./records.ts";
import { refuse } from "./refusal.ts";
import { stamped } from "./stamped.ts";

const ends: Readonly<Record<string, number>> = { FulfillSalesOrder: 3, CancelSalesOrder: 2 };

/** Answers GET WhoAmI. */
export function whoAmI(crm: Crm, base: string): Answer {
  const body = {
    "@odata.context": `${base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
    BusinessUnitId: crm.businessUnitId,
    UserId: crm.me,
    OrganizationId: crm.organizationId,
  };
  return { status: 200, body, entity: "WhoAmI" };
}

/** Answers GET usersettingscollection(<id>): what follows from the user's zone, of the columns asked for. */
export function userSettings(crm: Crm, { method, url }: Asked, key: string): Answer {
  if (method !== "GET") throw refuse.method(method);
  const { select } = parseQuery(url.search);
  if (key.toLowerCase() !== crm.me) throw refuse.noSuchRow("usersettings", key);
  const offsets = offsetsIn(crm.settings().timeZone, new Date(crm.clock.now()).getUTCFullYear());
  const [standard, daylight] = [offsets[0]!, offsets.at(-1)!];
  const all: Readonly<Record<string, number>> = {
    timezonebias: 0 - standard,
    timezonestandardbias: 0,
    timezonedaylightbias: standard - daylight,
    timezonedaylightmonth: offsets.length > 1 ? 3 : 0,
  };
  const unknown = select?.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) throw refuse.missing(`The column '${unknown}' of 'usersettings'`);
  const shown = Object.fromEntries(Object.entries(all).filter(([name]) => select?.includes(name) ?? true));
  return { status: 200, body: { ...shown, systemuserid: crm.me }, entity: "usersettingscollection", rows: 1 };
}

/** True for the name of an action that stands by itself in an address. */
export function isAction(name: string): boolean {
  return name === "Merge" || Object.hasOwn(ends, name);
}

/** Answers POST <action>: Merge, or with {OrderClose: {"salesorderid@odata.bind": …, subject}, Status}. Throws Refusal. */
export function act(
  crm: Crm,
  { name, body, resolve }: { name: string; body: Readonly<Record<string, Json>>; resolve: Resolve },
): Answer {
  if (name === "Merge") return merge(crm, { body, resolve });
  const { OrderClose: close, Status: status } = body;
  if (!isObject(close)) throw refuse.payload("The parameter 'OrderClose' is missing.");
  if (typeof status !== "number") throw refuse.payload("The parameter 'Status' is missing.");
  crm.tables.transaction(() => {
    const { values } = readInput(ordercloses, close, { when: "insert", resolve });
    const order = crm.rows(salesorders).get(String(values.salesorderid));
    if (order === undefined) throw refuse.argument("The attribute 'salesorderid' of 'orderclose' cannot be empty.");
    end(crm, { order, state: ends[name]!, status });
    createRow(crm, ordercloses, { actualend: crm.stamp(), ...values, statecode: 1, statuscode: 2 });
  });
  return { status: 204, headers: { "OData-Version": "4.0" }, entity: "salesorders", rows: 1 };
}

/** -1 stands for the state's first reason. */
function end(crm: Crm, { order, state, status }: { order: Row; state: number; status: number }): void {
  const reasons = salesorders.states![state]!;
  const reason = status === -1 ? reasons[0]! : status;
  if (!reasons.includes(reason)) throw refuse.wrongStatus("salesorder", reason, state);
  if (order.statecode !== 0 && order.statecode !== 1) {
    throw refuse.wrongState("salesorder", state, `it can't follow state code ${order.statecode}`);
  }
  const row = stamped(crm, { ...order, statecode: state, statuscode: reason });
  crm.rows(salesorders).put(row);
  orderRules.stored!(crm, { before: order, row });
}
