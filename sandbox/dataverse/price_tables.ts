/** What is asked for it: pricelevel (a price list) and productpricelevel (a line of it). */
import {
  choices,
  columns,
  currencyColumns,
  linkColumn,
  lookup,
  money,
  stateColumns,
  systemColumns,
  type TableSchema,
  texts,
} from "./schema.ts";

const states = { 0: [100001], 1: [100002] };

export const pricelevels: TableSchema = {
  set: "pricelevels",
  logical: "pricelevel",
  key: "pricelevelid",
  label: "name",
  ownership: "organization",
  states,
  can: { create: true, delete: true, multiple: true },
  children: { price_level_product_price_levels: { set: "productpricelevels", column: "pricelevelid" } },
  columns: {
    ...columns("guid", "pricelevelid", { access: "insert" }),
    ...systemColumns,
    ...linkColumn,
    ...currencyColumns,
    ...lookup("transactioncurrencyid", "transactioncurrencies", { access: "insert" }),
    ...lookup("organizationid", "organizations", { access: "read" }),
    ...stateColumns(states),
    ...texts({ name: 100 }, { required: true }),
    ...texts({ description: 2000 }),
    ...columns("datetime", "begindate enddate", { format: "day" }),
    ...choices({ shippingmethodcode: 1, paymentmethodcode: 1, freighttermscode: 1 }),
    ...columns("integer", "utcconversiontimezonecode timezoneruleversionnumber"),
  },
};

export const productpricelevels: TableSchema = {
  set: "productpricelevels",
  logical: "productpricelevel",
  key: "productpricelevelid",
  label: "productidname",
  ownership: "none",
  unique: [["productid", "pricelevelid", "uomid"]],
  can: { create: true, delete: true, multiple: false },
  columns: {
    ...columns("guid", "productpricelevelid", { access: "insert" }),
    ...systemColumns,
    ...currencyColumns,
    // It is the list's; a client may name it afterwards, but no other.
    ...lookup("transactioncurrencyid", "transactioncurrencies", { access: "update" }),
    ...columns("guid", "organizationid", { access: "read" }),
    ...lookup("pricelevelid", "pricelevels", { required: true, access: "insert" }),
    ...lookup("productid", "products", { required: true }),
    ...lookup("uomid", "uoms", { required: true }),
    ...lookup("uomscheduleid", "uomschedules"),
    ...texts({ productnumber: 100 }, { access: "read" }),
    ...texts({ traversedpath: 250 }),
    ...choices({ pricingmethodcode: 6, quantitysellingcode: 3, roundingpolicycode: 4, roundingoptioncode: 2 }),
    ...money("amount roundingoptionamount", { least: 0, most: 1_000_000_000_000, pricing: true }),
    ...columns("decimal", "percentage", { scale: 5, least: 0, most: 100_000 }),
    ...columns("guid", "processid stageid"),
  },
};
