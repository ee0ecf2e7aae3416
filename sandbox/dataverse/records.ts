/** Creating, changing and deleting rows, with what the service does by itself around it. */
import type { Json } from "../json.ts";
import type { Cell, Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { type Input, readInput, type Resolve, type Values } from "./input.ts";
import { keepMoney } from "./money.ts";
import { refuse } from "./refusal.ts";
import { rulesOf } from "./rules.ts";
import type { TableSchema } from "./schema.ts";
import { stamped } from "./stamped.ts";
import { schemas } from "./tables.ts";

const requiredOf: ReadonlyMap<string, readonly string[]> = new Map(schemas.map(({ set, columns }) => {
  const found = Object.entries(columns).filter(([, column]) => column.required === true);
  return [set, found.map(([name]) => name)];
}));

export type Body = Readonly<Record<string, Json>>;

/** Creates a row from a body, its nested rows with it. Everything or nothing. Throws Refusal. */
export function createFromBody(
  crm: Crm,
  schema: TableSchema,
  { body, resolve, id, parent }: { body: Body; resolve: Resolve; id?: string; parent?: Values },
): Row {
  if (!schema.can.create) throw refuse.method("POST");
  return crm.tables.transaction(() => {
    const input = readInput(schema, body, { when: "insert", resolve });
    for (const { column, schema: target, body: inner } of input.nested) {
      input.values[column] = createFromBody(crm, target, { body: inner, resolve }).id;
      if (Object.keys(schema.columns[column]!.targets!).length > 1) input.values[`${column}@set`] = target.set;
    }
    const key = id === undefined ? {} : { [schema.key]: id };
    const row = createRow(crm, schema, { ...input.values, ...parent, ...key });
    for (const { column, schema: target, body: inner } of input.children) {
      createFromBody(crm, target, { body: inner, resolve, parent: { [column]: row.id } });
    }
    return crm.rows(schema).get(row.id)!; // its children may have changed it
  });
}

/** Changes a row by a body. Throws Refusal. */
export function updateFromBody(
  crm: Crm,
  schema: TableSchema,
  { body, resolve, id }: { body: Body; resolve: Resolve; id: string },
): Row {
  const before = crm.rows(schema).get(id);
  if (before === undefined) throw refuse.noSuchRow(schema.logical, id);
  // A client may name the key in the body of an update, as long as it is the row's own.
  const { [schema.key]: own, ...rest } = body;
  if (own !== undefined && String(own).toLowerCase() !== id) {
    throw refuse.argument("The key of a row can't be changed.");
  }
  const input: Input = readInput(schema, rest, { when: "update", resolve });
  return updateRow(crm, schema, { before, values: input.values });
}

/** Creates a row from stored values; what is missing gets the service's defaults. Throws Refusal. */
export function createRow(crm: Crm, schema: TableSchema, values: Values): Row {
  return crm.tables.transaction(() => {
    const id = String(values[schema.key] ?? crm.clock.uuid());
    if (crm.rows(schema).get(id) !== undefined) throw refuse.duplicate();
    const { [schema.key]: _, ...given } = values;
    const at = crm.stamp();
    const row: Values & { id: string } = {
      createdon: (given.overriddencreatedon as string | undefined) ?? at,
      modifiedon: at,
      createdby: crm.me,
      modifiedby: crm.me,
      ...defaultsOf(crm, schema),
      ...given,
      id,
      versionnumber: crm.nextVersion(),
    };
    rulesOf(schema.set).prepare?.(crm, { before: undefined, row, values: given });
    complete(crm, schema, row);
    for (const name of requiredOf.get(schema.set)!) {
      if ((row[name] ?? null) === null) {
        throw refuse.argument(`The attribute '${name}' of '${schema.logical}' cannot be empty.`);
      }
    }
    checkUnique(crm, schema, row);
    crm.rows(schema).put(row);
    crm.deleted(schema).delete(id);
    rulesOf(schema.set).stored?.(crm, { before: undefined, row });
    return crm.rows(schema).get(id)!;
  });
}

/** Changes the given columns of a row. Equal values count as a change, too, as they do with the service. */
export function updateRow(crm: Crm, schema: TableSchema, { before, values }: { before: Row; values: Values }): Row {
  for (const [name, value] of Object.entries(values)) {
    if (value === null && schema.columns[name]?.required) {
      throw refuse.argument(`The attribute '${name}' of '${schema.logical}' cannot be set to NULL.`);
    }
  }
  const row: Values & { id: string } = { ...stamped(crm, { ...before, ...values }) };
  if (values.statecode !== undefined || values.statuscode !== undefined) chooseReason(schema, row, values);
  rulesOf(schema.set).prepare?.(crm, { before, row, values });
  complete(crm, schema, row);
  checkUnique(crm, schema, row);
  return crm.tables.transaction(() => {
    crm.rows(schema).put(row);
    rulesOf(schema.set).stored?.(crm, { before, row });
    return crm.rows(schema).get(row.id)!;
  });
}

/** Deletes a row; rows that point to it are deleted, let go of it, or stop the deletion. Throws Refusal. */
export function deleteRow(crm: Crm, schema: TableSchema, id: string): void {
  if (!schema.can.delete) throw refuse.method("DELETE");
  const row = crm.rows(schema).get(id);
  if (row === undefined) throw refuse.noSuchRow(schema.logical, id);
  rulesOf(schema.set).removing?.(crm, row);
  removeRow(crm, schema, row);
}

function removeRow(crm: Crm, schema: TableSchema, { id, ...values }: Row): void {
  crm.tables.transaction(() => {
    for (const other of schemas) {
      for (const [name, column] of Object.entries(other.columns)) {
        if (column.access === "read" || !Object.values(column.targets ?? {}).includes(schema.set)) continue;
        for (const row of crm.rows(other).where(name, id)) {
          const kind = dependence(schema, other, name);
          if (kind === "stops") throw refuse.inUse(schema.logical, other.logical);
          if (kind === "goes along") removeRow(crm, other, row);
          else updateRow(crm, other, { before: row, values: { [name]: null } });
        }
      }
    }
    crm.rows(schema).delete(id);
    crm.deleted(schema).put({ id, versionnumber: crm.nextVersion() });
    rulesOf(schema.set).removed?.(crm, { ...values, id });
  });
}

function dependence(gone: TableSchema, other: TableSchema, column: string): "stops" | "goes along" | "lets go" {
  if (gone.set === "accounts" && column === "parentcustomerid") return "goes along";
  if (gone.set === "uomschedules" && other.set === "uoms") return "goes along";
  if (Object.values(gone.children ?? {}).some((child) => child.set === other.set && child.column === column)) {
    return "goes along";
  }
  if (gone.set === "salesorders" && other.set === "ordercloses") return "goes along";
  const isNeeded = other.columns[column]!.required || column === "transactioncurrencyid" || column === "baseuom";
  return isNeeded || other.set === "salesorderdetails" ? "stops" : "lets go";
}

function defaultsOf(crm: Crm, schema: TableSchema): Values {
  const values: Values = {};
  if (schema.states !== undefined) [values.statecode, values.statuscode] = [0, schema.states[0]![0]!];
  if (schema.ownership === "user") {
    [values.ownerid, values["ownerid@set"]] = [crm.me, "systemusers"];
  }
  if (schema.columns.organizationid !== undefined) values.organizationid = crm.organizationId;
  if (schema.ownership === "business") values.businessunitid = crm.businessUnitId;
  if (["accounts", "contacts", "products"].includes(schema.set)) values.transactioncurrencyid = crm.baseCurrencyId;
  if (schema.set === "systemusers") {
    Object.assign(values, { isdisabled: false, islicensed: true, isintegrationuser: false, accessmode: 0 });
  }
  if (schema.set === "products") {
    values.productstructure = 1;
    if (crm.organization().createproductswithoutparentinactivestate !== true) {
      [values.statecode, values.statuscode] = [2, 0];
    }
  }
  return values;
}

/** Sets the columns that follow from others: full names, owner parts, rate, money and its value in base currency. */
function complete(crm: Crm, schema: TableSchema, row: Values): void {
  if (schema.set === "contacts" || (schema.set === "systemusers" && row.lastname != null)) {
    row.fullname = [row.firstname, row.lastname].filter((part) => part != null).join(" ");
  }
  if (schema.set === "contacts") {
    const kind = row["parentcustomerid@set"];
    row.accountid = kind === "accounts" ? row.parentcustomerid ?? null : null;
    row.parentcontactid = kind === "contacts" ? row.parentcustomerid ?? null : null;
  }
  if (schema.ownership === "user") {
    const isTeam = row["ownerid@set"] === "teams";
    row.owninguser = isTeam ? null : row.ownerid ?? null;
    row.owningteam = isTeam ? row.ownerid ?? null : null;
    row.owningbusinessunit = crm.businessUnitId;
  }
  if (schema.columns.exchangerate?.access === "read") keepMoney(crm, schema, row);
}

/** A state brings its first reason, and takes no other state's. */
function chooseReason(schema: TableSchema, row: Values, values: Values): void {
  const state = Number(row.statecode);
  const reasons = schema.states![state]!;
  if (values.statuscode === undefined) row.statuscode = reasons[0]!;
  if (!reasons.includes(Number(row.statuscode))) {
    throw refuse.wrongStatus(schema.logical, Number(row.statuscode), state);
  }
}

function checkUnique(crm: Crm, schema: TableSchema, row: Values & { id: string }): void {
  const taken = (columns: readonly string[]): boolean => {
    if (columns.some((column) => (row[column] ?? null) === null)) return false;
    const [first, ...rest] = columns;
    const folded = (value: Cell | undefined) => typeof value === "string" ? value.toLowerCase() : value ?? null;
    return crm.rows(schema).where(first!, row[first!]!).some((other) =>
      other.id !== row.id && rest.every((column) => folded(other[column]) === folded(row[column]))
    );
  };
  if ((schema.unique ?? []).some(taken)) throw refuse.duplicate();
  const violated = (crm.settings().alternateKeys[schema.set] ?? []).find(taken);
  if (violated !== undefined) throw refuse.duplicateKey(violated);
}
