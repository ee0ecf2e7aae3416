/** How a service's row becomes a remembered record, and the ids that we choose. */
import { createHash } from "node:crypto";
import {
  type AnyEntity,
  blankFields,
  type Fields,
  type Identity,
  type Row,
  type Value,
} from "../connectors/connector.ts";
import type { StoredRecord } from "../store/store.ts";
import { digestOf } from "./digest.ts";
import { flatten } from "./parts.ts";

/** The record of a row; `fields` are the ones that are kept, in a fixed order, and `parts` those of its parts. */
export function recordOf(
  entity: AnyEntity,
  fields: readonly string[],
  row: Row,
  parts: readonly string[] = [],
): StoredRecord {
  const head = blankFields(fields);
  const values = new Array<Value>(fields.length);
  for (let at = 0; at < fields.length; at++) values[at] = head[fields[at]!] = row.data[fields[at]!] ?? null;
  const data = row.parts === undefined ? head : flatten(head, row.parts, parts);
  return {
    id: row.id,
    key: textOf(data[entity.key]),
    label: textOf(data[entity.label]),
    data,
    version: row.version,
    modifiedAt: row.modifiedAt,
    fingerprint: row.parts === undefined ? hashOf(values) : fingerprintOf(fields, data),
    frozen: row.frozen ?? null,
    mergedInto: null,
    state: "present",
  };
}

/** Equal for equal values of these fields, and of all parts. */
export function fingerprintOf(fields: readonly string[], data: Fields): string {
  const values: unknown[] = fields.map((field) => data[field] ?? null);
  const parts = Object.keys(data).filter((name) => name.includes("/"));
  for (const name of parts.sort()) values.push(name, data[name]);
  return hashOf(values);
}

/** Equal for equal values in equal order. */
export function hashOf(values: readonly unknown[]): string {
  return digestOf(JSON.stringify(values));
}

/** Whether a record is neither gone nor outside its step's filter. */
export function stands(record: StoredRecord | null): boolean {
  return record?.state === "present" || record?.state === "completed";
}

function textOf(value: Value | undefined): string | null {
  return value === null || value === undefined || value === "" ? null : String(value);
}

/**
 * The id of the record that we create for a source record: a UUID of version 5 (RFC 9562, section 5.5) over the
 * outside identities, so that a store that was lost gives the same ids again. `generation` counts how often the
 * record was created anew after a deletion.
 */
export function derivedId(
  outside: { readonly erp: Identity; readonly crm: Identity },
  step: string,
  source: string,
  generation = 0,
): string {
  const name = JSON.stringify([partsOf(outside.erp), partsOf(outside.crm), step, source, generation]);
  const space = Uint8Array.from([
    0x3d,
    0x5b,
    0x0e,
    0x6a,
    0x91,
    0x2c,
    0x4f,
    0x57,
    0x8a,
    0x0d,
    0x61,
    0xe4,
    0x7b,
    0x19,
    0xc2,
    0x35,
  ]);
  const hash = createHash("sha1").update(space).update(name).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

function partsOf(identity: Identity): readonly (readonly [string, string])[] {
  return Object.entries(identity.parts).sort(([a], [b]) => a < b ? -1 : 1);
}
