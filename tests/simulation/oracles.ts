/**
 * What must hold, whatever happens. It is judged by the services' tables and by what users did; of the engine only the
 * report of the store is read. Each oracle has a name, by which it can be left out.
 */
import type { Fields, Value } from "../../connectors/connector.ts";
import type { Change, Counts, ReportedChange, ReportLine, Run, Settlement, Store } from "../../store/store.ts";
import { canonical } from "./canonical.ts";
import type { Policies } from "./company.ts";
import { plainOf, type Token } from "./lineage.ts";
import { type Happening, kinds, type Record_, type Side, type Tables } from "./tables.ts";

export const oracleNames = [
  "ends", // a run without faults comes to its end
  "no duplicate", // of a thing at most one record stands on each side, at any time
  "nothing missing", // in the end every thing stands once on each side, or is told of
  "nothing revived", // what users deleted is not created again, unless a policy says so
  "nothing deleted unasked", // a record goes only where a user deleted its counterpart
  "filter", // what has left the filter is not written
  "convergence", // in the end both sides of a pair are alike, or what differs is told
  "lineage", // no value of a user is overwritten by one that has not seen it, unless it is told
  "lookups", // nothing is sent that points at a record which is not coupled
  "reasons hold", // what is told as a conflict, as waiting or as missing is so
  "no orphan", // what the program created belongs to a pair, or is told of
  "counts add up",
  "second run", // when all is done a further run writes nothing
] as const;
export type Oracle = typeof oracleNames[number];

export interface Violation {
  readonly oracle: Oracle;
  readonly what: string;
}

export interface Judged {
  readonly tables: Tables;
  readonly store: Store;
  readonly connection: string;
  readonly policies: Policies;
  readonly without: ReadonlySet<Oracle>;
}

export interface Watch {
  readonly violations: readonly Violation[];
  violated(oracle: Oracle, what: string): void;
  /** Looks at what happened since the last time. */
  seen(): void;
  /** Something was saved in a step. */
  saved(step: string, settlement: Settlement): void;
  isCoupled(row: Record_): boolean;
  /** `isClean`: nothing went wrong in it, and no user worked meanwhile. */
  ended(run: Run, isClean: boolean): void;
  /** What was written since then got no answer, or it was not saved: people may have edited it before it was. */
  unsure(since: number): void;
  /**
   * What was written since then was on its way when its run was taken for dead, or given up: no service can be fenced.
   * `isTooLate`: it came later than runs wait for.
   */
  onItsWay(since: number, how?: { readonly isTooLate: boolean }): void;
  /** Judges pairs that nobody deleted, before anybody has looked at all records. */
  soon(): Promise<void>;
  /** Judges the end; `again` runs once more. */
  quiet(again: () => Promise<boolean>): Promise<void>;
  report(): Promise<readonly ReportLine[]>;
  outcome(): Promise<string>;
}

const stepNames = kinds.map(({ erp }) => erp);

export function oracles({ tables, store, connection, policies, without }: Judged): Watch {
  const violations: Violation[] = [];
  /** Records that were coupled at some time, and that are in the end. */
  const coupled = new Set<string>();
  const coupledNow = new Set<string>();
  /** Sides and things of which a record was coupled when a user deleted it. */
  const buried = new Set<string>();
  /** By thing and side of the deletion: what the users who deleted it had seen. */
  const deletions = new Map<string, Set<Token>>();
  const lost: { row: Record_; field: string; token: Token; at: number }[] = [];
  let next = 0;
  let isEarly = false;
  let isOnItsWay = false;
  const unsure = new Set<number>();
  /** Overwritten by such requests: a copy of one goes the same way, since what was written counts as a user's edit. */
  const spent = new Set<Token>();
  /** Created by requests that were on their way when nobody waited for them any more. */
  const late = new Set<Record_>();
  /** Things of which such a request made a record that nobody waits for: too late, or users had deleted one of it. */
  const unawaited = new Set<number>();

  function violated(oracle: Oracle, what: string): void {
    if (!without.has(oracle)) violations.push({ oracle, what });
  }

  function seen(): void {
    for (; next < tables.happened.length; next++) look(tables.happened[next]!);
  }

  function look({ by, op, row, fields, lost: overwritten }: Happening): void {
    const { side } = row.entity;
    const place = `${side} ${row.thing}`;
    if (by === "user") {
      if (op === "create") buried.delete(place);
      if (op !== "delete") return;
      if (self.isCoupled(row)) buried.add(place);
      const had = deletions.get(place) ?? new Set<Token>();
      for (const token of Object.values(row.tokens)) {
        had.add(token);
        for (const one of token.seen) had.add(one);
      }
      deletions.set(place, had);
      return;
    }
    for (const [field, token] of Object.entries(overwritten)) lost.push({ row, field, token, at: next });
    if (op === "delete") return lookAtDeletion(row);
    lookAtLookups(row, fields);
    if (op === "update" && !isOnItsWay && (fields.kind !== undefined || row.data.kind === 1)) {
      violated("filter", `${nameOf(row)} was written although it had left the filter`);
    }
    if (op !== "create") return;
    if (isOnItsWay && isDeleted(row)) unawaited.add(row.thing);
    const others = rowsOf(row.entity.side, row).filter((other) => other !== row && other.thing === row.thing);
    if (others.length > 0 && !unawaited.has(row.thing)) {
      violated("no duplicate", `${nameOf(row)} was created beside ${others.map(nameOf).join(", ")}`);
    }
    if (!isOnItsWay && !unawaited.has(row.thing) && buried.has(place) && policies.missing[side] !== "restore") {
      violated("nothing revived", `${nameOf(row)} was created although a user deleted it`);
    }
  }

  function lookAtDeletion(row: Record_): void {
    const other: Side = row.entity.side === "erp" ? "crm" : "erp";
    const known = deletions.get(`${other} ${row.thing}`);
    if (known === undefined || policies.missing[other] !== "delete" || kindOf(row).erp === "regions") {
      return violated("nothing deleted unasked", `${nameOf(row)} was deleted, by no user's wish and no policy`);
    }
    for (const [field, token] of Object.entries(row.tokens)) {
      const isTaken = field !== "limit" || row.entity.side === "erp";
      if (isTaken && token.text !== null && !known.has(token)) lost.push({ row, field, token, at: next });
    }
  }

  /** A run has seen both sides: what users typed alike before is what they have agreed on. */
  function agree(): void {
    for (const kind of kinds) {
      for (const erp of tables.entity("erp", kind.erp).rows.values()) {
        for (const crm of tables.entity("crm", kind.crm).rows.values()) {
          if (erp.thing !== crm.thing || erp.isGone || crm.isGone) continue;
          if (!self.isCoupled(erp) || !self.isCoupled(crm)) continue;
          for (const field of kind.tracked) {
            if (erp.tokens[field] === crm.tokens[field]) erp.tokens[field]!.typedOn.clear();
          }
        }
      }
    }
  }

  /** What the program sends may only point at records that have a counterpart. */
  function lookAtLookups(row: Record_, fields: Fields): void {
    const { side, name } = row.entity;
    const sent = name === "accounts" ? fields.owner : side === "crm" ? fields.company : fields.customer;
    if (sent === undefined || sent === null) return;
    const [entity, by] = name === "accounts"
      ? ["users", "id"] as const
      : side === "crm"
      ? ["accounts", "id"] as const
      : ["customers", "number"] as const;
    const pointed = [...tables.entity(side, entity).rows.values()]
      .find((one) => (by === "id" ? one.id : one.data.number) === sent);
    const step = entity === "users" ? "sellers" : "customers";
    if (pointed === undefined || !coupled.has(`${side} ${step} ${pointed.id}`)) {
      violated("lookups", `${nameOf(row)} was sent pointing at "${sent}", which is not coupled`);
    }
  }

  function rowsOf(side: Side, like: Record_): Record_[] {
    return [...tables.entity(side, kindOf(like)[side]).rows.values()].filter(({ isGone }) => !isGone);
  }

  async function report(): Promise<ReportLine[]> {
    return (await Array.fromAsync(store.report(connection, stepNames))).flat();
  }

  async function allChanges(
    states: readonly Change["state"][] = ["intended", "sent", "done", "open", "noted", "closed"],
  ): Promise<readonly Change[]> {
    return await store.changes(connection, { states }, { limit: 100_000 });
  }

  async function judge(): Promise<void> {
    const rows = await report();
    const changes = await allChanges();
    coupledNow.clear();
    for (const { step, coupling } of rows) {
      if (coupling?.state !== "coupled") continue;
      coupledNow.add(`erp ${step} ${coupling.erpId}`).add(`crm ${step} ${coupling.crmId}`);
    }
    judgeLost(changes);
    judgeOrphans(rows);
    for (const kind of kinds) judgeThings(kind, rows.filter(({ step }) => step === kind.erp));
  }

  function judgeLost(changes: readonly Change[]): void {
    const told = new Set<string>();
    const tell = (side: Side, values: Fields) => {
      for (const [field, value] of Object.entries(values)) told.add(`${side} ${field} ${plainOf(value)}`);
    };
    for (const { lost, side, op, before } of changes) {
      for (const one of lost) tell(one.side, one.values);
      // What goes one way overwrites what the other side had: it stands with the change.
      if (op === "update" && before.limit !== undefined) tell(side, { limit: before.limit });
    }
    for (const { row, field, token } of lost) {
      if (spent.has(token) || told.has(`${row.entity.side} ${field} ${token.text}`)) continue;
      violated("lineage", `"${token.text}" in ${field} of ${nameOf(row)} went, and nobody was told`);
    }
  }

  function judgeOrphans(rows: readonly ReportLine[]): void {
    const named = new Set<string>();
    for (const { step, coupling, open } of rows) {
      if (coupling !== null) { for (const id of [coupling.erpId, coupling.crmId]) named.add(`${step} ${id}`); }
      for (const { source, target, reasons } of open) {
        for (const id of [reasons.length > 0 ? source : null, target, ...reasons.flatMap(({ about = [] }) => about)]) {
          named.add(`${step} ${id}`);
        }
      }
    }
    for (const kind of kinds) {
      for (const side of ["erp", "crm"] as const) {
        for (const row of tables.entity(side, kind[side]).rows.values()) {
          if (row.creator !== "program" || row.isGone || named.has(`${kind.erp} ${row.id}`)) continue;
          // What it was made for was deleted before it came: it is a record like any other of its side.
          if (late.has(row) && isDeleted(row)) continue;
          violated("no orphan", `${nameOf(row)} was created by the program and belongs to nothing`);
        }
      }
    }
  }

  function judgeThings(kind: typeof kinds[number], rows: readonly ReportLine[]): void {
    const things = new Map<number, { erp: Record_[]; crm: Record_[] }>();
    for (const side of ["erp", "crm"] as const) {
      for (const row of tables.entity(side, kind[side]).rows.values()) {
        const thing = things.get(row.thing) ?? { erp: [], crm: [] };
        thing[side].push(row);
        things.set(row.thing, thing);
      }
    }
    if (kind.erp === "sellers") return;
    for (const [thing, { erp, crm }] of things) {
      const ids = new Set([...erp, ...crm].map(({ id }) => id));
      const open = rows.flatMap(({ open }) => open)
        .filter(({ source, target }) => ids.has(source) || (target !== null && ids.has(target)));
      const parted = rows.some(({ coupling }) =>
        coupling !== null && coupling.state === "tombstone" && (ids.has(coupling.erpId) || ids.has(coupling.crmId))
      );
      judgeThing({ thing, erp, crm, open, parted });
    }
  }

  function judgeThing(
    { thing, erp, crm, open, parted }: {
      thing: number;
      erp: readonly Record_[];
      crm: readonly Record_[];
      open: ReportLine["open"];
      parted: boolean;
    },
  ): void {
    const live = { erp: erp.filter(({ isGone }) => !isGone), crm: crm.filter(({ isGone }) => !isGone) };
    const name = nameOf((live.erp[0] ?? live.crm[0] ?? erp[0] ?? crm[0])!);
    if (unawaited.has(thing) && (live.erp.length > 1 || live.crm.length > 1)) return;
    for (const side of ["erp", "crm"] as const) {
      if (live[side].length > 1) violated("no duplicate", `${live[side].map(nameOf).join(" and ")} are the same thing`);
    }
    const wasDeleted = isDeleted({ thing });
    if (isEarly && wasDeleted) return;
    const isAway = live.crm.some(({ data }) => data.kind !== undefined && data.kind !== 3);
    const reasons = open.flatMap(({ reasons }) => reasons);
    const some = (live.erp[0] ?? live.crm[0] ?? erp[0] ?? crm[0])!;
    for (const change of open) judgeReasons(change, live.erp[0], live.crm[0], { some, isDeleted: wasDeleted, isAway });
    if (live.erp.length === 0 && live.crm.length === 0) {
      if (!wasDeleted) violated("nothing missing", `${name} is gone, and no user deleted it`);
      return;
    }
    if (isAway) return;
    if (parted) {
      const isWanted = wasDeleted || policies.left === "uncouple";
      if (!isWanted) {
        violated("nothing missing", `${name} was parted, and no user deleted one or took it from the filter`);
      }
      const side = live.erp.length === 0 ? "erp" : live.crm.length === 0 ? "crm" : null;
      if (side !== null && policies.missing[side] === "report" && policies.left !== "uncouple") {
        violated("nothing missing", `${name} was parted from its counterpart, which was only to be reported`);
      }
      return;
    }
    if (live.erp.length === 0 || live.crm.length === 0) {
      if (reasons.length === 0) violated("nothing missing", `${name} has no counterpart, and nothing is told of it`);
      return;
    }
    // What waits for a record, or is refused as a whole, is not written at all.
    const excused = new Set(reasons.flatMap(({ code, field }) => code === "waiting" ? "all" : field ?? "all"));
    if (excused.has("all")) return;
    for (const [field, isAlike] of fieldsOf(live.erp[0]!, live.crm[0]!)) {
      const unit = field === "street" || field === "city" ? "group address" : field;
      if (isAlike || excused.has(unit) || excused.has(field)) continue;
      const values = [field, live.erp[0]!.data[field], live.crm[0]!.data[field]].map(String).join(" / ");
      violated("convergence", `${name} differs in ${values}`);
    }
  }

  /** Each mapped field, and whether the two records agree in it. */
  function fieldsOf(erp: Record_, crm: Record_): readonly (readonly [string, boolean])[] {
    const alike = (field: string) => plainOf(erp.data[field]) === plainOf(crm.data[field]);
    const tracked = erp.entity.tracked.map((field) =>
      [field, alike(field) || (field === "limit" && plainOf(erp.data.limit) === null)] as const
    );
    if (erp.entity.name === "regions") return tracked;
    const number = ["number", alike("number")] as const;
    if (erp.entity.name === "customers") {
      const owner: Value = { S1: "m1", S2: "m2" }[String(erp.data.seller)] ?? null;
      return [...tracked, number, ["owner", owner === null || crm.data.owner === owner]];
    }
    const customer = [...tables.entity("erp", "customers").rows.values()]
      .find(({ data, isGone }) => !isGone && data.number === erp.data.customer && erp.data.customer !== null);
    const company = tables.entity("crm", "accounts").rows.get(String(crm.data.company));
    const isOne = erp.data.customer === null
      ? crm.data.company === null
      : customer === undefined || company === undefined || company.thing === customer.thing;
    return [...tracked, number, ["company", isOne]];
  }

  /** What is told must be so: nobody is to be sent after what isn't there. */
  function judgeReasons(
    change: ReportedChange,
    erp: Record_ | undefined,
    crm: Record_ | undefined,
    { some, isDeleted, isAway }: { some: Record_; isDeleted: boolean; isAway: boolean },
  ): void {
    for (const { code, field, about = [], message } of change.reasons) {
      const told = `"${message}" is told of ${nameOf(some)}`;
      const isFollowed = field === "group address" || erp?.entity.tracked.includes(field ?? "") === true;
      if (code === "conflict" && field !== undefined && isFollowed && erp !== undefined && crm !== undefined) {
        const members = field === "group address" ? ["street", "city"] : [field];
        // What users typed on both sides alike nobody had from the other.
        const had = (one: Token, other: Token) => one.seen.has(other) && other.typedOn.size < 2;
        const differing = members.flatMap((name) => {
          const [e, c] = [erp.tokens[name], crm.tokens[name]];
          return e === undefined || c === undefined || e === c ? [] : [{ e, c }];
        });
        const isReal = differing.some(({ e, c }) => !had(c, e)) && differing.some(({ e, c }) => !had(e, c));
        // What a service made of a value can't be told from an edit when the answer to its creation was lost.
        const isUnknown = unsure.has(erp.thing);
        if (!isReal && !isUnknown && !isDeleted) {
          violated("reasons hold", `${told}, and one side had seen the other's value`);
        }
      }
      if (code === "waiting") {
        for (const wanted of about) {
          const [step, key] = wanted.split("/") as [string, string];
          if (step === "sellers") continue; // one seller has no user, ever
          const pointed = [
            ...tables.entity("erp", "customers").rows.values(),
            ...tables.entity("crm", "accounts").rows.values(),
          ]
            .find(({ id, data, isGone }) => !isGone && (id === key || data.number === key));
          if (pointed === undefined) continue;
          const both = (["erp", "crm"] as const).map((side) =>
            [...tables.entity(side, side === "erp" ? "customers" : "accounts").rows.values()]
              .filter(({ thing, isGone }) => thing === pointed.thing && !isGone)
          );
          const stands = both.every((rows) => rows.length === 1 && coupledOnce(rows[0]!)) &&
            both[1]![0]!.data.kind === 3;
          if (stands) violated("reasons hold", `${told}, and that is coupled`);
        }
      }
      if (code === "left" && !isAway && !isDeleted) violated("reasons hold", `${told}, and it is in the filter`);
      if (code === "conflict" && field === undefined && !isDeleted) {
        violated("reasons hold", `${told}, and no user deleted it`);
      }
    }
  }

  function isDeleted({ thing }: { readonly thing: number }): boolean {
    return deletions.has(`erp ${thing}`) || deletions.has(`crm ${thing}`);
  }

  function coupledOnce(row: Record_): boolean {
    return coupledNow.has(`${row.entity.side} customers ${row.id}`) && !isDeleted(row);
  }

  const self: Watch = {
    violations,
    violated,
    seen,
    saved(step, { couplings = [], changes = [] }) {
      seen();
      for (const { side, source, reasons } of changes) {
        if (!reasons.some(({ code }) => code === "missing")) continue;
        const from: Side = side === "erp" ? "crm" : "erp";
        const row = tables.entity(from, kinds.find(({ erp }) => erp === step)![from]).rows.get(source)!;
        if (isDeleted(row)) continue;
        violated("reasons hold", `the counterpart of ${nameOf(row)} is said to be missing, and no user deleted it`);
      }
      for (const { erpId, crmId, state } of couplings) {
        if (state !== "coupled") continue;
        coupled.add(`erp ${step} ${erpId}`);
        coupled.add(`crm ${step} ${crmId}`);
      }
    },
    isCoupled: (row) => coupled.has(`${row.entity.side} ${kindOf(row).erp} ${row.id}`),
    ended(run, isClean) {
      if (isClean) agree();
      for (const { step, toCrm, fromCrm } of run.steps) {
        for (const { counts } of [toCrm, fromCrm]) {
          const { read, ...rest } = counts;
          const sum = Object.values(rest).reduce((one, other) => one + other, 0);
          if (read !== sum || Object.values(counts).some((count) => count < 0)) {
            violated("counts add up", `step "${step}" read ${read} and came to ${JSON.stringify(rest)}`);
          }
        }
      }
      const total = (of: Counts) => JSON.stringify(of);
      const sum = { ...run.totals };
      for (const name of Object.keys(sum) as (keyof Counts)[]) {
        sum[name] = run.steps.reduce((all, { toCrm, fromCrm }) => all + toCrm.counts[name] + fromCrm.counts[name], 0);
      }
      if (total(sum) !== total(run.totals)) violated("counts add up", `the run's totals are ${total(run.totals)}`);
    },
    unsure(since) {
      for (const { by, op, row } of tables.happened.slice(since)) {
        if (by === "program" && op !== "delete") unsure.add(row.thing);
      }
    },
    onItsWay(since, { isTooLate } = { isTooLate: false }) {
      isOnItsWay = true;
      seen();
      isOnItsWay = false;
      self.unsure(since);
      for (const { by, op, row } of tables.happened.slice(since)) {
        if (by !== "program" || op !== "create") continue;
        late.add(row);
        if (isTooLate) unawaited.add(row.thing);
      }
      for (const { token, at } of lost) if (at >= since) spent.add(token);
    },
    async soon() {
      seen();
      isEarly = true;
      await judge();
      isEarly = false;
    },
    async quiet(again) {
      seen();
      await judge();
      for (const { reasons, source } of await allChanges(["open"])) {
        const isWaited = reasons.some(({ code, about = [] }) => code === "unknown_outcome" && about.length === 0);
        if (isWaited) {
          violated("ends", `nobody is told what to do about the creation for ${source}, which stays in doubt`);
        }
      }
      const before = tables.happened.length;
      await again();
      seen();
      for (const { row, op } of tables.happened.slice(before)) {
        violated("second run", `${nameOf(row)} was written (${op}) when all was done`);
      }
    },
    report,
    async outcome() {
      const rows = await report();
      const sent = tables.happened.filter(({ by }) => by === "program")
        .map(({ op, row, fields }) => [op, row.entity.side, row.entity.name, row.id, fields]);
      return canonical([sent, await allChanges(), rows]);
    },
  };
  return self;
}

function kindOf({ entity }: Record_): typeof kinds[number] {
  return kinds.find((kind) => kind[entity.side] === entity.name)!;
}

function nameOf({ entity, id, data, thing }: Record_): string {
  return `${entity.side} ${entity.name} ${id} "${data.name ?? data.code ?? ""}" (thing ${thing})`;
}
