/**
 * What Business Central API v2.0 says of the entity sets that the sandbox serves: names, kinds, lengths, choices and
 * what may be written. Facts only; behaviour is in the files beside it.
 */

/** How a value looks and is stored. A code is text that the service trims and turns into capitals. */
export type Kind = "text" | "code" | "decimal" | "integer" | "boolean" | "date" | "datetime" | "guid" | "enum";

/** One property of an entity set. */
export interface FieldFact {
  readonly kind: Kind;
  /** The longest text that is stored, in characters. */
  readonly max?: number;
  /** Enum: the names as the service's tables have them, the default first; on the wire they are escaped. */
  readonly values?: readonly string[];
  readonly readOnly?: true;
  /** Stored as the id of a row of `set` under `column`; shown as that id or as the row's number or code. */
  readonly ref?: { readonly set: string; readonly column: string; readonly by: "id" | "key" };
  /** A code that must be in this set as soon as the set has any row; stored as given. */
  readonly among?: string;
  /** What is refused beyond the length. */
  readonly check?: "phone" | "email";
  /** Computed when the row is shown; not stored under this name. */
  readonly shown?: true;
}

/** One entity set. */
export interface SetFact {
  /** The entity's name in the singular, as error texts and `$metadata` use it. */
  readonly entity: string;
  readonly insert: boolean;
  readonly modify: boolean;
  readonly remove: boolean;
  /** The field that people call a record by; unique. */
  readonly key: "number" | "code" | null;
  /** Records get their key from this number series. */
  readonly series: boolean;
  /** The rows are a view of this other set. */
  readonly of?: string;
  readonly fields: Readonly<Record<string, FieldFact>>;
}

const text = (max: number, more: Partial<FieldFact> = {}): FieldFact => ({ kind: "text", max, ...more });
const code = (max: number, more: Partial<FieldFact> = {}): FieldFact => ({ kind: "code", max, ...more });
const decimal: FieldFact = { kind: "decimal" };
const flag: FieldFact = { kind: "boolean" };
const guid: FieldFact = { kind: "guid" };
const choice = (...values: string[]): FieldFact => ({ kind: "enum", values });
const byId = (set: string, column: string): FieldFact => ({ kind: "guid", ref: { set, column, by: "id" } });
const byKey = (set: string, column: string, max: number): FieldFact => code(max, { ref: { set, column, by: "key" } });
const readOnly = (fact: FieldFact): FieldFact => ({ ...fact, readOnly: true });
const shown = (fact: FieldFact): FieldFact => ({ ...fact, readOnly: true, shown: true });

const id = readOnly(guid);
const modified = readOnly({ kind: "datetime" });
const phone = (max: number): FieldFact => text(max, { check: "phone" });
const email = (max: number): FieldFact => text(max, { check: "email" });
const address = {
  addressLine1: text(100),
  addressLine2: text(50),
  city: text(30),
  state: text(30),
  country: code(10, { among: "countriesRegions" }),
  postalCode: code(20),
};
const contactType = choice("Company", "Person");

function set(entity: string, fields: SetFact["fields"], more: Partial<SetFact> = {}): SetFact {
  const key = "number" in fields ? "number" : "code" in fields ? "code" : null;
  return { entity, insert: true, modify: true, remove: true, key, series: key === "number", fields, ...more };
}
const listOnly = { insert: false, modify: false, remove: false, key: null, series: false } as const;

/** Every entity set under a company, by its name in the address. */
export const sets: Readonly<Record<string, SetFact>> = {
  customers: set("customer", {
    id,
    number: code(20),
    displayName: text(100),
    type: contactType,
    ...address,
    phoneNumber: phone(30),
    email: email(80),
    website: text(255),
    salespersonCode: byKey("salespeoplePurchasers", "salespersonId", 20),
    balanceDue: readOnly(decimal),
    creditLimit: decimal,
    taxLiable: flag,
    taxAreaId: guid,
    taxAreaDisplayName: shown(text(100)),
    taxRegistrationNumber: text(50),
    currencyId: byId("currencies", "currencyId"),
    currencyCode: byKey("currencies", "currencyId", 10),
    paymentTermsId: byId("paymentTerms", "paymentTermsId"),
    shipmentMethodId: byId("shipmentMethods", "shipmentMethodId"),
    paymentMethodId: guid,
    blocked: choice(" ", "Ship", "Invoice", "All"),
    lastModifiedDateTime: modified,
  }),
  contacts: set("contact", {
    id,
    number: code(20),
    type: contactType,
    displayName: text(100),
    jobTitle: text(30),
    companyNumber: byKey("contacts", "companyId", 20),
    companyName: shown(text(100)),
    contactBusinessRelation: shown(
      choice("None", " ", "Customer", "Vendor", "Bank Account", "Employee", "Other", "Multiple"),
    ),
    ...address,
    phoneNumber: phone(30),
    mobilePhoneNumber: phone(30),
    email: email(80),
    website: text(255),
    searchName: code(100),
    privacyBlocked: flag,
    taxRegistrationNumber: text(50),
    lastInteractionDate: readOnly({ kind: "date" }),
    lastModifiedDateTime: modified,
  }),
  customerContacts: set("customerContact", {
    id,
    email: email(80),
    firstName: text(30),
    lastName: text(30),
    professionalTitle: text(30),
    customerId: guid,
    customerName: shown(text(100)),
    primaryPhoneNumber: phone(30),
  }, { insert: false, key: null, series: false, of: "contacts" }),
  contactsInformation: set("contactInformation", {
    contactId: readOnly(guid),
    contactNumber: shown(code(20)),
    contactName: shown(text(100)),
    contactType: shown(contactType),
    relatedId: readOnly(guid),
    relatedType: shown(choice("Customer", "Vendor", "Bank Account")),
  }, { ...listOnly, of: "contacts" }),
  items: set("item", {
    id,
    number: code(20),
    displayName: text(100),
    displayName2: text(50),
    type: choice("Inventory", "Service", "Non-Inventory"),
    itemCategoryId: byId("itemCategories", "itemCategoryId"),
    itemCategoryCode: byKey("itemCategories", "itemCategoryId", 20),
    blocked: flag,
    gtin: code(14),
    inventory: decimal,
    unitPrice: decimal,
    priceIncludesTax: flag,
    unitCost: decimal,
    taxGroupId: guid,
    taxGroupCode: code(20),
    baseUnitOfMeasureId: byId("unitsOfMeasure", "baseUnitOfMeasureId"),
    baseUnitOfMeasureCode: byKey("unitsOfMeasure", "baseUnitOfMeasureId", 10),
    generalProductPostingGroupId: guid,
    generalProductPostingGroupCode: code(20),
    inventoryPostingGroupId: guid,
    inventoryPostingGroupCode: code(20),
    lastModifiedDateTime: modified,
  }),
  itemLedgerEntries: set("itemLedgerEntry", {
    id,
    entryNumber: readOnly({ kind: "integer" }),
    itemNumber: { ...shown(code(20)), ref: { set: "items", column: "itemId", by: "key" } },
    postingDate: readOnly({ kind: "date" }),
    entryType: readOnly(choice("Positive Adjmt.", "Negative Adjmt.", "Sale", "Purchase")),
    quantity: readOnly(decimal),
    lastModifiedDateTime: modified,
  }, listOnly),
  currencies: set("currency", {
    id,
    code: code(10),
    displayName: text(30),
    symbol: text(10),
    amountDecimalPlaces: text(5),
    amountRoundingPrecision: decimal,
    lastModifiedDateTime: modified,
  }),
  currencyExchangeRates: set("currencyExchangeRate", {
    id,
    currencyCode: { ...byKey("currencies", "currencyId", 10) },
    startingDate: { kind: "date" },
    exchangeRateAmount: decimal,
    relationalCurrencyCode: byKey("currencies", "relationalCurrencyId", 10),
    relationalExchangeRateAmount: decimal,
    lastModifiedDateTime: modified,
  }, listOnly),
  unitsOfMeasure: set("unitOfMeasure", {
    id,
    code: code(10),
    displayName: text(50),
    internationalStandardCode: code(10),
    symbol: text(10),
    lastModifiedDateTime: modified,
  }),
  paymentTerms: set("paymentTerm", {
    id,
    code: code(10),
    displayName: text(100),
    dueDateCalculation: text(32),
    discountDateCalculation: text(32),
    discountPercent: decimal,
    calculateDiscountOnCreditMemos: flag,
    lastModifiedDateTime: modified,
  }),
  shipmentMethods: set("shipmentMethod", {
    id,
    code: code(10),
    displayName: text(100),
    lastModifiedDateTime: modified,
  }),
  salespeoplePurchasers: set("salespersonPurchaser", {
    id,
    code: code(20),
    displayName: text(50),
    email: email(80),
    email2: email(80),
    phoneNo: phone(30),
    jobTitle: text(30),
    commisionPercent: decimal,
    privacyBlocked: flag,
    blocked: flag,
    lastModifiedDateTime: modified,
  }),
  countriesRegions: set("countryRegion", {
    id,
    code: code(10),
    displayName: text(50),
    addressFormat: choice("Post Code+City", "City+Post Code", "City+County+Post Code", "Blank Line+Post Code+City"),
    lastModifiedDateTime: modified,
  }),
  itemCategories: set("itemCategory", {
    id,
    code: code(20),
    displayName: text(100),
    lastModifiedDateTime: modified,
  }),
  generalLedgerSetup: set("generalLedgerSetup", {
    id,
    allowPostingFrom: { kind: "date" },
    allowPostingTo: { kind: "date" },
    additionalReportingCurrency: code(10),
    localCurrencyCode: code(10),
    localCurrencySymbol: text(10),
    allowQueryFromConsolidation: flag,
    shortcutDimension1Code: code(20),
    shortcutDimension2Code: code(20),
    lastModifiedDateTime: modified,
  }, listOnly),
  companyInformation: set("companyInformation", {
    id,
    displayName: text(100),
    ...address,
    phoneNumber: phone(30),
    faxNumber: phone(30),
    email: email(80),
    website: text(255),
    taxRegistrationNumber: text(50),
    currencyCode: shown(code(10)),
    currentFiscalYearStartDate: readOnly({ kind: "date" }),
    industry: text(30),
    experience: text(250),
    lastModifiedDateTime: modified,
  }, { insert: false, remove: false }),
};

/** The row that everything without a reference points at. */
export const zeroGuid = "00000000-0000-0000-0000-000000000000";
/** The date that means none. */
const noDate = "0001-01-01";

/** An enum name as OData spells it: whatever is no letter, digit or underline becomes its hexadecimal escape. */
export function escapeName(name: string): string {
  return name.replace(
    /[^A-Za-z0-9_]/g,
    (sign) => `_x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`,
  );
}

/** The value of a field that nobody has written. */
export function blank(fact: FieldFact): string | number | boolean {
  switch (fact.kind) {
    case "decimal":
      return "0";
    case "integer":
      return 0;
    case "boolean":
      return false;
    case "guid":
      return zeroGuid;
    case "date":
      return noDate;
    case "datetime":
      return "0001-01-01T00:00:00Z";
    case "enum":
      return fact.values?.[0] ?? "";
    default:
      return "";
  }
}
