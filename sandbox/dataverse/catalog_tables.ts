/** What is sold and counted in what: transactioncurrency, uomschedule, uom and product. */
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

const states = { 0: [1], 1: [2] };
const organization = lookup("organizationid", "organizations", { access: "read" });

export const transactioncurrencies: TableSchema = {
  set: "transactioncurrencies",
  logical: "transactioncurrency",
  key: "transactioncurrencyid",
  label: "currencyname",
  ownership: "organization",
  states,
  unique: [["isocurrencycode"]],
  can: { create: true, delete: true, multiple: false },
  columns: {
    ...columns("guid", "transactioncurrencyid", { access: "insert" }),
    ...systemColumns,
    ...organization,
    ...stateColumns(states),
    ...texts({ isocurrencycode: 5 }, { required: true, access: "insert" }),
    ...texts({ currencyname: 100, currencysymbol: 10 }, { required: true }),
    ...columns("integer", "currencyprecision", { required: true, least: 0, most: 4 }),
    ...columns("decimal", "exchangerate", { required: true, scale: 10, least: 0.0000000001, most: 100_000_000_000 }),
    ...choices({ currencytype: [0, 1] }, { access: "insert", required: true }),
    ...columns("guid", "entityimageid", { access: "read" }),
  },
};

export const uomschedules: TableSchema = {
  set: "uomschedules",
  logical: "uomschedule",
  key: "uomscheduleid",
  label: "name",
  ownership: "organization",
  states,
  unique: [["name"]],
  can: { create: true, delete: true, multiple: true },
  columns: {
    ...columns("guid", "uomscheduleid", { access: "insert" }),
    ...systemColumns,
    ...organization,
    ...stateColumns(states),
    ...texts({ name: 200 }, { required: true }),
    ...texts({ description: 2000 }),
    ...texts({ baseuomname: 100 }, { required: true, access: "insert" }),
  },
};

export const uoms: TableSchema = {
  set: "uoms",
  logical: "uom",
  key: "uomid",
  label: "name",
  ownership: "none",
  unique: [["uomscheduleid", "name"]],
  can: { create: true, delete: true, multiple: false },
  columns: {
    ...columns("guid", "uomid", { access: "insert" }),
    ...systemColumns,
    ...columns("guid", "organizationid", { access: "read" }),
    ...texts({ name: 100 }, { required: true }),
    ...columns("decimal", "quantity", { required: true, scale: 2, least: 0, most: 100_000_000_000 }),
    ...lookup("baseuom", "uoms"),
    ...lookup("uomscheduleid", "uomschedules", { required: true, access: "insert" }),
    ...columns("boolean", "isschedulebaseuom", { access: "read" }),
  },
};

/** 0 active, 1 retired, 2 draft, 3 under revision. */
const productStates = { 0: [1], 1: [2], 2: [0], 3: [3] };

export const products: TableSchema = {
  set: "products",
  logical: "product",
  key: "productid",
  label: "name",
  ownership: "organization",
  states: productStates,
  unique: [["productnumber"]],
  can: { create: true, delete: true, multiple: true },
  children: { product_price_levels: { set: "productpricelevels", column: "productid" } },
  columns: {
    ...columns("guid", "productid", { access: "insert" }),
    ...systemColumns,
    ...linkColumn,
    ...currencyColumns,
    ...organization,
    ...stateColumns(productStates),
    ...texts({ name: 100, productnumber: 100 }, { required: true }),
    ...texts({
      description: 2000,
      producturl: 255,
      size: 200,
      suppliername: 100,
      vendorname: 100,
      vendorid: 100,
      vendorpartnumber: 100,
      traversedpath: 1250,
    }),
    ...texts({ hierarchypath: 450 }, { access: "read" }),
    ...choices({ producttypecode: 4 }),
    ...choices({ productstructure: 3 }, { access: "insert" }), // 1 product, 2 family, 3 bundle
    ...columns("boolean", "iskit isstockitem"),
    ...columns("integer", "quantitydecimal", { required: true, least: 0, most: 5 }),
    ...columns("decimal", "quantityonhand stockvolume stockweight", { scale: 2, least: 0, most: 1_000_000_000 }),
    ...columns("date", "validfromdate validtodate"),
    ...columns("integer", "utcconversiontimezonecode timezoneruleversionnumber"),
    ...columns("guid", "processid stageid"),
    ...columns("guid", "entityimageid", { access: "read" }),
    ...money("price currentcost standardcost", { least: 0, most: 1_000_000_000_000, pricing: true }),
    ...lookup("defaultuomscheduleid", "uomschedules", { required: true }),
    ...lookup("defaultuomid", "uoms", { required: true }),
    ...lookup("pricelevelid", "pricelevels", { access: "update" }),
    ...lookup("parentproductid", "products", { access: "insert" }),
  },
};
