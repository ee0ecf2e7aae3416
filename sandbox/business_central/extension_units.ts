/**
 * Resources, units of items and resources, and the group that the units of one of them form. A group and its base unit
 * come into being with the item or resource, and go with it.
 */
import { derivedId } from "../derived_id.ts";
import { compareDecimals } from "../decimal.ts";
import type { Row } from "../tables.ts";
import { blankRow, keyOf, wholeRow } from "./company.ts";
import {
  byKey,
  choice,
  code,
  type Company,
  decimal,
  EXTENSION_ROUTE,
  type FieldFact,
  flag,
  guid,
  listOnly,
  readOnly,
  set,
  type SetFact,
  type SetRules,
  shown,
  text,
  type Values,
  zeroGuid,
} from "./facts.ts";
import { fixed, refuseTwin } from "./extension_rules.ts";
import { ruleBroken } from "./refusal.ts";
import { put, removeRow } from "./write.ts";

/** What has units. */
export type Kept = "Item" | "Resource";
const kinds = {
  Item: { owners: "items", units: "itemUnitsOfMeasure", column: "itemId" },
  Resource: { owners: "resources", units: "resourceUnitsOfMeasure", column: "resourceId" },
} as const;

const id = readOnly(guid);
const modified = readOnly({ kind: "datetime" });
const route = EXTENSION_ROUTE;

/** The unit in which an item or resource is kept and priced: its code, blank where it has none. */
export function baseUnitOf(company: Company, kind: Kept, id: string): string {
  const owner = company.tables.table(kinds[kind].owners).get(id);
  return keyOf(company, "unitsOfMeasure", String(owner?.["baseUnitOfMeasureId"] ?? zeroGuid));
}

/** The id of a unit that comes from a file, or comes into being by itself: it follows from what it is a unit of. */
export function unitRowId(units: string, row: Readonly<Values>): string {
  return derivedId(units, `${row["itemId"] ?? row["resourceId"]} ${row["unitId"]}`);
}

/** Rules of a set whose records have units. */
export function keepsUnits(kind: Kept): SetRules {
  const { units, column } = kinds[kind];
  return {
    stored(company, row) {
      const groupId = derivedId("unitGroups", row.id);
      const at = String(row["lastModifiedDateTime"]);
      if (company.tables.table("unitGroups").get(groupId) === undefined) {
        put(company, "unitGroups", {
          ...blankRow(company, "unitGroups", groupId, at),
          sourceType: kind,
          sourceId: row.id,
        });
      }
      const unitId = String(row["baseUnitOfMeasureId"] ?? zeroGuid);
      const known = company.tables.table(units).where(column, row.id).some((unit) => unit["unitId"] === unitId);
      if (unitId === zeroGuid || known) return;
      const made = blankRow(company, units, unitRowId(units, { [column]: row.id, unitId }), at);
      put(company, units, { ...made, [column]: row.id, unitId, quantityPerUnitOfMeasure: "1" });
    },
    remove(company, row) {
      const group = company.tables.table("unitGroups").get(derivedId("unitGroups", row.id));
      if (group !== undefined) removeRow(company, "unitGroups", group);
      for (const unit of company.tables.table(units).where(column, row.id)) removeRow(company, units, unit);
    },
  };
}

/** Units of items or of resources. */
function unitSet(entity: string, kind: Kept, fields: Readonly<Record<string, FieldFact>>): SetFact {
  const { units, column } = kinds[kind];
  const check = (company: Company, row: Values) => {
    if (row[column] === zeroGuid || row["unitId"] === zeroGuid) {
      throw ruleBroken(`A unit of ${kind.toLowerCase()} needs what it belongs to and a code.`);
    }
    const quantity = String(row["quantityPerUnitOfMeasure"]);
    if (compareDecimals(quantity, "0") <= 0) throw ruleBroken("Qty. per Unit of Measure must be above 0.");
    if (isBase(company, kind, row) && compareDecimals(quantity, "1") !== 0) {
      throw ruleBroken("Qty. per Unit of Measure of the base unit must be 1.");
    }
  };
  return set(entity, {
    id,
    ...fields,
    code: byKey("unitsOfMeasure", "unitId", 10),
    quantityPerUnitOfMeasure: decimal,
    baseUnitOfMeasureCode: {
      ...shown(code(10)),
      value: (company, row) => baseUnitOf(company, kind, String(row[column] ?? zeroGuid)),
    },
    lastModifiedDateTime: modified,
  }, {
    key: null,
    series: false,
    route,
    rules: {
      insert(company, row, input) {
        if (!input.has("quantityPerUnitOfMeasure")) row["quantityPerUnitOfMeasure"] = "1";
        check(company, row);
        refuseTwin(company, units, row, [column, "unitId"]);
      },
      update(company, before, values, input) {
        fixed(column, "unitId").update!(company, before, values, input);
        check(company, { ...before, ...values });
      },
    },
  });
}

function isBase(company: Company, kind: Kept, unit: Readonly<Values>): boolean {
  const { owners, column } = kinds[kind];
  return company.tables.table(owners).get(String(unit[column]))?.["baseUnitOfMeasureId"] === unit["unitId"];
}

/** The code of what a group belongs to. */
function sourceNumber(company: Company, row: Row): string {
  const kind = String(row["sourceType"] ?? "Item") as Kept;
  return String(company.tables.table(kinds[kind].owners).get(String(row["sourceId"]))?.["number"] ?? "");
}

const resourceUnits = keepsUnits("Resource");

export const unitSets: Readonly<Record<string, SetFact>> = {
  resources: set("resource", {
    id,
    number: code(20),
    name: text(100),
    name2: text(50),
    type: choice("Person", "Machine"),
    jobTitle: text(30),
    baseUnitOfMeasureCode: byKey("unitsOfMeasure", "baseUnitOfMeasureId", 10),
    directUnitCost: decimal,
    unitCost: decimal,
    unitPrice: decimal,
    capacity: readOnly(decimal),
    vendorNumber: code(20),
    resourceGroupNumber: code(20),
    generalProductPostingGroupCode: code(20),
    blocked: flag,
    lastModifiedDateTime: modified,
  }, { series: false, route, rules: { ...resourceUnits, ...fixed("number") } }),
  unitGroups: set("unitGroup", {
    id,
    sourceType: readOnly(choice("Item", "Resource")),
    sourceId: readOnly(guid),
    sourceNumber: { ...shown(code(20)), value: sourceNumber },
    name: {
      ...shown(text(50)),
      value: (company, row) => {
        const type = String(row["sourceType"] ?? "Item").toUpperCase();
        return `${type} ${sourceNumber(company, row)} UOM GR`;
      },
    },
    baseUnitOfMeasureCode: {
      ...shown(code(10)),
      value: (company, row) => {
        const whole = wholeRow(company, "unitGroups", row);
        return baseUnitOf(company, whole["sourceType"] as Kept, String(whole["sourceId"]));
      },
    },
    lastModifiedDateTime: modified,
  }, { ...listOnly, route }),
  itemUnitsOfMeasure: unitSet("itemUnitOfMeasure", "Item", { itemNumber: byKey("items", "itemId", 20) }),
  resourceUnitsOfMeasure: unitSet("resourceUnitOfMeasure", "Resource", {
    resourceNumber: byKey("resources", "resourceId", 20),
    relatedToBaseUnitOfMeasure: flag,
  }),
};
