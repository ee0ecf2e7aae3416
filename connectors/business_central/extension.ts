/** The handles of the pages that only the extension has: data only. */
import type { z } from "zod";
import { entity } from "../connector.ts";
import { fieldsOf } from "../fields.ts";
import {
  itemUnit,
  priceGroup,
  priceListHeader,
  priceListLine,
  resource,
  resourceUnit,
  salesPrice,
  shippingAgent,
  unitGroup,
} from "./extension_schemas.ts";

export interface Resource extends z.infer<typeof resource> {}
export interface PriceGroup extends z.infer<typeof priceGroup> {}
export interface SalesPrice extends z.infer<typeof salesPrice> {}
export interface PriceListHeader extends z.infer<typeof priceListHeader> {}
export interface PriceListLine extends z.infer<typeof priceListLine> {}
export interface UnitGroup extends z.infer<typeof unitGroup> {}
export interface ItemUnit extends z.infer<typeof itemUnit> {}
export interface ResourceUnit extends z.infer<typeof resourceUnit> {}
export interface ShippingAgent extends z.infer<typeof shippingAgent> {}

const create = "create";
const never = "never";
const needs = "extension";
const currencyCode = { entity: "currencies", by: "key" } as const;
const unitCode = { entity: "unitsOfMeasure", by: "key" } as const;
/** An item, or a resource, which carries the same field. */
const lineObject = { entity: "items", by: "lineObject" } as const;
/** A unit of an item, or of a resource, which has the same key. */
const unit = { entity: "itemUnitsOfMeasure", by: "key" } as const;
const unitGroupCode = { entity: "unitGroups", by: "key" } as const;

export const extension = {
  /** Resources, in documents what items are. */
  resources: entity<Resource>()({
    name: "resources",
    key: "number",
    label: "name",
    fields: fieldsOf(resource),
    creation: "none",
    initial: { blocked: false },
    needs,
    refs: {
      baseUnitOfMeasureCode: unitCode,
      currencyCode,
      companyId: { entity: "companyInformation", by: "id" },
      lineObject: { entity: "resources", by: "lineObject" },
      unitGroupCode,
      baseUnit: unit,
    },
    carries: ["lineObject"],
    access: {
      id: never,
      number: create,
      capacity: never,
      currencyCode: never,
      companyId: never,
      lineObject: never,
      unitGroupCode: never,
      baseUnit: never,
    },
    inactive: { blocked: true },
  }),
  priceGroups: entity<PriceGroup>()({
    name: "customerPriceGroups",
    key: "code",
    label: "description",
    fields: fieldsOf(priceGroup),
    creation: "natural key",
    needs,
    refs: { currencyCode },
    access: { id: never, code: create, currencyCode: never },
  }),
  /** Prices of the first pricing model. What tells a price apart is written on creation only. */
  salesPrices: entity<SalesPrice>()({
    name: "salesPrices",
    key: "line",
    label: "itemNumber",
    fields: fieldsOf(salesPrice),
    creation: "none",
    needs,
    refs: {
      itemNumber: { entity: "items", by: "key" },
      priceGroupCode: { entity: "customerPriceGroups", by: "key" },
      currencyCode,
      unitOfMeasureCode: unitCode,
      unitCode,
      lineObject,
      unit,
    },
    access: {
      line: never,
      itemNumber: create,
      salesType: create,
      salesCode: create,
      currencyCode: create,
      variantCode: create,
      unitOfMeasureCode: create,
      unitCode: never,
      minimumQuantity: create,
      startingDate: create,
      priceGroupCode: never,
      lineObject: never,
      unit: never,
      unfit: never,
    },
    deletable: true,
  }),
  priceLists: entity<PriceListHeader>()({
    name: "priceListHeaders",
    key: "code",
    label: "description",
    fields: fieldsOf(priceListHeader),
    creation: "natural key",
    initial: { status: "Draft" },
    needs,
    refs: { currencyCode },
    access: { id: never, code: create, priceType: create },
  }),
  /** Lines of price lists: a table of their own, since a list can have a hundred thousand. */
  priceListLines: entity<PriceListLine>()({
    name: "priceListLines",
    key: "line",
    label: "line",
    fields: fieldsOf(priceListLine),
    creation: "none",
    needs,
    refs: {
      priceListCode: { entity: "priceListHeaders", by: "key" },
      unitOfMeasureCode: unitCode,
      unitCode,
      currencyCode,
      listCurrencyCode: currencyCode,
      lineObject,
      unit,
    },
    access: {
      line: never,
      priceListCode: create,
      lineNumber: never,
      priceType: never,
      description: never,
      unitCode: never,
      listCurrencyCode: never,
      status: never,
      lineObject: never,
      unit: never,
      unfit: never,
    },
    deletable: true,
  }),
  /** One for each item and resource; they come into being with those. */
  unitGroups: entity<UnitGroup>()({
    name: "unitGroups",
    key: "code",
    label: "name",
    fields: fieldsOf(unitGroup),
    creation: "none",
    needs,
    refs: { baseUnitOfMeasureCode: unitCode, baseUnit: unit },
    access: {
      code: never,
      sourceType: never,
      sourceNumber: never,
      name: never,
      baseUnitOfMeasureCode: never,
      baseUnit: never,
    },
  }),
  itemUnits: entity<ItemUnit>()({
    name: "itemUnitsOfMeasure",
    key: "unit",
    label: "unit",
    fields: fieldsOf(itemUnit),
    creation: "none",
    needs,
    refs: { itemNumber: { entity: "items", by: "key" }, code: unitCode, unitGroupCode },
    access: { unit: never, itemNumber: create, code: create, unitGroupCode: never, isBaseUnit: never },
  }),
  resourceUnits: entity<ResourceUnit>()({
    name: "resourceUnitsOfMeasure",
    key: "unit",
    label: "unit",
    fields: fieldsOf(resourceUnit),
    creation: "none",
    needs,
    refs: { resourceNumber: { entity: "resources", by: "key" }, code: unitCode, unitGroupCode },
    access: { unit: never, resourceNumber: create, code: create, unitGroupCode: never, isBaseUnit: never },
  }),
  shippingAgents: entity<ShippingAgent>()({
    name: "shippingAgents",
    key: "code",
    label: "name",
    fields: fieldsOf(shippingAgent),
    creation: "natural key",
    needs,
    access: { code: create },
  }),
};
