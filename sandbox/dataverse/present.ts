/** Rows as answers show them. */
import { rawNumber } from "../json.ts";
import { compileFilter, type FilterKind } from "../filter.ts";
import { comparator, type Query } from "../odata.ts";
import type { Cell, Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { refuse } from "./refusal.ts";
import type { Column, TableSchema } from "./schema.ts";
import { columnOf, navigationOf, readName, schemaOf } from "./tables.ts";

export interface Shape {
  /** Columns to show, the key apart; null for all. */
  readonly columns: readonly { readonly name: string; readonly column: Column }[] | null;
  /** Whether an annotation was asked for. */
  readonly annotated: (annotation: string) => boolean;
  readonly expand: Query["expand"];
}

/** Reads $select, $expand and the preference for annotations. Throws Refusal on a property that isn't there. */
export function shapeOf(schema: TableSchema, query: Query, prefer: ReadonlyMap<string, string>): Shape {
  const wanted = (prefer.get("odata.include-annotations") ?? "").split(",").map((part) => part.trim());
  const columns = query.select?.includes("*") ? null : query.select?.map((property) => {
    const found = columnOf(schema, property);
    if (found === undefined) throw unknownProperty(schema, property);
    return found;
  }) ?? null;
  return {
    columns,
    annotated: (annotation) =>
      wanted.some((pattern) =>
        pattern === "*" || pattern === annotation ||
        (pattern.endsWith("*") && annotation.startsWith(pattern.slice(0, -1)))
      ),
    expand: query.expand,
  };
}

/** The refusal for a property that a table doesn't have. */
function unknownProperty(schema: TableSchema, property: string): Error {
  return refuse.query(
    `Could not find a property named '${property}' on type 'Microsoft.Dynamics.CRM.${schema.logical}'.`,
  );
}

/** One row; with its version, and always its key. */
export function present(crm: Crm, schema: TableSchema, { row, shape }: { row: Row; shape: Shape }): object {
  const shown: Record<string, unknown> = { "@odata.etag": etagOf(row), [schema.key]: row.id };
  const all = shape.columns ?? Object.entries(schema.columns).map(([name, column]) => ({ name, column }));
  const money = shape.columns?.some(({ column }) => column.kind === "money") ?? false;
  for (const { name, column } of all) {
    if (name !== schema.key) show(crm, { shown, row, name, column, shape });
  }
  // The service adds a row's currency wherever it shows an amount.
  const currency = schema.columns.transactioncurrencyid;
  if (money && currency !== undefined) {
    show(crm, { shown, row, name: "transactioncurrencyid", column: currency, shape });
  }
  if (schema.set === "systemusers") shown.ownerid = row.id;
  for (const { name, query } of shape.expand) {
    const children = schema.children?.[name];
    if (children !== undefined) {
      shown[name] = presentChildren(crm, { parent: row, children, query, annotated: shape.annotated });
      continue;
    }
    const navigation = navigationOf(schema, name);
    const target = navigation === undefined ? undefined : schemaOf(setOf(navigation.column, row, navigation.name));
    if (navigation === undefined || target === undefined) throw unknownProperty(schema, name);
    const other = navigation.sets.includes(target.set) ? crm.rows(target).get(String(row[navigation.name])) : undefined;
    const inner = { ...shapeOf(target, query, new Map()), annotated: shape.annotated };
    shown[name] = other === undefined ? null : present(crm, target, { row: other, shape: inner });
  }
  return shown;
}

/** The rows that belong to one; nobody pages them. */
function presentChildren(crm: Crm, at: {
  parent: Row;
  children: { readonly set: string; readonly column: string };
  query: Query;
  annotated: Shape["annotated"];
}): object[] {
  const { query } = at;
  const target = schemaOf(at.children.set)!;
  const rules = filterRules(target);
  const test = query.filter === null ? () => true : compileFilter(query.filter, rules);
  const rows = crm.rows(target).where(at.children.column, at.parent.id).filter(test);
  if (query.orderby !== null) rows.sort(comparator(query.orderby, rules));
  const shape = { ...shapeOf(target, query, new Map()), annotated: at.annotated };
  return rows.slice(0, query.top ?? undefined).map((row) => present(crm, target, { row, shape }));
}

function show(crm: Crm, at: {
  shown: Record<string, unknown>;
  row: Row;
  name: string;
  column: Column;
  shape: Shape;
}): void {
  const { shown, row, name, column, shape } = at;
  const property = readName(name, column);
  const value = Object.hasOwn(row, name) ? row[name]! : null;
  shown[property] = shownValue(column, value);
  if (column.kind !== "lookup" || value === null) return;
  const target = schemaOf(setOf(column, row, name));
  if (target === undefined) return;
  const annotate = (annotation: string, text: Cell | undefined) => {
    if (shape.annotated(annotation) && text != null) shown[`${property}@${annotation}`] = text;
  };
  annotate("OData.Community.Display.V1.FormattedValue", crm.rows(target).get(String(value))?.[target.label]);
  annotate("Microsoft.Dynamics.CRM.lookuplogicalname", target.logical);
  const navigation = Object.entries(column.targets!).find(([, set]) => set === target.set)![0];
  annotate("Microsoft.Dynamics.CRM.associatednavigationproperty", name === "ownerid" ? name : navigation);
}

/** The entity set that a lookup of this row points to. */
function setOf(column: Column, row: Row, name: string): string {
  return String(row[`${name}@set`] ?? Object.values(column.targets!)[0]);
}

function shownValue(column: Column, value: Cell): unknown {
  if (column.kind === "boolean") return value ?? false;
  if (value === null) return null;
  if (column.kind === "date") return String(value).slice(0, 10); // one that held instants shows their days
  return ["decimal", "money", "double"].includes(column.kind) ? rawNumber(String(value)) : value;
}

export function etagOf(row: Row): string {
  return `W/"${row.versionnumber}"`;
}

/** How properties of a table compare in $filter and $orderby. */
export function filterRules(schema: TableSchema): {
  kind: (property: string) => FilterKind | undefined;
  value: (row: Row, property: string) => Cell;
  caseInsensitive: true;
} {
  return {
    kind: (property) => {
      const kind = columnOf(schema, property)?.column.kind;
      if (kind === undefined) return undefined;
      if (kind === "lookup") return "guid";
      if (kind === "choice" || kind === "bigint") return "integer";
      return kind === "money" || kind === "double" ? "decimal" : kind;
    },
    value: (row, property) => {
      if (property === schema.key) return row.id;
      const { name, column } = columnOf(schema, property)!;
      return row[name] ?? (column.kind === "boolean" ? false : null);
    },
    caseInsensitive: true,
  };
}
