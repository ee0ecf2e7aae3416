/** How the tables of the Dataverse imitation are described: what their columns hold and when they may be written. */

/** When a column may be written; absent: always. "insert": only in a creation, "update": only afterwards. */
export type Access = "insert" | "update" | "read";

export interface Column {
  readonly kind:
    | "text"
    | "integer"
    | "bigint"
    | "decimal"
    | "money"
    | "double"
    | "boolean"
    | "choice"
    | "datetime"
    | "date"
    | "guid"
    | "lookup";
  readonly access?: Access;
  /** Text: the most characters. */
  readonly max?: number;
  /** Decimal: how many digits behind the point are kept. */
  readonly scale?: number;
  readonly least?: number;
  readonly most?: number;
  /** Choice: its values. */
  readonly values?: readonly number[];
  /** A creation without a value is refused, and so is null afterwards. */
  readonly required?: true;
  /** Lookup: the entity sets that it can point to, by the navigation property that binds each. */
  readonly targets?: Readonly<Record<string, string>>;
  /** Money: kept to the organization's pricing precision instead of the currency's. */
  readonly pricing?: true;
  /** Time stamp: people see only its day, in their own zone. */
  readonly format?: "day";
}
export type Columns = Readonly<Record<string, Column>>;

export interface TableSchema {
  /** Entity set name, "accounts". */
  readonly set: string;
  /** Logical name, "account". */
  readonly logical: string;
  /** The primary key's column. */
  readonly key: string;
  /** The column that people read as its name. */
  readonly label: string;
  readonly ownership: "user" | "organization" | "business" | "none";
  /** Has statecode and statuscode; which reasons belong to which state, the first of each being its default. */
  readonly states?: Readonly<Record<number, readonly number[]>>;
  /** Column groups whose values no two rows share. */
  readonly unique?: readonly (readonly string[])[];
  /** What can be done with it besides reading and updating. */
  readonly can: { readonly create: boolean; readonly delete: boolean; readonly multiple: boolean };
  /** Rows of other tables that belong to a row, by navigation property; the column is theirs and points here. */
  readonly children?: Readonly<Record<string, { readonly set: string; readonly column: string }>>;
  readonly columns: Columns;
}

type More = Omit<Column, "kind">;

/** Text columns with their lengths. */
export function texts(lengths: Readonly<Record<string, number>>, more: More = {}): Columns {
  return mapped(lengths, (max) => ({ kind: "text", max, ...more }));
}

/** Choice columns with their values; a number n means 1 to n. */
export function choices(values: Readonly<Record<string, number | readonly number[]>>, more: More = {}): Columns {
  return mapped(values, (known) => ({
    kind: "choice",
    values: typeof known === "number" ? Array.from({ length: known }, (_, at) => at + 1) : known,
    ...more,
  }));
}

/** Columns of one kind; names parted by blanks. */
export function columns(kind: Column["kind"], names: string, more: More = {}): Columns {
  return Object.fromEntries(names.trim().split(/\s+/).map((name) => [name, { kind, ...more }]));
}

/** Money columns, each with the read-only column of its value in base currency. */
export function money(names: string, more: More = {}): Columns {
  const bases = names.trim().split(/\s+/).map((name) => `${name}_base`).join(" ");
  return { ...columns("money", names, more), ...columns("money", bases, { access: "read" }) };
}

/** A lookup that is bound by its own name. */
export function lookup(name: string, set: string, more: More = {}): Columns {
  return { [name]: { kind: "lookup", targets: { [name]: set }, ...more } };
}

/** The columns of an address, as accounts and contacts have up to three of. */
export function address(n: 1 | 2 | 3): Columns {
  const first = n === 1;
  const at = (name: string) => `address${n}_${name}`;
  return {
    ...texts({
      [at("name")]: 200,
      [at("primarycontactname")]: 100,
      [at("line1")]: 250,
      [at("line2")]: 250,
      [at("line3")]: 250,
      [at("city")]: 80,
      [at("stateorprovince")]: 50,
      [at("county")]: 50,
      [at("country")]: 80,
      [at("postofficebox")]: 20,
      [at("postalcode")]: 20,
      [at("upszone")]: 4,
      [at("telephone1")]: 50,
      [at("telephone2")]: 50,
      [at("telephone3")]: 50,
      [at("fax")]: 50,
    }),
    ...choices({
      [at("addresstypecode")]: first ? 4 : 1,
      [at("freighttermscode")]: first ? 2 : 1, // 1 FOB, 2 no charge
      [at("shippingmethodcode")]: first ? 7 : 1,
    }),
    ...columns("integer", at("utcoffset"), { least: -1500, most: 1500 }),
    ...columns("double", `${at("latitude")} ${at("longitude")}`),
    ...columns("guid", at("addressid")),
    ...texts({ [at("composite")]: 1000 }, { access: "read" }),
  };
}

/** The column that customers of Tenging may add to their tables. */
export const linkColumn: Columns = texts({ tng_businesscentralid: 36 });

/** The columns that every table has. */
export const systemColumns: Columns = {
  ...columns("datetime", "createdon modifiedon", { access: "read" }),
  ...columns("datetime", "overriddencreatedon", { access: "insert" }),
  ...columns("bigint", "versionnumber", { access: "read" }),
  ...columns("integer", "importsequencenumber", { access: "insert" }),
  ...lookup("createdby", "systemusers", { access: "read" }),
  ...lookup("modifiedby", "systemusers", { access: "read" }),
  ...lookup("createdonbehalfby", "systemusers", { access: "read" }),
  ...lookup("modifiedonbehalfby", "systemusers", { access: "read" }),
};

/** The columns of a table whose rows belong to a user or a team. */
export const ownedColumns: Columns = {
  ownerid: { kind: "lookup", targets: { ownerid: "systemusers", ownerid_team: "teams" }, required: true },
  ...lookup("owninguser", "systemusers", { access: "read" }),
  ...lookup("owningteam", "teams", { access: "read" }),
  ...lookup("owningbusinessunit", "businessunits", { access: "read" }),
};

/** The columns of a table that can be switched off. */
export function stateColumns(states: NonNullable<TableSchema["states"]>): Columns {
  return {
    ...choices({ statecode: Object.keys(states).map(Number) }, { access: "update", required: true }),
    ...choices({ statuscode: Object.values(states).flat() }, { required: true }),
  };
}

/** The columns of a table with money in it. */
export const currencyColumns: Columns = {
  ...lookup("transactioncurrencyid", "transactioncurrencies"),
  ...columns("decimal", "exchangerate", { access: "read", scale: 10 }),
};

function mapped<T>(from: Readonly<Record<string, T>>, make: (value: T) => Column): Columns {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, make(value)]));
}
