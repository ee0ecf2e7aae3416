/** Prices: both models that Business Central has had. */
import {
  choice,
  code,
  codeOf,
  currency,
  date,
  decimal,
  flag,
  id,
  identifier,
  integer,
  modified,
  type Page,
  text,
} from "./page.ts";

const create = { edit: "create" } as const;
const never = { edit: "never" } as const;
const sourceTypes = [
  ...["All", "All Customers", "Customer", "Customer Price Group", "Customer Disc. Group"] as const,
  ...["All Vendors", "Vendor", "All Jobs", "Job", "Job Task", "Campaign", "Contact"] as const,
] as const;
const assetTypes = [
  ...[" ", "Item", "Item Discount Group", "Resource", "Resource Group", "Service Cost", "G/L Account"] as const,
] as const;
const priceTypes = ["Any", "Sale", "Purchase"] as const;
const pricing = { Pricing: 'Codeunit "Tenging Pricing"' } as const;
const amountTypes = ["Any", "Price", "Discount"] as const;
const statuses = ["Draft", "Active", "Inactive"] as const;

export const customerPriceGroups = {
  object: 50141,
  name: "Tenging Customer Price Groups",
  purpose: "Groups of customers with prices of their own.",
  table: "Customer Price Group",
  entity: "customerPriceGroup",
  set: "customerPriceGroups",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    code: identifier("Code", 10),
    description: text("Description", 100),
    priceIncludesTax: flag("Price Includes VAT"),
    allowInvoiceDiscount: flag("Allow Invoice Disc."),
    allowLineDiscount: flag("Allow Line Disc."),
    /** That of the group's sales prices; blank where they are in several, the local one where there are none. */
    currencyCode: codeOf("currencies", "CurrencyCode", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ["CurrencyCode := Pricing.CurrencyOfGroup(Rec.Code);"] },
    }),
    lastModifiedDateTime: modified,
  },
  variables: pricing,
} as const satisfies Page;

export const salesPrices = {
  object: 50142,
  name: "Tenging Sales Prices",
  purpose: "Sales prices of the first pricing model, for companies that have not moved to price lists.",
  table: "Sales Price",
  symbol: "SALES_PRICES",
  entity: "salesPrice",
  set: "salesPrices",
  insert: true,
  modify: true,
  remove: true,
  fields: {
    id: id("never"),
    itemNumber: codeOf("items", "Item No.", 20, { edit: "create", filled: true }),
    salesType: choice("Sales Type", ["Customer", "Customer Price Group", "All Customers", "Campaign"], create),
    salesCode: code("Sales Code", 20, create),
    startingDate: date("Starting Date", create),
    currencyCode: { ...currency, edit: "create" },
    variantCode: code("Variant Code", 10, create),
    unitOfMeasureCode: codeOf("unitsOfMeasure", "Unit of Measure Code", 10, create),
    unitCode: codeOf("unitsOfMeasure", "UnitCode", 10, {
      edit: "never",
      computed: {
        type: "Code[10]",
        get: ['UnitCode := Pricing.UnitOfItem(Rec."Item No.", Rec."Unit of Measure Code");'],
      },
    }),
    minimumQuantity: decimal("Minimum Quantity", create),
    endingDate: date("Ending Date"),
    unitPrice: decimal("Unit Price"),
    priceIncludesTax: flag("Price Includes VAT"),
    allowInvoiceDiscount: flag("Allow Invoice Disc."),
    allowLineDiscount: flag("Allow Line Disc."),
    lastModifiedDateTime: modified,
  },
  variables: pricing,
} as const satisfies Page;

export const priceListHeaders = {
  object: 50143,
  name: "Tenging Price List Headers",
  purpose: "Price lists: for whom, in which currency, from when to when, and whether they are active.",
  table: "Price List Header",
  entity: "priceListHeader",
  set: "priceListHeaders",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    code: identifier("Code", 20),
    description: text("Description", 250),
    priceType: choice("Price Type", priceTypes, create),
    amountType: choice("Amount Type", amountTypes),
    sourceType: choice("Source Type", sourceTypes),
    sourceNumber: code("Source No.", 20),
    currencyCode: currency,
    startingDate: date("Starting Date"),
    endingDate: date("Ending Date"),
    priceIncludesTax: flag("Price Includes VAT"),
    allowInvoiceDiscount: flag("Allow Invoice Disc."),
    allowLineDiscount: flag("Allow Line Disc."),
    allowUpdatingDefaults: flag("Allow Updating Defaults"),
    status: choice("Status", statuses),
    lastModifiedDateTime: modified,
  },
} as const satisfies Page;

export const priceListLines = {
  object: 50144,
  name: "Tenging Price List Lines",
  purpose: "Prices and discounts of price lists.",
  table: "Price List Line",
  entity: "priceListLine",
  set: "priceListLines",
  insert: true,
  modify: true,
  remove: true,
  fields: {
    id: id("never"),
    priceListCode: codeOf("priceListHeaders", "Price List Code", 20, { edit: "create", filled: true }),
    lineNumber: integer("Line No.", { edit: "never", filled: true }),
    priceType: choice("Price Type", priceTypes, never),
    /** The currency of the whole list. */
    listCurrencyCode: codeOf("currencies", "ListCurrencyCode", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ['ListCurrencyCode := Pricing.CurrencyOfList(Rec."Price List Code");'] },
    }),
    sourceType: choice("Source Type", sourceTypes),
    sourceNumber: code("Source No.", 20),
    assetType: choice("Asset Type", assetTypes),
    assetNumber: code("Asset No.", 20),
    description: text("Description", 100, never),
    variantCode: code("Variant Code", 10),
    unitOfMeasureCode: codeOf("unitsOfMeasure", "Unit of Measure Code", 10),
    /** The unit that is priced: the base unit where the line names none. */
    unitCode: codeOf("unitsOfMeasure", "UnitCode", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ["UnitCode := Pricing.UnitOfLine(Rec);"] },
    }),
    minimumQuantity: decimal("Minimum Quantity"),
    currencyCode: currency,
    amountType: choice("Amount Type", amountTypes),
    unitPrice: decimal("Unit Price"),
    lineDiscountPercent: decimal("Line Discount %"),
    startingDate: date("Starting Date"),
    endingDate: date("Ending Date"),
    status: choice("Status", statuses, never),
    lastModifiedDateTime: modified,
  },
  variables: pricing,
} as const satisfies Page;
