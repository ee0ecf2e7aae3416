/**
 * CreateMultiple: many new rows of one table in one message, all or none (Microsoft, "Use bulk operation messages"). The
 * service takes less time for it than for as many requests of a batch, and answers with nothing but ids.
 */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Opened, Write } from "../connector.ts";
import { problemOf } from "../odata.ts";
import type { Context } from "./context.ts";
import { plainDaysOf, tableOf, valuesOf } from "./rows.ts";
import { idOf } from "./write.ts";

type Made = Awaited<ReturnType<NonNullable<Opened["createMany"]>>>;

/** Codes: the table does not have the message; there is no row that a lookup is to point at. */
const notSupported = "0x80040800", noSuchRow = "0x80040217";

/** {@link Opened.createMany} of a handle whose table has the message; an environment that lacks it is asked once. */
export function bulkOf(context: Context, entity: AnyEntity): Pick<Opened, "createMany"> {
  if (!tableOf(entity).bulk) return {};
  let isThere = true;
  return {
    async createMany(writes) {
      if (!isThere) return "refused";
      const answer = await createMultiple(context, entity, writes);
      if (answer === "not there") isThere = false;
      return answer === "not there" ? "refused" : answer;
    },
  };
}

async function createMultiple(
  context: Context,
  entity: AnyEntity,
  writes: readonly Write[],
): Promise<Made | "not there"> {
  const { logical, id: key } = tableOf(entity);
  const plainDays = await plainDaysOf(context, writes.map(({ fields }) => ({ entity, fields })), undefined);
  const Targets = writes.map((write) => ({
    "@odata.type": `Microsoft.Dynamics.CRM.${logical}`,
    [key]: idOf(entity, write),
    ...valuesOf(entity, write, { ...context, plainDays }),
  }));
  try {
    const { status, json } = await context.http.request({
      method: "POST",
      path: `${entity.name}/Microsoft.Dynamics.CRM.CreateMultiple`,
      headers: { "Content-Type": "application/json; charset=utf-8" },
      body: JSON.stringify({ Targets }),
      retry: "no",
      units: writes.length,
    });
    if (status < 300) return "made";
    const { code } = problemOf(json);
    const isThere = status === 404 ? code === noSuchRow : status !== 405 && code !== notSupported;
    return isThere ? "refused" : "not there";
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "forbidden") return "refused";
    if (error.code !== "outcome_unknown") throw error;
    return error.cause instanceof ServiceError && error.cause.status === 501 ? "not there" : "unknown";
  }
}
