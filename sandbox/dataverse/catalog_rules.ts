/** Currencies, unit groups with their units, and products. */
import { canonicalDecimal } from "../decimal.ts";
import type { Cell } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { refuse } from "./refusal.ts";
import type { TableRules } from "./table_rules.ts";
import { stamped } from "./stamped.ts";

const [ACTIVE, RETIRED, DRAFT, REVISED] = [0, 1, 2, 3];
/** Which states of a product may follow which; a draft is published before it can be retired. */
const next: Readonly<Record<number, readonly number[]>> = {
  [DRAFT]: [ACTIVE],
  [ACTIVE]: [RETIRED, REVISED],
  [RETIRED]: [ACTIVE],
  [REVISED]: [ACTIVE, RETIRED],
};

export const currencyRules: TableRules = {
  prepare(crm, { before, row }) {
    if (before !== undefined && row.id === crm.baseCurrencyId && canonicalDecimal(String(row.exchangerate)) !== "1") {
      throw refuse.argument("The exchange rate of the base currency is always 1.");
    }
  },
};

/** A unit group comes with its base unit; nobody chooses that row's id. */
export const groupRules: TableRules = {
  stored(crm, { before, row }) {
    if (before !== undefined) return;
    const unit = { name: row.baseuomname!, quantity: "1.00", uomscheduleid: row.id, isschedulebaseuom: true };
    const at = { createdon: crm.stamp(), createdby: crm.me };
    const base = { ...at, ...unit, id: crm.clock.uuid(), organizationid: crm.organizationId };
    crm.tables.table("uoms").put(stamped(crm, base));
  },
};

export const unitRules: TableRules = {
  prepare(crm, { before, row }) {
    if (row.isschedulebaseuom !== true) {
      row.baseuom ??= baseUnitOf(crm, row);
    } else if (canonicalDecimal(String(row.quantity)) !== "1" || row.baseuom != null) {
      throw refuse.argument("The quantity of a group's base unit is always 1, and it has no base unit itself.");
    }
    const base = crm.tables.table("uoms").get(String(row.baseuom));
    if (base !== undefined && base.uomscheduleid !== row.uomscheduleid) {
      throw refuse.argument("The base unit does not belong to the schedule.");
    }
    if (before === undefined && canonicalDecimal(String(row.quantity ?? "1")) === "0") {
      throw refuse.argument("The quantity of a unit can't be 0.");
    }
  },
  removing(_crm, row) {
    if (row.isschedulebaseuom === true) throw refuse.argument("The base unit of a schedule cannot be deleted.");
  },
};

export const productRules: TableRules = {
  prepare(crm, { before, row }) {
    if (before !== undefined && row.defaultuomscheduleid !== before.defaultuomscheduleid) {
      throw refuse.argument("The unit group of a product can't be changed.");
    }
    if (before !== undefined && row.statecode !== before.statecode) {
      const [from, to] = [Number(before.statecode), Number(row.statecode)];
      if (!next[from]!.includes(to) || (from === RETIRED && row.parentproductid != null)) {
        const remedy = from === DRAFT
          ? "publish the draft by state code 0 first"
          : `it can't follow state code ${from}`;
        throw refuse.wrongState("product", to, remedy);
      }
    }
    const unit = crm.tables.table("uoms").get(String(row.defaultuomid));
    if (unit?.uomscheduleid !== row.defaultuomscheduleid) {
      throw refuse.argument("The default unit of the product doesn't belong to its unit group.");
    }
  },
};

function baseUnitOf(crm: Crm, unit: Values): Cell {
  const group = crm.tables.table("uoms").where("uomscheduleid", unit.uomscheduleid ?? null);
  return group.find((row) => row.isschedulebaseuom === true)?.id ?? null;
}
