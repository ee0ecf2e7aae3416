/**
 * The tables of both services: what stands there, who wrote it, and what each value descends from. Users write them at
 * once; the program's writes come through service.ts.
 */
import type { Fields, Value } from "../../connectors/connector.ts";
import { type Lineage, lineage, type Token } from "./lineage.ts";

export type Side = "erp" | "crm";
export type Author = "user" | "program";

/** One record; what it is told apart by stays when it is deleted. */
export interface Record_ {
  readonly id: string;
  readonly entity: Entity;
  /** The thing that it stands for: both sides' records of one customer are the same thing. */
  readonly thing: number;
  readonly creator: Author;
  version: number;
  /** Milliseconds, by the service's clock. */
  stamp: number;
  data: Record<string, Value>;
  tokens: Record<string, Token>;
  isGone: boolean;
  /** Of a user's creation or edit that others don't see yet: what they see until then, null where nothing. */
  uncommitted: { readonly before: Record_["data"] | null; readonly stamp: number; readonly version: number } | null;
}

export interface Entity {
  readonly side: Side;
  readonly name: string;
  /** Fields whose values users care for; both sides call them alike. */
  readonly tracked: readonly string[];
  readonly rows: Map<string, Record_>;
  /** Every id that changed, with a number that grows; deletions too. */
  readonly log: { readonly at: number; readonly id: string }[];
}

/** What happened to a record. */
export interface Happening {
  readonly by: Author;
  readonly op: "create" | "update" | "delete";
  readonly row: Record_;
  /** The fields that were sent. */
  readonly fields: Fields;
  /** Values that went without the new ones having seen them, by field. */
  readonly lost: Readonly<Record<string, Token>>;
}

/** Names of both sides' entities that stand for the same kind of thing, and the fields of them that are followed. */
export const kinds = [
  { erp: "sellers", crm: "users", tracked: [] },
  { erp: "customers", crm: "accounts", tracked: ["name", "phone", "street", "city", "limit"] },
  { erp: "people", crm: "persons", tracked: ["name", "email"] },
  { erp: "regions", crm: "territories", tracked: ["name"] },
] as const;

export interface Tables {
  readonly lineage: Lineage;
  /** Milliseconds, by the clock of both services. */
  now: number;
  readonly happened: Happening[];
  entity(side: Side, name: string): Entity;
  /** `thing` undefined: a new one, or the one that its name was first given to. */
  create(entity: Entity, id: string, fields: Fields, how: { by: Author; thing?: number }): Record_;
  update(row: Record_, fields: Fields, by: Author): void;
  remove(row: Record_, by: Author): void;
  /** From now on everybody sees what was last written here. */
  commit(row: Record_): void;
  things(): number;
  /** How often something was committed late. */
  commits(): number;
  /** Whether something is written that others don't see yet. */
  isHeld(): boolean;
}

/** What a service makes of a value that it is given. */
export function storedOf(side: Side, field: string, value: Value): Value {
  if (value === null || value === "") return null;
  if (side === "crm" && field === "phone") return String(value).replaceAll(" ", "");
  if (side === "crm" && field === "limit") return String(value).replace(/^(\d+)$/, "$1.00");
  if (side === "erp" && field === "name") return String(value).trim();
  return value;
}

export function tables(): Tables {
  const entities = new Map<string, Entity>();
  for (const { erp, crm, tracked } of kinds) {
    for (const [side, name] of [["erp", erp], ["crm", crm]] as const) {
      entities.set(`${side} ${name}`, { side, name, tracked, rows: new Map(), log: [] });
    }
  }
  const known = lineage();
  const nameOfThing = new Map<Token, number>();
  const codeOfThing = new Map<string, number>();
  let clock = 0;
  let things = 0;
  let commits = 0;

  const self: Tables = {
    lineage: known,
    now: Date.UTC(2026, 0, 1),
    happened: [],
    entity: (side, name) => entities.get(`${side} ${name}`)!,
    create(entity, id, fields, { by, thing }) {
      self.now++; // nothing is written twice at one time
      const data = formOf(entity, fields);
      const { tokens } = tokensOf(entity, {}, {}, data, by);
      const named = tokens.name === undefined ? undefined : nameOfThing.get(tokens.name);
      const coded = data.code === undefined ? undefined : codeOfThing.get(String(data.code));
      const row: Record_ = {
        ...{ id, entity, thing: thing ?? (by === "program" ? coded ?? named : undefined) ?? ++things, creator: by },
        ...{ version: ++clock, stamp: self.now, data, tokens, isGone: false, uncommitted: null },
      };
      name(row);
      entity.rows.set(id, row);
      entity.log.push({ at: clock, id });
      self.happened.push({ by, op: "create", row, fields, lost: {} });
      return row;
    },
    update(row, fields, by) {
      self.now++;
      const { entity } = row;
      const data = { ...row.data, ...formOf(entity, fields) };
      const { tokens, lost } = tokensOf(entity, row.data, row.tokens, data, by);
      row.data = data;
      row.tokens = tokens;
      row.version = ++clock;
      row.stamp = self.now;
      if (by === "user") name(row);
      entity.log.push({ at: clock, id: row.id });
      self.happened.push({ by, op: "update", row, fields, lost });
    },
    remove(row, by) {
      row.isGone = true;
      row.version = ++clock;
      row.entity.log.push({ at: clock, id: row.id });
      self.happened.push({ by, op: "delete", row, fields: {}, lost: {} });
    },
    commit(row) {
      if (row.uncommitted === null) return;
      row.uncommitted = null;
      commits++;
      row.entity.log.push({ at: ++clock, id: row.id });
    },
    things: () => things,
    commits: () => commits,
    isHeld: () => [...entities.values()].some(({ rows }) => [...rows.values()].some((row) => row.uncommitted !== null)),
  };
  return self;

  function name(row: Record_): void {
    const token = row.tokens.name;
    if (token !== undefined && token.text !== null && !nameOfThing.has(token)) nameOfThing.set(token, row.thing);
    if (row.data.code !== undefined) codeOfThing.set(String(row.data.code), row.thing);
  }

  function formOf({ side }: Entity, fields: Fields): Record<string, Value> {
    return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, storedOf(side, field, value)]));
  }

  function tokensOf(
    { side, tracked }: Entity,
    before: Fields,
    had: Readonly<Record<string, Token>>,
    data: Fields,
    by: Author,
  ): { tokens: Record<string, Token>; lost: Record<string, Token> } {
    const tokens = { ...had };
    const lost: Record<string, Token> = {};
    for (const field of tracked) {
      const value = data[field] ?? null;
      if (had[field] !== undefined && before[field] === value) continue;
      if (by === "user") tokens[field] = known.typed(field, value, { before: had[field], side });
      else {
        const copy = known.copied(field, value, had[field]);
        tokens[field] = copy.token;
        if (copy.lost !== null) lost[field] = copy.lost;
      }
    }
    return { tokens, lost };
  }
}
