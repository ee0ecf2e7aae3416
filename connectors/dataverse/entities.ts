/** What can be synchronized with Dataverse: handles, data only. */
import type { z } from "zod";
import { entity } from "../connector.ts";
import { fieldsOf } from "../fields.ts";
import { account, contact, product, systemUser, transactionCurrency, unitGroup } from "./schemas.ts";

export interface Account extends z.infer<typeof account> {}
export interface SystemUser extends z.infer<typeof systemUser> {}
export interface TransactionCurrency extends z.infer<typeof transactionCurrency> {}
export interface UnitGroup extends z.infer<typeof unitGroup> {}
export interface Contact extends z.infer<typeof contact> {}
export interface Product extends z.infer<typeof product> {}

const currencyRef = { entity: "transactioncurrencies", by: "id" } as const;
const ownerRef = { entity: "systemusers", by: "id" } as const; // a team as owner is no record of ours: null

/** The handles. Where a new row has a state of its own, the state is written afterwards only. */
export const dv = {
  accounts: entity<Account>()({
    name: "accounts",
    key: "accountnumber",
    label: "name",
    fields: fieldsOf(account),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: {
      transactioncurrencyid: currencyRef,
      ownerid: ownerRef,
      primarycontactid: { entity: "contacts", by: "id" },
    },
    access: { creditlimit_base: "never", statecode: "update" },
  }),
  /** Users are made and switched off by administrators, never by us. */
  systemusers: entity<SystemUser>()({
    name: "systemusers",
    key: "internalemailaddress",
    label: "fullname",
    fields: fieldsOf(systemUser),
    creation: "none",
    access: { fullname: "never", isdisabled: "never", islicensed: "never", isintegrationuser: "never" },
  }),
  /** Currencies; the organization's base currency is among them and frozen. */
  transactioncurrencies: entity<TransactionCurrency>()({
    name: "transactioncurrencies",
    key: "isocurrencycode",
    label: "currencyname",
    fields: fieldsOf(transactionCurrency),
    creation: "derived id",
    initial: { statecode: 0 },
    access: { isocurrencycode: "create", currencytype: "create", statecode: "update" },
  }),
  /** Unit groups, each with its base unit. */
  unitGroups: entity<UnitGroup>()({
    name: "uomschedules",
    key: "name",
    label: "name",
    fields: fieldsOf(unitGroup),
    creation: "derived id",
    initial: { statecode: 0 },
    carries: ["baseuomid"],
    access: { baseuomname: "create", baseuomid: "never", statecode: "update" },
  }),
  /** Contacts. They have no number: the e-mail address is what comes closest to being one person's own. */
  contacts: entity<Contact>()({
    name: "contacts",
    key: "emailaddress1",
    label: "fullname",
    fields: fieldsOf(contact),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: {
      parentcustomerid: { entity: "accounts", by: "id" },
      transactioncurrencyid: currencyRef,
      ownerid: ownerRef,
    },
    access: { fullname: "never", parentcustomeridtype: "create", statecode: "update" },
  }),
  /** Products, families and bundles; `productstructure` tells them apart. They are born as drafts. */
  products: entity<Product>()({
    name: "products",
    key: "productnumber",
    label: "name",
    fields: fieldsOf(product),
    creation: "derived id",
    initial: { statecode: 2 },
    refs: {
      defaultuomscheduleid: { entity: "uomschedules", by: "id" },
      defaultuomid: { entity: "uomschedules", by: "baseuomid" },
      transactioncurrencyid: currencyRef,
    },
    access: { productstructure: "create", defaultuomscheduleid: "create", statecode: "update" },
  }),
};
