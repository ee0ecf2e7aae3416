/** EntityDefinitions: what a client asks before it relies on change tracking. */
import { compileFilter } from "../filter.ts";
import { parseQuery } from "../odata.ts";
import type { Answer } from "../service.ts";
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { refuse } from "./refusal.ts";
import type { TableSchema } from "./schema.ts";
import { schemas } from "./tables.ts";

const kinds: Readonly<Record<string, "text" | "boolean" | "guid">> = {
  LogicalName: "text",
  EntitySetName: "text",
  LogicalCollectionName: "text",
  PrimaryIdAttribute: "text",
  PrimaryNameAttribute: "text",
  OwnershipType: "text",
  ChangeTrackingEnabled: "boolean",
  IsOptimisticConcurrencyEnabled: "boolean",
  MetadataId: "guid",
};
function kindOf(name: string): "text" | "boolean" | "guid" | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}
const ownership = {
  user: "UserOwned",
  organization: "OrganizationOwned",
  business: "BusinessOwned",
  none: "None",
} as const;

/** Answers GET EntityDefinitions, whole or by LogicalName='…'. Throws Refusal. */
export function definitions(
  crm: Crm,
  { url, base, key }: { url: URL; base: string; key: string | null },
): Answer {
  const query = parseQuery(url.search);
  for (const name of query.select ?? []) {
    if (kindOf(name) === undefined) throw refuse.query(`Could not find a property named '${name}' on EntityMetadata.`);
  }
  const shown = (row: Row): Record<string, unknown> => {
    const { id, ...all } = row;
    const picked = query.select === null ? all : Object.fromEntries(query.select.map((name) => [name, row[name]]));
    return { ...picked, MetadataId: id };
  };
  const rows = schemas.map((schema) => rowOf(crm, schema));
  if (key !== null) {
    const name = /^LogicalName='(\w+)'$/.exec(key)?.[1];
    const found = rows.find((row) => row.LogicalName === name);
    if (found === undefined) throw refuse.noSuchRow("EntityMetadata", key);
    const body = { "@odata.context": `${base}$metadata#EntityDefinitions/$entity`, ...shown(found) };
    return { status: 200, body, entity: "EntityDefinitions", rows: 1 };
  }
  const test = query.filter === null
    ? () => true
    : compileFilter(query.filter, { kind: kindOf, caseInsensitive: true });
  const value = rows.filter(test).map(shown);
  const body = { "@odata.context": `${base}$metadata#EntityDefinitions`, value };
  return { status: 200, body, entity: "EntityDefinitions", rows: value.length };
}

function rowOf(crm: Crm, schema: TableSchema): Row {
  // A made-up id that is always the same for a table.
  const number = [...schema.logical].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xffffffff, 7);
  return {
    id: `5a7d0b0c-0000-4000-8001-0000${number.toString(16).padStart(8, "0")}`,
    LogicalName: schema.logical,
    EntitySetName: schema.set,
    LogicalCollectionName: schema.set,
    PrimaryIdAttribute: schema.key,
    PrimaryNameAttribute: schema.label,
    OwnershipType: ownership[schema.ownership],
    ChangeTrackingEnabled: crm.settings().changeTracking[schema.set] === true,
    IsOptimisticConcurrencyEnabled: true,
  };
}
