/** What was sold: salesorder with its salesorderdetails, and the orderclose that fulfilling or canceling leaves. */
import {
  choices,
  type Columns,
  columns,
  currencyColumns,
  lookup,
  money,
  ownedColumns,
  stateColumns,
  systemColumns,
  type TableSchema,
  texts,
} from "./schema.ts";

/** 0 active, 1 submitted, 2 canceled, 3 fulfilled, 4 invoiced. */
const orderStates = { 0: [1, 2], 1: [3], 2: [4], 3: [100001, 100002], 4: [100003] };
/** 0 open, 1 completed, 2 canceled. */
const closeStates = { 0: [1], 1: [2], 2: [3] };
const errors = Array.from({ length: 38 }, (_, code) => code);
const most = { least: -1_000_000_000_000, most: 1_000_000_000_000 };

function address(kind: "shipto" | "billto"): Columns {
  const at = (name: string) => `${kind}_${name}`;
  return {
    ...texts({
      [at("name")]: 200,
      [at("contactname")]: 150,
      [at("line1")]: 250,
      [at("line2")]: 250,
      [at("line3")]: 250,
      [at("city")]: 80,
      [at("stateorprovince")]: 50,
      [at("country")]: 80,
      [at("postalcode")]: 20,
      [at("telephone")]: 50,
      [at("fax")]: 50,
    }),
    ...columns("guid", at("addressid")),
  };
}

export const salesorders: TableSchema = {
  set: "salesorders",
  logical: "salesorder",
  key: "salesorderid",
  label: "name",
  ownership: "user",
  states: orderStates,
  unique: [["ordernumber"]],
  can: { create: true, delete: true, multiple: true },
  children: { order_details: { set: "salesorderdetails", column: "salesorderid" } },
  columns: {
    ...columns("guid", "salesorderid", { access: "insert" }),
    ...systemColumns,
    ...ownedColumns,
    ...currencyColumns,
    ...lookup("transactioncurrencyid", "transactioncurrencies", { access: "insert" }),
    ...stateColumns(orderStates),
    ...texts({ name: 300 }, { required: true }),
    ...texts({ ordernumber: 100 }, { access: "insert" }),
    ...texts({ description: 2000, submitstatusdescription: 2000, traversedpath: 250 }),
    ...address("shipto"),
    ...address("billto"),
    ...texts({ shipto_composite: 1000, billto_composite: 1000 }, { access: "read" }),
    ...columns("datetime", "submitdate datefulfilled requestdeliveryby", { format: "day" }),
    ...columns("datetime", "lastbackofficesubmit"),
    ...choices({
      prioritycode: 1,
      shipto_freighttermscode: 1,
      paymenttermscode: 4,
      shippingmethodcode: 7,
      freighttermscode: 2,
    }),
    ...choices({ pricingerrorcode: errors }),
    ...columns("integer", "submitstatus", { least: 0, most: 1_000_000_000 }),
    ...columns("integer", "utcconversiontimezonecode timezoneruleversionnumber"),
    ...columns("boolean", "willcall"),
    ...columns("boolean", "ispricelocked", { access: "update" }),
    ...columns("guid", "processid stageid"),
    ...columns("guid", "entityimageid", { access: "read" }),
    ...money("discountamount freightamount", { least: 0, most: 1_000_000_000_000 }),
    ...columns("decimal", "discountpercentage", { scale: 2, least: 0, most: 100 }),
    ...money("totalamount totallineitemamount totallineitemdiscountamount totalamountlessfreight", {
      access: "update",
      ...most,
    }),
    ...money("totaldiscountamount totaltax", { access: "update", ...most }),
    customerid: {
      kind: "lookup",
      targets: { customerid_account: "accounts", customerid_contact: "contacts" },
      required: true,
    },
    ...lookup("accountid", "accounts", { access: "read" }),
    ...lookup("contactid", "contacts", { access: "read" }),
    ...lookup("pricelevelid", "pricelevels"),
  },
};

export const salesorderdetails: TableSchema = {
  set: "salesorderdetails",
  logical: "salesorderdetail",
  key: "salesorderdetailid",
  label: "productdescription",
  ownership: "none",
  can: { create: true, delete: true, multiple: true },
  columns: {
    ...columns("guid", "salesorderdetailid", { access: "insert" }),
    ...systemColumns,
    ...currencyColumns,
    ...lookup("transactioncurrencyid", "transactioncurrencies", { access: "read" }),
    ownerid: { kind: "lookup", targets: { ownerid: "systemusers", ownerid_team: "teams" }, access: "read" },
    ...columns("guid", "owninguser owningbusinessunit", { access: "read" }),
    ...lookup("salesorderid", "salesorders", { required: true, access: "insert" }),
    ...lookup("productid", "products"),
    ...lookup("uomid", "uoms"),
    ...lookup("salesrepid", "systemusers"),
    ...texts({ productdescription: 250, description: 2000 }),
    ...address("shipto"),
    ...choices({ shipto_freighttermscode: 2, propertyconfigurationstatus: [0, 1, 2] }),
    ...choices({ producttypecode: 4 }, { access: "insert" }),
    ...choices({ pricingerrorcode: errors }),
    ...choices({ salesorderstatecode: Object.keys(orderStates).map(Number) }, { access: "read" }),
    ...columns("boolean", "isproductoverridden", { access: "insert" }),
    ...columns("boolean", "ispriceoverridden iscopied willcall"),
    ...columns("boolean", "salesorderispricelocked", { access: "read" }),
    ...columns("guid", "parentbundleid productassociationid", { access: "insert" }),
    ...columns("decimal", "quantity", { scale: 5, least: -100_000_000_000, most: 100_000_000_000 }),
    ...columns("decimal", "quantityshipped quantitybackordered quantitycancelled", {
      scale: 5,
      least: 0,
      most: 1_000_000_000,
    }),
    ...columns("integer", "lineitemnumber", { least: 0, most: 1_000_000_000 }),
    ...columns("integer", "sequencenumber", { least: 0 }),
    ...columns("datetime", "requestdeliveryby", { format: "day" }),
    ...columns("integer", "utcconversiontimezonecode timezoneruleversionnumber"),
    ...money("priceperunit", { ...most, pricing: true }),
    ...money("manualdiscountamount", { least: 0, most: 1_000_000_000_000 }),
    ...money("tax", most),
    ...money("volumediscountamount", { access: "read" }),
    ...money("baseamount extendedamount", { access: "update", ...most }),
  },
};

export const ordercloses: TableSchema = {
  set: "ordercloses",
  logical: "orderclose",
  key: "activityid",
  label: "subject",
  ownership: "user",
  states: closeStates,
  can: { create: true, delete: true, multiple: false },
  columns: {
    ...columns("guid", "activityid", { access: "insert" }),
    ...systemColumns,
    ...ownedColumns,
    ...stateColumns(closeStates),
    ...lookup("salesorderid", "salesorders", { required: true, access: "insert" }),
    ...texts({ subject: 200, ordernumber: 100, category: 250, subcategory: 250, description: 2000 }),
    ...columns("datetime", "actualstart actualend"),
    ...columns("integer", "revision actualdurationminutes", { least: 0 }),
  },
};
