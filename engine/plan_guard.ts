/** Tells whether a write is one of a plan's, in a few bytes for each line and field. */
import { createHash } from "node:crypto";
import type { Fields, Value } from "../connectors/connector.ts";
import type { Change, Side } from "../store/store.ts";
import { type Guard, type Guarded, otherSide } from "./context.ts";
import { byOf } from "./lookups.ts";
import { placeholderOf } from "./placeholder.ts";
import type { PlanLine } from "./planned.ts";
import { fieldOf, givenOf } from "./rules.ts";
import { isBlank } from "./same.ts";
import type { Step } from "./step.ts";

type Write = Pick<PlanLine, "step" | "side" | "op" | "source" | "target" | "after" | "before">;

export interface PlanGuard extends Guard {
  add(line: Write): void;
}

/**
 * A guard without lines, for a pipeline. Two different writes are taken for one with a chance of one in 2^64 or so.
 * What stands in the plan for a value that a service chooses is compared with what it would stand for now.
 */
export function planGuard(steps: readonly Step[]): PlanGuard {
  const { put, has } = hashes();
  return {
    add(line) {
      const key = keyOf(line);
      put(hashOf(key));
      put(hashOf(wholeOf(line)));
      for (const [field, value] of Object.entries(line.after)) {
        put(hashOf([key, field, "after", value]));
        put(hashOf([key, field, "before", stoodIn(line, field)]));
      }
    },
    async allows(change, context) {
      const write: Write = { ...change, op: change.op as PlanLine["op"] };
      // What the service refused of a planned write is set aside: the rest of it is planned all the same.
      const idOf = change.reasons.some(({ sent }) => sent !== undefined) ? keyOf : wholeOf;
      const isPlanned = (one: Write) => has(hashOf(idOf(one)));
      const planned = isPlanned(write) ? write : await asPlanned(write, isPlanned, context);
      if (planned === null) return false;
      const key = keyOf(planned);
      for (const [field, value] of Object.entries(write.after)) {
        const isAfter = (one: Value) => has(hashOf([key, field, "after", one]));
        if (!isAfter(value) && !(await stands(context, write, field)).some(isAfter)) return false;
      }
      const isAsBefore = Object.keys(write.after).every((field) =>
        has(hashOf([key, field, "before", stoodIn(write, field)]))
      );
      // What a service made of what this run wrote to the record before is nobody's edit.
      return isAsBefore || await isOurs(context, write);
    },
  };

  /** The write as it was planned where a record that it names was made in the same run; null where it was not planned. */
  async function asPlanned(
    write: Write,
    isPlanned: (one: Write) => boolean,
    context: Guarded,
  ): Promise<Write | null> {
    const { side, source, target } = write;
    const sources = [source, ...await placeholders(context, otherSide(side), source)];
    const targets = [target, ...target === null ? [] : await placeholders(context, side, target)];
    for (const source of sources) {
      for (const target of targets) {
        const variant = { ...write, source, target };
        if (isPlanned(variant)) return variant;
      }
    }
    return null;
  }

  /** What stood in a plan for this record of the step if the plan makes it: it has the ids of those that it is coupled with. */
  async function placeholders(context: Guarded, side: Side, id: string): Promise<readonly string[]> {
    const { name } = context.step.extract[side];
    return (await partnersOf(context, side, id)).map((partner) => placeholderOf(name, partner.id));
  }

  /** The records that steps on the same entity have coupled with this one. */
  async function partnersOf(
    { store, connection, step }: Guarded,
    side: Side,
    id: string,
  ): Promise<readonly { readonly step: string; readonly id: string }[]> {
    const { name } = step.extract[side];
    const names = new Set([step, ...steps].filter((one) => one.extract[side].name === name).map((one) => one.name));
    const found: { step: string; id: string }[] = [];
    for (const step of names) {
      for (const { pair } of await store.lookup(connection, step, side, "id", [id])) {
        found.push({ step, id: side === "erp" ? pair.coupling.crmId : pair.coupling.erpId });
      }
    }
    return found;
  }

  /** What stood in a plan for the value of a field if it is one of a record that the plan makes. */
  async function stands(context: Guarded, write: Write, name: string): Promise<readonly string[]> {
    const { store, connection, compiled } = context;
    const { side, source } = write;
    const other = otherSide(side);
    const slash = name.lastIndexOf("/");
    const of = slash < 0 ? compiled : compiled.parts;
    const field = name.slice(slash + 1);
    const value = write.after[name];
    if (of === null || typeof value !== "string" || field === "") return [];
    const found: string[] = [];
    for (const rule of of.rules.filter((rule) => fieldOf(rule, side) === field)) {
      const by = byOf(rule, side);
      for (const { name, extract } of rule.lookup?.steps ?? []) {
        const entity = extract[side];
        for (const { pair } of await store.lookup(connection, name, side, by, [value])) {
          const partner = side === "erp" ? pair.coupling.crmId : pair.coupling.erpId;
          found.push(placeholderOf(entity.name, partner, by === "id" ? undefined : by === "key" ? entity.key : by));
        }
      }
    }
    if (slash >= 0) return found;
    const taken = [
      ...of.rules.flatMap((rule) => rule.lookup === null && rule[side] === field ? rule[other] ?? [] : []),
      ...givenOf(of.step, side).flatMap((given) => given.field === field ? given.from ?? [] : []),
    ];
    if (taken.length === 0) return found;
    const records = await placeholders(context, other, source);
    return [...found, ...records.flatMap((record) => taken.map((from) => `${record}/${from}`))];
  }

  /** Whether this run has written the record before. */
  async function isOurs(context: Guarded, { side, target }: Write): Promise<boolean> {
    const { store, connection, run } = context;
    if (target === null) return false;
    for (const { step, id } of await partnersOf(context, side, target)) {
      const filter = { step, run, side, sources: [id], states: ["done"] as const };
      const done = await store.changes(connection, filter, { limit: 10 });
      if (done.some(({ op }) => op === "insert" || op === "update")) return true;
    }
    return false;
  }
}

interface Hashes {
  put(hash: bigint): void;
  has(hash: bigint): boolean;
}

function hashes(): Hashes {
  let kept = new BigUint64Array(1024);
  let count = 0;
  let sorted = 0;
  return {
    put(hash) {
      if (count === kept.length) {
        const larger = new BigUint64Array(2 * count);
        larger.set(kept);
        kept = larger;
      }
      kept[count++] = hash;
    },
    has(hash) {
      if (sorted !== count) kept.subarray(0, count).sort();
      sorted = count;
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (kept[middle]! < hash) low = middle + 1;
        else high = middle;
      }
      return low < count && kept[low] === hash;
    },
  };
}

/** A deletion is another one when the record is: all of it goes. */
function keyOf({ step, side, op, source, target, before }: Write): readonly unknown[] {
  return [step, side, op, source, target, op === "delete" ? told(before) : null];
}

/** With the fields that it has. */
function wholeOf(write: Write): readonly unknown[] {
  return [keyOf(write), Object.keys(write.after).sort()];
}

/** What a write puts an end to: the value, or all of a part that goes. The place of a part is nobody's value. */
function stoodIn({ after, before }: Pick<Change, "after" | "before">, field: string): unknown {
  if (!field.endsWith("/")) return isBlank(before[field]) ? null : before[field];
  if (after[field] !== "delete") return null;
  return told(Object.fromEntries(
    Object.entries(before).filter(([name]) => name.startsWith(field) && name !== field),
  ));
}

/** In an order of its own: stores give the fields in theirs. */
function told(fields: Fields): readonly unknown[] {
  const values = Object.entries(fields).map(([name, value]) => [name, isBlank(value) ? null : value] as const);
  return values.sort(([a], [b]) => a < b ? -1 : 1);
}

function hashOf(value: unknown): bigint {
  return createHash("sha1").update(JSON.stringify(value)).digest().readBigUInt64BE();
}
