/** What an entity set is, in data: its fields, what may be done with it, and the rules that are its own. */
import type { SandboxClock } from "../service.ts";
import type { Cell, Row, Tables } from "../tables.ts";

/** What the rules work on. */
export interface Company {
  readonly tables: Tables;
  readonly clock: SandboxClock;
  readonly id: string;
  readonly localCurrency: string;
  /** Every entity set, by a name that is unique; in addresses it may be called otherwise ({@link SetFact.address}). */
  readonly sets: Readonly<Record<string, SetFact>>;
}

/** Stored values by column, while a row is being made. */
export type Values = Record<string, Cell>;

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
  /** What answers and filters see, where that isn't the stored value. */
  readonly value?: (company: Company, row: Row) => Cell;
}

/** The rows of other sets that belong to a row: what $expand shows, and the path under the row lists. */
export interface Navigation {
  /** Their set, by its name in {@link Company.sets}. */
  readonly set: string;
  readonly rows: (company: Company, row: Row) => readonly Row[];
  /** Their column with the row's id; a POST of the row may then bring them along, and one to the path adds to them. */
  readonly parent?: string;
}

/** What a set does besides keeping rows. Each may throw a Refusal: nothing has happened then. */
export interface SetRules {
  /** Completes what was sent before anything is checked; `before`: the row that it changes. */
  readonly prepare?: (company: Company, values: Values, input: ReadonlyMap<string, Cell>, before?: Row) => void;
  /** Completes a new row before it is stored. `input`: what was sent, in its order. */
  readonly insert?: (company: Company, row: Values, input: ReadonlyMap<string, Cell>) => void;
  /** Called when the new row, and what came along with it, are stored; returns the row as it is then. */
  readonly inserted?: (company: Company, row: Row) => Row;
  /** Checks and completes the values that are to change. */
  readonly update?: (company: Company, before: Row, values: Values, input: ReadonlyMap<string, Cell>) => void;
  /** Called when the change is stored; returns the row as it is then. */
  readonly updated?: (company: Company, after: Row, before: Row) => Row;
  /** Called whenever a row is stored, also one that comes from a file. */
  readonly stored?: (company: Company, row: Row) => void;
  /** Called before the row is deleted. */
  readonly remove?: (company: Company, row: Row) => void;
  /** Called when it is deleted. */
  readonly removed?: (company: Company, row: Row) => void;
  /** Bound actions by their name without "Microsoft.NAV.". */
  readonly actions?: Readonly<Record<string, (company: Company, row: Row) => void>>;
}

/** The API that a set without a route belongs to. */
export const STANDARD_ROUTE = "v2.0";
/** The API of the extension; its sets exist only while the company has it. */
export const EXTENSION_ROUTE = "tenging/integration/v1.0";

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
  /** The API that it belongs to, {@link STANDARD_ROUTE} by default. */
  readonly route?: string;
  /** Its name in addresses; the name of the set by default. */
  readonly address?: string;
  /** The view leaves out rows for which this is false. */
  readonly has?: (company: Company, row: Row) => boolean;
  /** The rows are computed when they are read. */
  readonly rows?: (company: Company) => readonly Row[];
  /** There is just one row, which this makes up until somebody writes it. */
  readonly single?: (company: Company) => Values;
  /** A column that a list must be narrowed by, by filter or path. */
  readonly within?: string;
  readonly navigation?: Readonly<Record<string, Navigation>>;
  readonly rules?: SetRules;
  /** Columns that no field shows, with their blank values. */
  readonly hidden?: Readonly<Record<string, Cell>>;
  readonly fields: Readonly<Record<string, FieldFact>>;
}

/** Text of at most so many characters. */
export const text = (max: number, more: Partial<FieldFact> = {}): FieldFact => ({ kind: "text", max, ...more });
/** A code of at most so many characters. */
export const code = (max: number, more: Partial<FieldFact> = {}): FieldFact => ({ kind: "code", max, ...more });
/** An exact decimal. */
export const decimal: FieldFact = { kind: "decimal" };
/** True or false. */
export const flag: FieldFact = { kind: "boolean" };
/** A GUID; zeros where there is none. */
export const guid: FieldFact = { kind: "guid" };
/** A choice; the default comes first. */
export const choice = (...values: string[]): FieldFact => ({ kind: "enum", values });
/** A reference that is shown as the id. */
export const byId = (set: string, column: string): FieldFact => ({ kind: "guid", ref: { set, column, by: "id" } });
/** The same reference shown as the number or code. */
export const byKey = (set: string, column: string, max: number): FieldFact =>
  code(max, { ref: { set, column, by: "key" } });
/** The field, refused in writes. */
export const readOnly = (fact: FieldFact): FieldFact => ({ ...fact, readOnly: true });
/** A field that is computed when it is shown. */
export const shown = (fact: FieldFact): FieldFact => ({ ...fact, readOnly: true, shown: true });

/** An entity set that may be read and written in all ways, unless `more` says otherwise. */
export function set(entity: string, fields: SetFact["fields"], more: Partial<SetFact> = {}): SetFact {
  const key = "number" in fields ? "number" : "code" in fields ? "code" : null;
  return { entity, insert: true, modify: true, remove: true, key, series: key === "number", fields, ...more };
}
/** For {@link set}: it can only be read, and has no key of its own. */
export const listOnly = { insert: false, modify: false, remove: false, key: null, series: false } as const;

/** The row that everything without a reference points at. */
export const zeroGuid = "00000000-0000-0000-0000-000000000000";
/** The date that means none. */
export const noDate = "0001-01-01";

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
