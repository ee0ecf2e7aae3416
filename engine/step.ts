/**
 * The grammar of a definition: one step couples one entity of the ERP with one of the CRM.
 *
 * Everything here is data. A rule names its fields, so the engine knows what to read, and the types refuse a rule
 * that does not fit the two fields it stands between.
 */
import type { AnyEntity, Entity, Fields, Key, Ref } from "../connectors/connector.ts";
import type { OneWay, TwoWay, ValueMap } from "../transforms/transform.ts";

export type Direction = "toCrm" | "fromCrm" | "both";
/** Who wins where both sides changed a field; "stop" writes nothing and lists the conflict. */
export type Winner = "erp" | "crm" | "stop";

// Rules: what may stand beside a CRM field. A plain ERP field name copies the value.

export interface Convert<F, T> {
  readonly kind: "convert";
  readonly field: F;
  readonly transform: T;
}
export interface Mapped<F, M> {
  readonly kind: "mapped";
  readonly field: F;
  readonly map: M;
}
export interface Coupled<F, EN, CN> {
  readonly kind: "coupled";
  readonly field: F;
  readonly erp: EN;
  readonly crm: CN;
  readonly steps: readonly Step[];
  readonly options: CoupledOptions;
}
export interface Constant<V> {
  readonly kind: "constant";
  readonly value: V;
}
export interface ToCrm<R> {
  readonly kind: "toCrm";
  readonly rule: R;
}
export interface FromCrm<R> {
  readonly kind: "fromCrm";
  readonly rule: R;
}
export interface OnConflict<R> {
  readonly kind: "onConflict";
  readonly winner: Winner;
  readonly rule: R;
}
export interface Optional<R> {
  readonly kind: "optional";
  readonly rule: R;
}
export interface CoupledOptions {
  /** The source field is blank: clear the other side's lookup (default), or leave what stands there. */
  readonly blank?: "clear" | "leave";
  /** It points at a record that is not coupled: the record waits (default), the field is left or cleared, or it fails. */
  readonly unresolved?: "wait" | "leave" | "clear" | "fail";
}
/** Nothing is assignable to it; its parameter is what the compiler prints. */
export type Refused<Reason extends string> = symbol & { readonly refused: Reason };

// Which rules fit a CRM field of type V, given the ERP row E and the names EX of its fields that are never writable.

type Names<T> = T & string;
type Target<V> = NonNullable<V> extends Ref<infer N> | Key<infer N> ? N : never;
type LookupRule<V, E, F extends keyof E> = [Target<V>] extends [never] ? never
  : [Target<E[F]>] extends [never] ? never
  : Coupled<F, Target<E[F]>, Target<V>>;
type MapRule<V, E, F extends keyof E> = Mapped<F, ValueMap<NonNullable<E[F]>, NonNullable<V>>>;

type To<V, E> =
  | Constant<V>
  | {
    [F in Names<keyof E>]:
      | ([E[F]] extends [V] ? F : never)
      | Convert<F, OneWay<E[F], V>>
      | LookupRule<V, E, F>
      | MapRule<V, E, F>;
  }[Names<keyof E>];
type From<V, E, EX> = {
  [F in Names<Exclude<keyof E, EX>>]:
    | ([V] extends [E[F]] ? F : never)
    | Convert<F, { backward: (value: V) => E[F] }>
    | LookupRule<V, E, F>
    | MapRule<V, E, F>;
}[Names<Exclude<keyof E, EX>>];
type Both<V, E, EX> =
  | Constant<V>
  | {
    [F in Names<Exclude<keyof E, EX>>]:
      | ([E[F], V] extends [V, E[F]] ? F : never)
      | Convert<F, TwoWay<E[F], V>>
      | LookupRule<V, E, F>
      | MapRule<V, E, F>;
  }[Names<Exclude<keyof E, EX>>];

type OrOff<R> = R | Optional<R>;
export type RuleToCrm<V, E> = OrOff<To<V, E>>;
export type RuleFromCrm<V, E, EX> = OrOff<From<V, E, EX>>;
export type RuleBoth<V, E, EX> = OrOff<
  Both<V, E, EX> | OnConflict<Both<V, E, EX>> | ToCrm<To<V, E>> | FromCrm<From<V, E, EX>>
>;
export type RuleReadOnly<V, E, EX> = OrOff<FromCrm<From<V, E, EX>>>;

type Rule<D, V, E, EX, K, CX> = D extends "fromCrm" ? RuleFromCrm<V, E, EX>
  : K extends CX ? D extends "toCrm" ? Refused<`"${Names<K>}" can never be written`> : RuleReadOnly<V, E, EX>
  : D extends "toCrm" ? RuleToCrm<V, E>
  : RuleBoth<V, E, EX>;
type Members<D, E, C, EX, CX> = { readonly [K in keyof C]?: Rule<D, C[K], E, EX, K, CX> };
/** CRM field → rule. The fields under a key "group <name>" are written, merged and in conflict as one. */
export type Transform<D, E, C, EX, CX> = {
  readonly [K in keyof C | `group ${string}`]?: K extends keyof C ? Rule<D, C[K], E, EX, K, CX>
    : Members<D, E, C, EX, CX>;
};

// What is given once, when we create a record; S is the row of the other side.

type Given<V, S> =
  | Constant<V>
  | { [F in Names<keyof S>]: ([S[F]] extends [V] ? F : never) | Convert<F, OneWay<S[F], V>> }[Names<keyof S>];
export type Create<T, S, Closed> = {
  readonly [K in keyof T]?: K extends Closed ? Refused<`"${Names<K>}" can not be written on creation`> : Given<T[K], S>;
};
/** Names of the fields whose access is one of W. */
type WithAccess<A, W> = { [K in keyof A]: A[K] extends W ? K : never }[keyof A];

/** What becomes of a pair whose record was deleted on one side; each acts on the other side, but `restore`. */
export type MissingPolicy = "report" | "uncouple" | "restore" | "delete" | "deactivate";
/** What becomes of a pair whose record left the step's filter on one side. */
export type LeftPolicy = "keep" | "uncouple" | "deactivate";

/** What happens to an uncoupled record that matches nothing; S is the row of its own side. */
export interface Unmatched<S> {
  /** Create it on the other side, or leave it (default). */
  readonly unmatched: "insert" | "leave";
  /** Created only while it has these values: the others are left without a word. */
  readonly when?: Partial<S>;
  /** A field that says why the other side can't hold the record: with a value there it is not created, and listed. */
  readonly unless?: Names<keyof S>;
}
export interface Load<D, E, C> {
  readonly toCrm?: D extends "fromCrm" ? Refused<"this step never writes to the CRM"> : Unmatched<E>;
  readonly fromCrm?: D extends "toCrm" ? Refused<"this step never writes to the ERP"> : Unmatched<C>;
  /** Two-way fields without a base: fill blanks and stop where two values differ (default), or one side wins. */
  readonly first?: "fill" | "erp" | "crm";
  readonly conflict?: Winner;
  /** The record of this side was deleted; "report" where nothing is said. */
  readonly missing?: { readonly erp?: MissingPolicy; readonly crm?: MissingPolicy };
  /** The record of this side left the step's filter; "keep" where nothing is said. */
  readonly left?: { readonly erp?: LeftPolicy; readonly crm?: LeftPolicy };
}

/** "run": in every one. */
export type SweepEvery = "run" | "hour" | "day" | "week";

type Heads<EH extends string, CH extends string> = [EH | CH] extends [never] ? Refused<"these entities are not parts">
  : Step<EH, CH>;
/**
 * One line of a decision table: what holds for a pair whose records have these values. The first line that fits counts.
 * erp, crm: that side wins where both changed a field. nobody: the pair is left alone for now. person: it is left alone
 * and listed with `why`.
 */
export interface Authority<E, C> {
  readonly erp?: Partial<E>;
  readonly crm?: Partial<C>;
  readonly who: "erp" | "crm" | "nobody" | "person";
  /** What happened, and after a semicolon what to do. */
  readonly why?: string;
  /** The CRM's record is done with: that the ERP's is deleted then is no loss, and the pair is over. */
  readonly over?: true;
}
/** CRM field: the ERP field that must agree with it but for rounding. Nothing is written; a difference is listed. */
export type Control<E, C> = { readonly [K in keyof C]?: Names<keyof E> };

// deno-fmt-ignore
export interface Definition<D, E, EN extends string, EA, EH extends string, C, CN extends string, CA, CH extends string> {
  readonly name: string;
  readonly dependsOn?: readonly Step[];
  readonly direction: D;
  readonly extract: { readonly erp: Entity<E, EN, EA, EH>; readonly crm: Entity<C, CN, CA, CH> };
  /** A follow-up: it works on the pairs that this step coupled and never creates. */
  readonly of?: Step<NoInfer<EN>, NoInfer<CN>>;
  /** The step of the heads that these records are parts (lines) of. */
  readonly under?: Heads<NoInfer<EH>, NoInfer<CH>>;
  /** Uncoupled records that agree in all CRM fields of a group are the same record; groups in order of priority. */
  readonly match?: readonly (readonly Names<keyof C>[])[];
  readonly transform: Transform<D, E, C, WithAccess<EA, "never">, WithAccess<CA, "never">>;
  readonly create?: {
    readonly erp?: Create<E, C, WithAccess<EA, "never" | "update">>;
    readonly crm?: Create<C, E, WithAccess<CA, "never" | "update">>;
  };
  readonly control?: Control<E, C>;
  readonly load?: Load<D, E, C>;
  readonly authority?: readonly Authority<E, C>[];
  /** How often everything is looked through for what was deleted, on a side whose service does not tell. */
  readonly sweepEvery?: SweepEvery;
}

/** A definition as the engine sees it; EN and CN are the names of its two entities. */
export interface Step<EN extends string = string, CN extends string = string> {
  readonly name: string;
  readonly dependsOn: readonly Step[];
  readonly direction: Direction;
  readonly extract: {
    readonly erp: AnyEntity & { readonly name: EN };
    readonly crm: AnyEntity & { readonly name: CN };
  };
  readonly of: Step | null;
  readonly under: Step | null;
  readonly match: readonly (readonly string[])[];
  /** As written; rules.ts turns it into a flat list. */
  readonly transform: Readonly<Record<string, unknown>>;
  readonly create: { readonly erp: Readonly<Record<string, unknown>>; readonly crm: Readonly<Record<string, unknown>> };
  readonly control: Readonly<Record<string, string>>;
  readonly load: Load<"both", Fields, Fields>;
  readonly authority: readonly Authority<Fields, Fields>[];
  readonly sweepEvery: SweepEvery;
}

/** Declares a step. Checks nothing at run time: `checkPipeline` does, when the pipeline is loaded. */
// deno-fmt-ignore
export function defineStep<const D extends Direction, E, const EN extends string, EA, EH extends string, C, const CN extends string, CA, CH extends string>(
  definition: Definition<D, E, EN, EA, EH, C, CN, CA, CH>,
): Step<EN, CN> {
  const step = {
    dependsOn: [], of: null, under: null, match: [], control: {}, load: {}, authority: [], sweepEvery: "day",
    ...definition,
    create: { erp: {}, crm: {}, ...definition.create },
  };
  return step as unknown as Step<EN, CN>;
}

/** The value goes through a transform on its way. */
export function convert<const F extends string, T>(field: F, transform: T): Convert<F, T> {
  return { kind: "convert", field, transform };
}
/** The value goes through a value map; one that the map lacks leaves the field out and is listed. */
export function mapped<const F extends string, M>(field: F, map: M): Mapped<F, M> {
  return { kind: "mapped", field, map };
}
/** Always this value. */
export function constant<const V>(value: V): Constant<V> {
  return { kind: "constant", value };
}
/** In a two-way step: this field is written to the CRM only. */
export function toCrm<const R>(rule: R): ToCrm<R> {
  return { kind: "toCrm", rule };
}
/** In a two-way step: this field is written to the ERP only. */
export function fromCrm<const R>(rule: R): FromCrm<R> {
  return { kind: "fromCrm", rule };
}
/** In a two-way step: this field's own conflict policy. */
export function onConflict<const R>(winner: Winner, rule: R): OnConflict<R> {
  return { kind: "onConflict", winner, rule };
}
/** Shipped, but off: take the wrapper away to switch the rule on. */
export function optional<const R>(rule: R): Optional<R> {
  return { kind: "optional", rule };
}

/** A step without a literal name is already an error where it stands; `any` keeps it to that one. */
type NamesOfSide<S, W extends "erp" | "crm"> = S extends Step
  // deno-lint-ignore no-explicit-any
  ? string extends S["extract"][W]["name"] ? any : S["extract"][W]["name"]
  : never;
/** A lookup: the record that `field` points at is found through the couplings of `to`; options, if any, stand last. */
export function coupled<const F extends string, S extends readonly [Step, ...(Step | CoupledOptions)[]]>(
  field: F,
  ...to: S
): Coupled<F, NamesOfSide<S[number], "erp">, NamesOfSide<S[number], "crm">> {
  // What is no object at all is a mistake that the check of the pipeline names.
  const isOptions = (part: unknown): part is CoupledOptions =>
    typeof part === "object" && part !== null && !("extract" in part);
  const steps = to.filter((part) => !isOptions(part));
  const options = to.find(isOptions) ?? {};
  return { kind: "coupled", field, steps, options } as unknown as ReturnType<typeof coupled<F, S>>;
}
