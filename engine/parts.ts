/** The flat form of a document's parts in a record's data: "<key>/<field>", and "<key>/" with the part's place. */
import type { Fields, Part, Value } from "../connectors/connector.ts";

/** The data of a record with its parts. */
export function flatten(head: Fields, parts: readonly Part[], fields: readonly string[]): Fields {
  const data: Record<string, Value> = { ...head };
  parts.forEach(({ key, data: part }, place) => {
    data[`${key}/`] = place;
    for (const field of fields) data[`${key}/${field}`] = part[field] ?? null;
  });
  return data;
}

/** The parts of a record's data by key, in their order. */
export function partsIn(data: Fields): ReadonlyMap<string, Fields> {
  const found = new Map<string, Record<string, Value>>();
  const keys = Object.keys(data).filter((name) => name.endsWith("/"));
  for (const name of keys.sort((a, b) => Number(data[a]) - Number(data[b]))) found.set(name.slice(0, -1), {});
  for (const [name, value] of Object.entries(data)) {
    const slash = name.lastIndexOf("/");
    if (slash > 0 && slash < name.length - 1) found.get(name.slice(0, slash))![name.slice(slash + 1)] = value;
  }
  return found;
}

/** The data of a record without its parts. */
export function headOf(data: Fields): Fields {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !name.includes("/")));
}
