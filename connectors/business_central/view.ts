/** The contract of views: how the fields of a handle stand on pages of the service. */
import type { Value, Write } from "../connector.ts";
import type { RawRow } from "../odata.ts";
import type { Days } from "./extension_days.ts";
import type { Lookups } from "./lookups.ts";

export type Values = Readonly<Record<string, Value>>;
/** What is sent for a write, or why it can't be: a value that leads nowhere. */
export type Body = { readonly body: Readonly<Record<string, unknown>> } | {
  readonly refused: { readonly code: string; readonly message: string; readonly field: string };
};

export interface ReadWork {
  readonly fields: ReadonlySet<string>;
  readonly rows: readonly RawRow[];
  readonly lookups: Lookups;
}
export interface WriteWork {
  readonly writes: readonly Write[];
  readonly lookups: Lookups;
  /** Page rows as they are now, by id. */
  current(ids: readonly string[], properties: readonly string[]): Promise<ReadonlyMap<string, RawRow>>;
}

export interface View {
  /** Fields that are no property of the page, with the properties that they are made of. */
  readonly made: Readonly<Record<string, readonly string[]>>;
  /** The page holds other records too: only those with this value belong to the entity. */
  readonly only?: { readonly property: string; readonly value: string };
  /** Read as a whole each time: what it shows changes without a time stamp. */
  readonly whole?: boolean;
  /** What changes from one day to the next without a time stamp. */
  readonly days?: Days;
  /** Rows that the page lacks, given those it has. */
  more?(rows: readonly RawRow[], lookups: Lookups): Promise<readonly RawRow[]>;
  /** The made fields of rows. */
  fill?(work: ReadWork): Promise<(row: RawRow) => Values>;
  /** What is sent besides the plain fields. */
  send?(work: WriteWork): Promise<(write: Write) => Body>;
}

/** Why a field can't be sent: its value leads nowhere. */
export function refused(code: string, field: string, state: string): Body {
  return {
    refused: { code, field, message: `Cannot write field "${field}": ${state}; create it there or correct the field` },
  };
}
