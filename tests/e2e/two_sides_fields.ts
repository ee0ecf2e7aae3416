/**
 * What has to be the same on both sides of a pair, written down a second time: field by field, with the names that the
 * services use, and compared over HTTP. Nothing of the product is asked but which records are a pair.
 */
import type { RunningSandbox } from "./program.ts";

export type Row = Readonly<Record<string, unknown>>;
export type Side = "erp" | "crm";
export type Ways = "both" | "toCrm" | "fromCrm";

/** A field of the ERP's page and the one of the CRM that has its value. */
export interface Field {
  readonly erp: string;
  readonly crm: string;
  readonly way: Ways;
  /** What is decided as one: the group, or the CRM's field alone. */
  readonly unit: string;
  /** A blank of the CRM that was there as the two met has overwritten nothing. */
  readonly blanks?: "left";
  /** How the ERP's value reads in the CRM; without it the two are the same. Undefined: the CRM has no word for it. */
  readonly toCrm?: (value: unknown, world: Reading) => unknown;
  /** Two values of the CRM's field that mean the same come out alike. */
  readonly normal?: (value: unknown) => unknown;
}
export interface Table {
  readonly step: string;
  readonly erp: string;
  readonly crm: string;
  /** The CRM's own name for the id. */
  readonly id: string;
  readonly fields: readonly Field[];
}

const countries = {
  ...{ US: "United States", CA: "Canada", GB: "United Kingdom", FR: "France", DE: "Germany", AU: "Australia" },
  ...{ IS: "Iceland", PL: "Poland", NO: "Norway" },
} as const;
const country = (value: unknown) => countries[value as keyof typeof countries] ?? value;
const spelled = (value: unknown) => country(value === "USA" ? "US" : value === "UK" ? "GB" : value);
const terms = new Map([["30 DAYS", 1], ["30D", 1], ["45D", 3], ["60D", 4]]);
const methods = new Map([["FOB", 1]]);

const both = (erp: string, crm: string): Field => ({ erp, crm, way: "both", unit: crm });
const toCrm = (erp: string, crm: string, how?: Field["toCrm"]): Field => ({
  ...{ erp, crm, way: "toCrm", unit: crm },
  ...(how === undefined ? {} : { toCrm: how }),
});
const fromCrm = (erp: string, crm: string): Field => ({ erp, crm, way: "fromCrm", unit: crm });
const grouped = (group: string, fields: readonly Field[]) =>
  fields.map((field): Field => ({ ...field, unit: `group ${group}` }));
const address = grouped("address", [
  both("addressLine1", "address1_line1"),
  both("addressLine2", "address1_line2"),
  both("city", "address1_city"),
  both("state", "address1_stateorprovince"),
  both("postalCode", "address1_postalcode"),
  { ...both("country", "address1_country"), toCrm: country, normal: spelled },
]);
const owner = toCrm("salespersonCode", "_ownerid_value", (code, { erp, crm }) => {
  if (blank(code)) return undefined; // whoever has it keeps it
  const email = erp("salespeoplePurchasers").find((row) => row["code"] === code)?.["email"];
  return crm("systemusers").find((row) => row["internalemailaddress"] === email)?.["systemuserid"];
});
const currency = toCrm("currencyCode", "_transactioncurrencyid_value", (code, { crm }) => {
  if (blank(code)) return undefined; // the local currency, or what the CRM takes by itself
  return crm("transactioncurrencies").find((row) => row["isocurrencycode"] === code)?.["transactioncurrencyid"];
});
const codeOf = (entity: string, choices: ReadonlyMap<unknown, number>): Field["toCrm"] => (id, { erp }) => {
  const code = erp(entity).find((row) => row["id"] === id)?.["code"];
  return code === undefined ? null : choices.get(code);
};
/** Money of a product has two decimals in the CRM. */
const cents = (value: unknown) => Math.round(Number((Number(value) * 100).toPrecision(12))) / 100;
const money = (erp: string, crm: string) => ({ ...toCrm(erp, crm, cents), normal: cents });

export const tables: readonly Table[] = [
  {
    ...{ step: "salespeople", erp: "salespeoplePurchasers", crm: "systemusers", id: "systemuserid" },
    fields: [
      fromCrm("displayName", "fullname"),
      fromCrm("email", "internalemailaddress"),
      { ...fromCrm("phoneNo", "mobilephone"), blanks: "left" },
    ],
  },
  {
    ...{ step: "customers", erp: "customers", crm: "accounts", id: "accountid" },
    fields: [
      toCrm("number", "accountnumber"),
      both("displayName", "name"),
      both("phoneNumber", "telephone1"),
      both("email", "emailaddress1"),
      both("website", "websiteurl"),
      both("faxNumber", "fax"),
      both("contactName", "address1_primarycontactname"),
      ...address,
      toCrm("creditLimit", "creditlimit"),
      toCrm("paymentTermsId", "paymenttermscode", codeOf("paymentTerms", terms)),
      toCrm("shipmentMethodId", "address1_freighttermscode", codeOf("shipmentMethods", methods)),
      currency,
      owner,
      toCrm("id", "customertypecode", () => 3),
    ],
  },
  {
    ...{ step: "contacts", erp: "contacts", crm: "contacts", id: "contactid" },
    fields: [
      ...grouped("name", [
        both("firstName", "firstname"),
        both("middleName", "middlename"),
        both("surname", "lastname"),
      ]),
      both("jobTitle", "jobtitle"),
      both("phoneNumber", "telephone1"),
      both("mobilePhoneNumber", "mobilephone"),
      both("faxNumber", "fax"),
      both("pager", "pager"),
      both("email", "emailaddress1"),
      both("website", "websiteurl"),
      ...address,
      {
        ...both("customerId", "_parentcustomerid_value"),
        toCrm: (id, { partners }) => partners("customers").get(String(id)),
      },
      currency,
      owner,
    ],
  },
  {
    ...{ step: "items", erp: "items", crm: "products", id: "productid" },
    fields: [
      toCrm("number", "productnumber"),
      toCrm("displayName", "name"),
      toCrm("type", "producttypecode", (type) => type === "Service" ? 3 : 1),
      money("unitPrice", "price"),
      money("unitCost", "standardcost"),
      money("unitCost", "currentcost"),
      toCrm("inventory", "quantityonhand"),
      toCrm("unitVolume", "stockvolume"),
      toCrm("grossWeight", "stockweight"),
      toCrm("vendorNumber", "vendorid"),
      toCrm("vendorItemNumber", "vendorpartnumber"),
      {
        ...toCrm("baseUnitOfMeasureCode", "_defaultuomid_value", (code, { crm }) => {
          const group = crm("uomschedules").find((row) => row["name"] === `NAV ${code}`)?.["uomscheduleid"];
          return crm("uoms").find((row) => row["_uomscheduleid_value"] === group)?.["uomid"];
        }),
        unit: "group unit",
      },
    ],
  },
  {
    ...{ step: "item prices", erp: "items", crm: "productpricelevels", id: "productpricelevelid" },
    fields: [
      money("unitPrice", "amount"),
      toCrm("id", "_productid_value", (id, { partners }) => partners("items").get(String(id))),
    ],
  },
];

export const blank = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || value === "00000000-0000-0000-0000-000000000000";
export const same = (one: unknown, other: unknown): boolean =>
  blank(one) ? blank(other) : String(one).trimEnd() === String(other).trimEnd();

/** A pair, as the coupling report has it. */
export interface Couple {
  readonly step: string;
  readonly erp: string;
  readonly crm: string;
  readonly state: string;
  /** The reasons that are listed for it. */
  readonly codes: readonly string[];
}

/** Both services as they were when they were read. */
export interface Reading {
  erp(entity: string): readonly Row[];
  crm(set: string): readonly Row[];
  /** ERP id → CRM id of a step's pairs. */
  partners(step: string): ReadonlyMap<string, string>;
  readonly couples: readonly Couple[];
  /** The records of a pair; null where one is gone. */
  rows(couple: Couple): { readonly erp: Row | null; readonly crm: Row | null };
}

/** The ERP's pages: the extension's have the standard's fields and more. */
export function page(sandbox: RunningSandbox, entity: string): string {
  const standard = ["salespeoplePurchasers", "paymentTerms", "shipmentMethods"].includes(entity);
  return standard ? entity : `../../tenging/integration/v1.0/companies(${sandbox.companyId})/${entity}`;
}

/** Reads all that the tables need, all pages of both services. */
export async function read(sandbox: RunningSandbox, couples: readonly Couple[]): Promise<Reading> {
  const entities = [...new Set(tables.map(({ erp }) => erp)), "paymentTerms", "shipmentMethods"];
  const sets = [...new Set(tables.map(({ crm }) => crm)), "transactioncurrencies", "uoms", "uomschedules"];
  const erp = new Map(
    await Promise.all(entities.map(async (one) => [one, await sandbox.erp(page(sandbox, one))] as const)),
  );
  const crm = new Map(await Promise.all(sets.map(async (one) => [one, await sandbox.crm(one)] as const)));
  const byId = {
    erp: new Map([...erp].map(([name, rows]) => [name, new Map(rows.map((row) => [row["id"], row]))])),
    crm: new Map(tables.map(({ crm: set, id }) => [set, new Map(crm.get(set)!.map((row) => [row[id], row]))])),
  };
  const partners = new Map(
    tables.map(({ step }) => [
      step,
      new Map(couples.filter((one) => one.step === step).map((one) => [one.erp, one.crm])),
    ]),
  );
  return {
    erp: (entity) => erp.get(entity)!,
    crm: (set) => crm.get(set)!,
    partners: (step) => partners.get(step)!,
    couples,
    rows(couple) {
      const table = tableOf(couple.step);
      return {
        erp: byId.erp.get(table.erp)!.get(couple.erp) ?? null,
        crm: byId.crm.get(table.crm)!.get(couple.crm) ?? null,
      };
    },
  };
}

export function tableOf(step: string): Table {
  const table = tables.find((one) => one.step === step);
  if (table === undefined) throw new Error(`There is no table for "${step}"`);
  return table;
}

/** The ERP's value as the CRM has it; undefined where the CRM has no word for it. */
export function inCrm(field: Field, value: unknown, reading: Reading): unknown {
  return field.toCrm === undefined ? value : field.toCrm(value, reading);
}

export interface Difference {
  readonly couple: Couple;
  readonly field: Field;
  readonly erp: unknown;
  readonly crm: unknown;
}

/** Fields of pairs, both of whose records are there, that are not the same. */
export function differences(reading: Reading): { readonly compared: number; readonly found: readonly Difference[] } {
  const found: Difference[] = [];
  let compared = 0;
  for (const couple of reading.couples) {
    const { erp, crm } = reading.rows(couple);
    if (erp === null || crm === null) continue;
    for (const field of tableOf(couple.step).fields) {
      const expected = inCrm(field, erp[field.erp], reading);
      if (field.blanks === "left" && blank(crm[field.crm])) continue;
      // What the CRM has no word for is left out, and listed.
      if (expected === undefined && (blank(erp[field.erp]) || couple.codes.length > 0)) continue;
      if (!(field.erp in erp) || !(field.crm in crm)) {
        throw new Error(`${couple.step} lacks ${field.erp} or ${field.crm}`);
      }
      const normal = field.normal ?? ((value) => value);
      if (!same(normal(expected), normal(crm[field.crm]))) {
        found.push({ couple, field, erp: erp[field.erp], crm: crm[field.crm] });
      }
      compared++;
    }
  }
  return { compared, found };
}
