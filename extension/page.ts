/** What an API page is, as data. From it come the AL files, and the fields of the connector's handles. */

/** When a field may be written: whenever a record is, on its creation only, or never. */
export type Edit = "always" | "create" | "never";

/** Lines of AL, without their indent. */
export type Lines = readonly string[];

/** A field that the page computes, kept in a variable of the page. */
export interface Computed {
  /** AL type of the variable, "Code[10]". */
  readonly type: string;
  /** Run for each record that is read. */
  readonly get: Lines;
  /** Run when the field is written; absent where it never is. */
  readonly set?: Lines;
  /** The field of the table that it is written to. */
  readonly column?: string;
  /** Variables that the lines use, with their AL type. */
  readonly uses?: Readonly<Record<string, string>>;
}

/** One property of an entity set. */
export interface PageField {
  /** AL: the field of the page's table, "No.", without its quotes; for a computed field, the name of its variable. */
  readonly source: string;
  readonly kind: "text" | "code" | "decimal" | "integer" | "boolean" | "date" | "datetime" | "guid" | "choice";
  /** Text and code: the most characters. */
  readonly length?: number;
  /** Choice: the names of the enumeration's values, as AL spells them without quotes. */
  readonly choices?: readonly string[];
  readonly edit: Edit;
  /** The entity set whose records it points at: by id where the kind is guid, else by number or code. */
  readonly of?: string;
  /** Never blank. */
  readonly filled?: true;
  /** Queries: how the values of a group become one. */
  readonly method?: "Sum";
  readonly computed?: Computed;
}

/**
 * A bound action: `POST …/<entity set>(<id>)/Microsoft.NAV.<name>`, answered without a body. Names begin in lower case:
 * then the address is the same whether the service keeps the case of a procedure or not.
 */
export interface PageAction {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly lines: Lines;
}

/** One API page, or one API query: rows of a table, grouped by the fields that have no method. */
export interface Page {
  /** Id of the AL object. */
  readonly object: number;
  /** Name of the AL object, at most 30 characters. */
  readonly name: string;
  /** What it is for, in one sentence. */
  readonly purpose: string;
  /** AL table, as it is called there. */
  readonly table: string;
  readonly entity: string;
  readonly set: string;
  readonly insert: boolean;
  readonly modify: boolean;
  /** Records are deleted over it; absent: never. */
  readonly remove?: true;
  readonly query?: true;
  /** New records are completed by the template that the company chose for the API, as on Microsoft's pages. */
  readonly template?: true;
  /** Compiled only where app.json names this preprocessor symbol: the table is gone from newer versions. */
  readonly symbol?: string;
  /** Rows of the table that belong to the set, as a filter of AL. */
  readonly view?: string;
  readonly fields: Readonly<Record<string, PageField>>;
  readonly actions?: readonly PageAction[];
  /** Run when the page is opened: adds rows that should be there. */
  readonly completed?: Lines;
  /** Run after a record was stored. */
  readonly saved?: Lines;
  /** Further variables by name, with their AL type. */
  readonly variables?: Readonly<Record<string, string>>;
}

interface More {
  readonly edit?: Edit;
  readonly filled?: true;
  readonly computed?: Computed;
}

/** Text of the table, at most `length` characters. */
export function text<const M extends More>(source: string, length: number, more?: M) {
  return { source, kind: "text", length, edit: "always", ...more } as const satisfies PageField;
}

/** A code: the service trims it and turns it into capitals. */
export function code<const M extends More>(source: string, length: number, more?: M) {
  return { source, kind: "code", length, edit: "always", ...more } as const satisfies PageField;
}

/** The number or code that people call a record by; given on creation, since a later one renames the record. */
export function identifier(source: string, length: number) {
  return { source, kind: "code", length, edit: "create", filled: true } as const satisfies PageField;
}

/** The number or code of a record of another entity set. */
export function codeOf<const N extends string, const M extends More>(of: N, source: string, length: number, more?: M) {
  return { source, kind: "code", length, edit: "always", ...more, of } as const satisfies PageField;
}

/** The id of a record of another entity set. */
export function idOf<const N extends string, const M extends More>(of: N, source: string, more?: M) {
  return { source, kind: "guid", edit: "always", ...more, of } as const satisfies PageField;
}

export function decimal<const M extends More>(source: string, more?: M) {
  return { source, kind: "decimal", edit: "always", ...more } as const satisfies PageField;
}

export function flag<const M extends More>(source: string, more?: M) {
  return { source, kind: "boolean", edit: "always", ...more } as const satisfies PageField;
}

export function integer<const M extends More>(source: string, more?: M) {
  return { source, kind: "integer", edit: "always", ...more } as const satisfies PageField;
}

export function date<const M extends More>(source: string, more?: M) {
  return { source, kind: "date", edit: "always", ...more } as const satisfies PageField;
}

export function guid<const M extends More>(source: string, more?: M) {
  return { source, kind: "guid", edit: "always", ...more } as const satisfies PageField;
}

export function choice<const C extends readonly string[], const M extends More>(source: string, choices: C, more?: M) {
  return { source, kind: "choice", choices, edit: "always", ...more } as const satisfies PageField;
}

/** The record's SystemId: chosen by whoever creates it where the set allows that. */
export function id(edit: "create" | "never") {
  return { source: "SystemId", kind: "guid", edit } as const satisfies PageField;
}

/** When the record was modified last. */
export const modified = { source: "SystemModifiedAt", kind: "datetime", edit: "never" } as const satisfies PageField;

/**
 * The currency's code. The tables leave it blank for the local currency; the pages name that as well, as Microsoft's
 * pages of customers and documents do.
 */
export const currency = {
  source: "CurrencyCode",
  kind: "code",
  length: 10,
  edit: "always",
  of: "currencies",
  computed: {
    type: "Code[10]",
    get: ['CurrencyCode := LocalCurrency.ToPublic(Rec."Currency Code");'],
    set: ['Rec.Validate("Currency Code", LocalCurrency.ToTable(CurrencyCode));'],
    column: "Currency Code",
    uses: { LocalCurrency: 'Codeunit "Tenging Local Currency"' },
  },
} as const satisfies PageField;
