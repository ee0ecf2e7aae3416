/** EntityDefinitions: what a client asks before it relies on change tracking, or on the day of a time stamp. */
import { compileFilter } from "../filter.ts";
import { parseQuery } from "../odata.ts";
import type { Answer } from "../service.ts";
import type { Row } from "../tables.ts";
import { asSet, type Crm } from "./crm.ts";
import { refuse } from "./refusal.ts";
import type { Column, TableSchema } from "./schema.ts";
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

/** Where in the metadata: what stands in the parentheses, and behind them. */
interface Place {
  readonly url: URL;
  readonly base: string;
  readonly key: string | null;
  readonly path: readonly string[];
}

/** Answers GET EntityDefinitions, whole or by LogicalName='…', and the Attributes of one. Throws Refusal. */
export function definitions(crm: Crm, { url, base, key, path }: Place): Answer {
  if (path.length > 0) return attributes(crm, { url, base, key, path });
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

const attributeTypes: Readonly<Record<Column["kind"], string>> = {
  text: "String",
  integer: "Integer",
  bigint: "BigInt",
  decimal: "Decimal",
  money: "Money",
  double: "Double",
  boolean: "Boolean",
  choice: "Picklist",
  datetime: "DateTime",
  date: "DateTime",
  guid: "Uniqueidentifier",
  lookup: "Lookup",
};
const DATES = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata";

/** The columns of a table; the cast to dates shows what their days mean. Other casts are not imitated. */
function attributes(crm: Crm, { url, base, key, path }: Place): Answer {
  const found = schemas.find(({ logical }) => key === `LogicalName='${logical}'`);
  if (found === undefined) throw refuse.noSuchRow("EntityMetadata", key ?? "");
  const [first, cast, ...more] = path;
  if (first !== "Attributes" || (cast ?? DATES) !== DATES || more.length > 0) {
    throw refuse.missing(`EntityDefinitions(…)/${path.join("/")}`);
  }
  const { select, filter } = parseQuery(url.search);
  if (filter !== null) throw refuse.missing("$filter on Attributes");
  const rows = Object.entries(asSet(crm, found).columns).map(([name, column]) => attributeOf(name, column))
    .filter((row) => cast === undefined || row.AttributeType === "DateTime");
  const value = rows.map(({ MetadataId, ...all }) => {
    const shown = cast === undefined ? { ...all, Format: undefined, DateTimeBehavior: undefined } : all;
    const kept = Object.entries(shown).filter(([name]) => select === null || select.includes(name));
    return { ...Object.fromEntries(kept), MetadataId };
  });
  const body = { "@odata.context": `${base}$metadata#EntityDefinitions(${key})/Attributes`, value };
  return { status: 200, body, entity: "EntityDefinitions", rows: value.length };
}

function attributeOf(name: string, column: Column): Record<string, unknown> {
  const isDate = column.kind === "date" || column.kind === "datetime";
  return {
    MetadataId: idOf(name),
    LogicalName: name,
    AttributeType: name === "statecode" ? "State" : name === "statuscode" ? "Status" : attributeTypes[column.kind],
    IsValidForCreate: column.access === undefined || column.access === "insert",
    IsValidForUpdate: column.access === undefined || column.access === "update",
    ...(isDate
      ? {
        Format: column.kind === "date" || column.format === "day" ? "DateOnly" : "DateAndTime",
        DateTimeBehavior: { Value: column.kind === "date" ? "DateOnly" : "UserLocal" },
      }
      : {}),
  };
}

/** A made-up id that is always the same for a name. */
function idOf(name: string): string {
  const number = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xffffffff, 7);
  return `5a7d0b0c-0000-4000-8001-0000${number.toString(16).padStart(8, "0")}`;
}

function rowOf(crm: Crm, schema: TableSchema): Row {
  return {
    id: idOf(schema.logical),
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
