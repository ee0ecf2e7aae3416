/** Tells whether a write is one of a plan's, in a few bytes for each line and field. */
import { createHash } from "node:crypto";
import type { Change } from "../store/store.ts";
import { type Guard, otherSide } from "./context.ts";
import { isPlaceholder, placeholderOf } from "./placeholder.ts";
import type { PlanLine } from "./planned.ts";
import type { Step } from "./step.ts";

type Write = Pick<PlanLine, "step" | "side" | "op" | "source" | "target" | "after">;

export interface PlanGuard extends Guard {
  add(line: Write): void;
}

/** A guard without lines, for a pipeline. Two different writes are taken for one with a chance of one in 2^64 or so. */
export function planGuard(steps: readonly Step[]): PlanGuard {
  const known = new Map(steps.map((step) => [step.name, step]));
  let hashes = new BigUint64Array(1024);
  let count = 0;
  let sorted = 0;

  function put(hash: bigint): void {
    if (count === hashes.length) {
      const larger = new BigUint64Array(2 * count);
      larger.set(hashes);
      hashes = larger;
    }
    hashes[count++] = hash;
  }

  function has(hash: bigint): boolean {
    if (sorted !== count) hashes.subarray(0, count).sort();
    sorted = count;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low < count && hashes[low] === hash;
  }

  /** The write, and as it would be planned where a record that it names was made in the same run. */
  function variants(write: Write): readonly Write[] {
    const step = known.get(write.step);
    if (step === undefined || write.target === null) return [write];
    const { side, source, target } = write;
    const { extract } = step;
    return [
      write,
      { ...write, source: placeholderOf(extract[otherSide(side)].name, target) },
      { ...write, target: placeholderOf(extract[side].name, source) },
    ];
  }

  return {
    add(line) {
      const key = keyOf(line);
      put(hashOf([key, namesOf(line)]));
      for (const [field, value] of Object.entries(line.after)) {
        put(isPlaceholder(value) ? hashOf([key, field]) : hashOf([key, field, value]));
      }
    },
    allows: (change: Change) =>
      variants({ ...change, op: change.op as PlanLine["op"] }).some((write) => {
        const key = keyOf(write);
        // What the service refused of a planned write is set aside: the rest of it is planned all the same.
        const isRest = change.reasons.some(({ sent }) => sent !== undefined);
        return (isRest || has(hashOf([key, namesOf(write)]))) &&
          Object.entries(write.after).every(([field, value]) =>
            has(hashOf([key, field, value])) || has(hashOf([key, field]))
          );
      }),
  };
}

function keyOf({ step, side, op, source, target }: Write): readonly unknown[] {
  return [step, side, op, source, target];
}

function namesOf({ after }: Write): readonly string[] {
  return Object.keys(after).sort();
}

function hashOf(value: unknown): bigint {
  return createHash("sha1").update(JSON.stringify(value)).digest().readBigUInt64BE();
}
