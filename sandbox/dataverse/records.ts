/** Creating, changing and deleting rows, with what the service does by itself around it. */
import { canonicalDecimal, divideDecimals, roundDecimal } from "../decimal.ts";
import type { Json } from "../json.ts";
import type { Cell, Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { type Input, readInput, type Resolve, type Values } from "./input.ts";
import { refuse } from "./refusal.ts";
import type { Column, TableSchema } from "./schema.ts";
import { schemaOf, schemas } from "./tables.ts";

const columnsWith = (test: (name: string, column: Column) => boolean): ReadonlyMap<string, readonly string[]> =>
  new Map(schemas.map(({ set, columns }) => {
    const found = Object.entries(columns).filter(([name, column]) => test(name, column));
    return [set, found.map(([name]) => name)];
  }));
const moneyOf = columnsWith((name, column) => column.kind === "money" && !name.endsWith("_base"));
const requiredOf = columnsWith((_name, column) => column.required === true);

export type Body = Readonly<Record<string, Json>>;

/** Creates a row from a body, its nested rows with it. Everything or nothing. Throws Refusal. */
export function createFromBody(
  crm: Crm,
  schema: TableSchema,
  { body, resolve, id }: { body: Body; resolve: Resolve; id?: string },
): Row {
  if (!schema.can.create) throw refuse.method("POST");
  return crm.tables.transaction(() => {
    const input = readInput(schema, body, { when: "insert", resolve });
    for (const { column, schema: target, body: inner } of input.nested) {
      input.values[column] = createFromBody(crm, target, { body: inner, resolve }).id;
      if (Object.keys(schema.columns[column]!.targets!).length > 1) input.values[`${column}@set`] = target.set;
    }
    return createRow(crm, schema, id === undefined ? input.values : { ...input.values, [schema.key]: id });
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
    complete(crm, schema, row);
    for (const name of requiredOf.get(schema.set)!) {
      if ((row[name] ?? null) === null) {
        throw refuse.argument(`The attribute '${name}' of '${schema.logical}' cannot be empty.`);
      }
    }
    if (schema.set === "products") checkProductUnit(crm, row);
    if (schema.set === "uoms" && row.isschedulebaseuom !== true) row.baseuom ??= baseUnitOf(crm, row);
    checkUnique(crm, schema, row);
    crm.rows(schema).put(row);
    crm.deleted(schema).delete(id);
    if (schema.set === "uomschedules") createBaseUnit(crm, row);
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
  const row: Values & { id: string } = {
    ...before,
    ...values,
    modifiedon: crm.stamp(),
    modifiedby: crm.me,
    versionnumber: crm.nextVersion(),
  };
  if (values.statecode !== undefined || values.statuscode !== undefined) changeState(schema, { before, row, values });
  if (schema.set === "products" && row.defaultuomscheduleid !== before.defaultuomscheduleid) {
    throw refuse.argument("The unit group of a product can't be changed.");
  }
  if (schema.set === "transactioncurrencies" && row.id === crm.baseCurrencyId) {
    if (canonicalDecimal(String(row.exchangerate)) !== "1") {
      throw refuse.argument("The exchange rate of the base currency is always 1.");
    }
  }
  complete(crm, schema, row);
  if (schema.set === "products") checkProductUnit(crm, row);
  checkUnique(crm, schema, row);
  crm.rows(schema).put(row);
  return row;
}

/** Deletes a row; rows that point to it are deleted, let go of it, or stop the deletion. Throws Refusal. */
export function deleteRow(crm: Crm, schema: TableSchema, id: string): void {
  if (!schema.can.delete) throw refuse.method("DELETE");
  if (crm.rows(schema).get(id) === undefined) throw refuse.noSuchRow(schema.logical, id);
  crm.tables.transaction(() => {
    for (const other of schemas) {
      for (const [name, column] of Object.entries(other.columns)) {
        if (column.access === "read" || !Object.values(column.targets ?? {}).includes(schema.set)) continue;
        for (const row of crm.rows(other).where(name, id)) {
          const kind = dependence(schema, other, name);
          if (kind === "stops") throw refuse.inUse(schema.logical, other.logical);
          if (kind === "goes along") deleteRow(crm, other, row.id);
          else updateRow(crm, other, { before: row, values: { [name]: null } });
        }
      }
    }
    crm.rows(schema).delete(id);
    crm.deleted(schema).put({ id, versionnumber: crm.nextVersion() });
  });
}

function dependence(gone: TableSchema, other: TableSchema, column: string): "stops" | "goes along" | "lets go" {
  if (gone.set === "accounts" && column === "parentcustomerid") return "goes along";
  if (gone.set === "uomschedules" && other.set === "uoms") return "goes along";
  return other.columns[column]!.required || column === "transactioncurrencyid" || column === "baseuom"
    ? "stops"
    : "lets go";
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
  if (schema.columns.exchangerate?.access === "read") money(crm, schema, row);
}

/** Money is kept to the precision of its column and shown with four digits; X_base = X / exchangerate. */
function money(crm: Crm, schema: TableSchema, row: Values): void {
  const amounts = moneyOf.get(schema.set)!.filter((name) => row[name] !== undefined);
  if (row.transactioncurrencyid == null && amounts.some((name) => row[name] !== null)) {
    row.transactioncurrencyid = crm.baseCurrencyId;
  }
  const currency = crm.tables.table("transactioncurrencies").get(String(row.transactioncurrencyid));
  row.exchangerate = currency?.exchangerate ?? null;
  const precision = schema.set === "products"
    ? Number(crm.organization().pricingdecimalprecision)
    : Number(currency?.currencyprecision ?? 2);
  for (const name of amounts) {
    const value: Cell = row[name] ?? null;
    row[name] = value === null ? null : roundDecimal(roundDecimal(String(value), precision), 4);
    row[`${name}_base`] = value === null ? null : divideDecimals(String(row[name]), String(row.exchangerate), 4);
  }
}

function changeState(schema: TableSchema, { before, row, values }: { before: Row; row: Values; values: Values }): void {
  const state = Number(row.statecode);
  const reasons = schema.states![state]!;
  if (values.statuscode === undefined) row.statuscode = reasons[0]!;
  if (!reasons.includes(Number(row.statuscode))) {
    throw refuse.wrongStatus(schema.logical, Number(row.statuscode), state);
  }
  if (schema.set === "products" && state === 2 && before.statecode !== 2) {
    throw refuse.wrongStatus(schema.logical, Number(row.statuscode), state);
  }
}

function checkProductUnit(crm: Crm, row: Values): void {
  const unit = crm.tables.table("uoms").get(String(row.defaultuomid));
  if (unit?.uomscheduleid !== row.defaultuomscheduleid) {
    throw refuse.argument("The default unit of the product doesn't belong to its unit group.");
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

function baseUnitOf(crm: Crm, unit: Values): Cell {
  const group = crm.rows(schemaOf("uoms")!).where("uomscheduleid", unit.uomscheduleid!);
  return group.find((row) => row.isschedulebaseuom === true)?.id ?? null;
}

/** A unit group comes with its base unit; nobody chooses that row's id. */
function createBaseUnit(crm: Crm, group: Values & { id: string }): void {
  createRow(crm, schemaOf("uoms")!, {
    name: group.baseuomname!,
    quantity: "1.00",
    uomscheduleid: group.id,
    isschedulebaseuom: true,
  });
}
