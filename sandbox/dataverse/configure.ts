/** Settings of the imitation that an administrator, or time, would change. */
import type { Crm } from "./crm.ts";
import { schemaOf } from "./tables.ts";

/**
 * Applies {changeTracking: {accounts: false}}, {alternateKeys: {accounts: [["accountnumber"]]}},
 * {expireDeltaTokens: true}, {priceCalculation: false}, {timeZone: "Europe/Paris"} and
 * {dateOnly: {salesorders: ["requestdeliveryby"]}}. Throws TypeError on anything else; then nothing is applied.
 */
export function configure(crm: Crm, settings: Readonly<Record<string, unknown>>): void {
  let next = crm.settings();
  for (const [name, value] of Object.entries(settings)) {
    if (name === "changeTracking") {
      const flags = perSet(name, value, (flag): flag is boolean => typeof flag === "boolean");
      next = { ...next, changeTracking: { ...next.changeTracking, ...flags } };
    } else if (name === "alternateKeys") {
      const keys = perSet(name, value, isKeyList);
      next = { ...next, alternateKeys: { ...next.alternateKeys, ...keys } };
    } else if (name === "expireDeltaTokens" && value === true) {
      next = { ...next, deltaTokensFrom: crm.nextVersion() };
    } else if (name === "priceCalculation" && typeof value === "boolean") {
      next = { ...next, priceCalculation: value };
    } else if (name === "timeZone" && typeof value === "string" && isTimeZone(value)) {
      next = { ...next, timeZone: value };
    } else if (name === "dateOnly") {
      const days = perSet(name, value, (one, set): one is string[] => {
        return Array.isArray(one) && one.every((column) => schemaOf(set)!.columns[column]?.format === "day");
      });
      next = { ...next, dateOnly: { ...next.dateOnly, ...days } };
    } else {
      throw new TypeError(
        `Cannot apply "${name}": it isn't known, or not with this value; ` +
          `use "changeTracking", "alternateKeys", "expireDeltaTokens": true, "priceCalculation", "timeZone" or "dateOnly"`,
      );
    }
  }
  crm.set(next);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function isKeyList(value: unknown): value is string[][] {
  return Array.isArray(value) &&
    value.every((key) => Array.isArray(key) && key.length > 0 && key.every((name) => typeof name === "string"));
}

function perSet<T>(name: string, value: unknown, accepts: (one: unknown, set: string) => one is T): Record<string, T> {
  const found: Record<string, T> = {};
  for (const [set, one] of Object.entries(typeof value === "object" && value !== null ? value : { "": value })) {
    if (schemaOf(set) === undefined || !accepts(one, set)) {
      throw new TypeError(`Cannot apply "${name}": "${set}" isn't an entity set with a fitting value; correct it`);
    }
    found[set] = one;
  }
  return found;
}
