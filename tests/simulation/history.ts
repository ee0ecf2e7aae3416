/** A history: what users do, when runs are made, and where faults happen. Data, drawn from a seed. */
import { type Chance, chance } from "./chance.ts";
import type { Policies } from "./company.ts";

/** What users do; `pick` and `more` choose among what is there then. */
export interface Act {
  readonly name: ActName;
  readonly pick: number;
  readonly more: number;
}
export type ActName = typeof acts[number][0];

/** With how often each is drawn. */
const acts = [
  ["create in the ERP", 8],
  ["create in the CRM", 8],
  ["create on both sides", 3],
  ["edit in the ERP", 14],
  ["edit in the CRM", 14],
  ["edit both sides alike", 3],
  ["edit both sides differently", 5],
  ["edit different fields", 5],
  ["blank in the ERP", 2],
  ["blank in the CRM", 2],
  ["point elsewhere in the ERP", 3],
  ["point elsewhere in the CRM", 3],
  ["delete in the ERP", 3],
  ["delete in the CRM", 3],
  ["delete one and edit the other", 3],
  ["delete both", 1],
  ["leave the filter", 2],
  ["come back to the filter", 2],
  ["write what is refused", 3],
  ["correct what is refused", 3],
  ["commit late in the ERP", 5],
  ["create late in the ERP", 3],
  ["edit what is one-way", 2],
  ["create what the other side has", 5],
] as const;
const total = acts.reduce((sum, [, weight]) => sum + weight, 0);

/**
 * A fault at the `at`-th call of a run, its `at`-th whole reading, its `at`-th write to a service, or its `at`-th write or
 * weighty save: cursor, intent, mark, outcome. `kind` chooses among those that can happen there.
 */
export interface Fault {
  readonly where: "calls" | "readings" | "writes" | "steps";
  readonly at: number;
  readonly kind: number;
}

export interface Round {
  readonly acts: readonly Act[];
  /** Milliseconds that pass before the run. */
  readonly pause: number;
  /** Read everything again. */
  readonly full: boolean;
  readonly faults: readonly Fault[];
  /** What users do while the run is at its `at`-th call. */
  readonly during: readonly { readonly at: number; readonly act: Act }[];
}

export interface History {
  readonly seed: number;
  /** Its number among those of the seed. */
  readonly number: number;
  readonly policies: Policies;
  readonly setup: readonly Act[];
  readonly rounds: readonly Round[];
}

/** About as many calls as a run makes that finds something to do. */
const calls = 110;

export function historyOf(seed: number, number: number): History {
  const draw = chance(seed, number);
  const first = draw.happens(0.7) ? calls : calls * 2;
  return {
    ...{ seed, number },
    policies: policiesOf(draw),
    setup: times(1 + draw.below(4), () => actOf(draw, draw.pick([0, 1, 2]))),
    rounds: times(2 + draw.below(4), (at) => roundOf(draw, at === 0 ? first : calls)),
  };
}

function policiesOf(draw: Chance): Policies {
  const missing = () => draw.pick(["report", "report", "uncouple", "restore", "delete"] as const);
  return {
    conflict: draw.pick(["stop", "stop", "erp", "crm"]),
    first: draw.pick(["fill", "fill", "erp", "crm"]),
    missing: { erp: missing(), crm: missing() },
    left: draw.pick(["keep", "uncouple"]),
    sweepEvery: draw.pick(["run", "day", "week", "week"]),
  };
}

function roundOf(draw: Chance, length: number): Round {
  const at = () => 1 + draw.below(length);
  return {
    acts: times(draw.below(4), () => actOf(draw)),
    pause: draw.pick([1, 5, 30, 90, 26 * 60]) * 60_000,
    full: draw.happens(0.2),
    faults: times(draw.pick([0, 1, 1, 1, 2, 3]), () => {
      const where = draw.pick(["calls", "calls", "calls", "readings", "writes", "writes", "steps", "steps"] as const);
      const most = { calls: length, readings: 8, writes: 4, steps: 20 }[where];
      return { where, at: 1 + draw.below(most), kind: draw.next() };
    }),
    // What is made on both sides while one of them was read already can't be told from something new.
    during: times(draw.pick([0, 0, 1, 2]), () => ({ at: at(), act: actOf(draw) }))
      .filter(({ act }) => act.name !== "create on both sides"),
  };
}

function actOf(draw: Chance, fixed?: number): Act {
  let left = draw.below(total);
  let index = 0;
  while (left >= acts[index]![1]) left -= acts[index++]![1];
  return { name: acts[fixed ?? index]![0], pick: draw.below(2 ** 30), more: draw.below(2 ** 30) };
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
