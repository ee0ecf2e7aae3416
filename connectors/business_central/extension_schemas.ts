/**
 * Rows of the pages that only the extension has, as schemas.ts describes rows. Fields of the pages come from the
 * extension's own description; the others are made here.
 */
import { z } from "zod";
import { pages } from "../../extension/pages.ts";
import { choice, filledKey, flag, id, key, name, ref } from "../fields.ts";
import { fromPage } from "./extension_fields.ts";

const asset = key(["items", "resources"]);
/** A unit of an item or a resource: "Item 1896-S PCS". */
const unitKey = key(["itemUnitsOfMeasure", "resourceUnitsOfMeasure"]);
const needed = { required: true } as const;

/** A person or machine whose time is sold; its price is in the local currency. */
export const resource = z.object({
  id: id(),
  ...fromPage(pages.resources, [
    ...["number", "name", "type", "jobTitle", "baseUnitOfMeasureCode", "unitPrice", "unitCost", "capacity"] as const,
    ...["vendorNumber", "blocked"] as const,
  ], {
    name: { blank: "The resource has no name; give it one on its card" },
    baseUnitOfMeasureCode: { blank: "The resource has no base unit of measure; choose one on its card" },
  }),
  currencyCode: key("currencies"),
  companyId: ref("companyInformation"),
  /** What documents call the resource: "Resource LINA". It points at itself, as an item's does. */
  lineObject: key("resources"),
  unitGroupCode: key("unitGroups"),
  baseUnit: unitKey,
});

/** A group of customers with prices of its own. */
export const priceGroup = z.object({
  id: id(),
  ...fromPage(pages.customerPriceGroups, [
    ...["code", "description", "priceIncludesTax", "allowInvoiceDiscount", "allowLineDiscount"] as const,
    "currencyCode",
  ], {
    description: { blank: "The price group has no description; give it one on the Customer Price Groups page" },
    currencyCode: {
      elsewhere: true,
      blank: "The group has prices in several currencies, a price list of the CRM has one; keep a group for each",
    },
  }),
});

/**
 * Why the CRM can't hold a price: a price list item there is the one price of a product in a unit, without dates,
 * variants and quantities.
 */
const unfit = choice([
  ...["minimum quantity", "discount only", "variant", "not an item or resource", "other currency"] as const,
  ...["not active", "expired", "not yet valid"] as const,
]);

/** A sales price of the first pricing model. */
export const salesPrice = z.object({
  /** All that tells it apart from the others. */
  line: name(100, { match: "code", required: false }),
  ...fromPage(pages.salesPrices, [
    ...[
      "itemNumber",
      "salesType",
      "salesCode",
      "currencyCode",
      "variantCode",
      "unitOfMeasureCode",
      "unitCode",
    ] as const,
    ...["minimumQuantity", "startingDate", "endingDate", "unitPrice", "priceIncludesTax"] as const,
  ], { unitPrice: { ...needed, blank: "There is no price" } }),
  priceGroupCode: key("customerPriceGroups"),
  lineObject: asset,
  unit: unitKey,
  unfit,
});

/** A price list. */
export const priceListHeader = z.object({
  id: id(),
  ...fromPage(pages.priceListHeaders, [
    ...["code", "description", "priceType", "amountType", "sourceType", "sourceNumber", "currencyCode"] as const,
    ...["startingDate", "endingDate", "priceIncludesTax", "status"] as const,
  ], { description: { blank: "The price list has no description; give it one on its page" } }),
});

/** A price or a discount of a price list. */
export const priceListLine = z.object({
  /** List and number: "S00001 10000". */
  line: name(32, { match: "code", required: false }),
  ...fromPage(pages.priceListLines, [
    ...["priceListCode", "lineNumber", "priceType", "sourceType", "sourceNumber", "assetType", "assetNumber"] as const,
    ...["description", "variantCode", "unitOfMeasureCode", "unitCode", "minimumQuantity", "currencyCode"] as const,
    ...["listCurrencyCode", "amountType", "unitPrice", "lineDiscountPercent", "startingDate", "endingDate"] as const,
    "status",
  ], {
    unitCode: { blank: "Neither the line nor what it prices has a unit of measure; choose one" },
    unitPrice: { blank: "There is no price" },
  }),
  lineObject: asset,
  unit: unitKey,
  unfit,
});

/** The units of one item or resource. */
export const unitGroup = z.object({
  /** What it belongs to, as documents call that: "Item 1896-S". */
  code: name(31, { match: "code", required: false }),
  /** Kind, number and a suffix, as Microsoft's own connector calls the group. */
  name: name(50, { match: "exact" }),
  ...fromPage(pages.unitGroups, ["sourceType", "sourceNumber", "baseUnitOfMeasureCode"], {
    baseUnitOfMeasureCode: {
      elsewhere: true,
      blank: "What the group belongs to has no base unit of measure; choose one on its card",
    },
  }),
  baseUnit: unitKey,
});

/** A unit that an item is counted in. */
export const itemUnit = z.object({
  /** Item and unit: "Item 1896-S PCS". */
  unit: name(42, { match: "code", required: false }),
  ...fromPage(pages.itemUnitsOfMeasure, ["itemNumber", "quantityPerUnitOfMeasure"], {
    quantityPerUnitOfMeasure: { blank: "The unit has no quantity; enter how many base units it is" },
  }),
  code: filledKey("unitsOfMeasure"),
  unitGroupCode: filledKey("unitGroups"),
  isBaseUnit: flag(),
});

/** A unit that a resource's time is counted in. */
export const resourceUnit = z.object({
  /** Resource and unit: "Resource LINA HOUR". */
  unit: name(42, { match: "code", required: false }),
  ...fromPage(pages.resourceUnitsOfMeasure, ["resourceNumber", "quantityPerUnitOfMeasure"], {
    quantityPerUnitOfMeasure: { blank: "The unit has no quantity; enter how many base units it is" },
  }),
  code: filledKey("unitsOfMeasure"),
  unitGroupCode: filledKey("unitGroups"),
  isBaseUnit: flag(),
});

/** A carrier. */
export const shippingAgent = z.object({
  ...fromPage(pages.shippingAgents, ["code", "name", "internetAddress", "accountNumber"], {
    name: { blank: "The shipping agent has no name; give it one on the Shipping Agents page" },
  }),
});

/** The schema of each handle of the extension, by its name. */
export const extensionSchemas = {
  resources: resource,
  customerPriceGroups: priceGroup,
  salesPrices: salesPrice,
  priceListHeaders: priceListHeader,
  priceListLines: priceListLine,
  unitGroups: unitGroup,
  itemUnitsOfMeasure: itemUnit,
  resourceUnitsOfMeasure: resourceUnit,
  shippingAgents: shippingAgent,
} as const satisfies Readonly<Record<string, z.ZodObject>>;
