/** The contract of what may stand between two fields: conversions of one value, and value maps. Data and pure functions. */
import type { Key, Ref } from "../connectors/connector.ts";

/** Converts one value from the ERP's field to the CRM's (in `create.erp`: the other way). Pure and total. */
export interface OneWay<From, To> {
  readonly name: string;
  readonly forward: (value: From) => To;
  /** Values of the CRM field with an equal normal form are the same value: no difference, nothing to write. */
  normal?(value: To): To;
}

/** A conversion that can be taken back: `forward(backward(x))` is x, unless `lossy` says why it is not. */
export interface TwoWay<From, To> extends OneWay<From, To> {
  readonly backward: (value: To) => From;
  readonly lossy?: string;
}

/** A finite table between values of an ERP field and choices of the CRM; a blank stays blank on both sides. */
export interface ValueMap<From, To> {
  /** The ERP entity whose codes stand on the left, or null where the field holds the value itself. */
  readonly entity: string | null;
  readonly values: Readonly<Record<string, To>>;
  /** Never present; it ties the type of the ERP field to the map. */
  readonly from?: (value: From) => void;
}

/** A value map from the codes of another ERP entity, for a field that refers to that entity by code. */
export function codeMap<const N extends string, const To>(
  entity: N,
  values: Readonly<Record<string, To>>,
): ValueMap<Ref<N> | Key<N>, To> {
  return { entity, values };
}

/** A value map from the values that the ERP field itself can hold. */
export function valueMap<const M extends Readonly<Record<string, unknown>>>(values: M): ValueMap<keyof M, M[keyof M]> {
  return { entity: null, values: values as Readonly<Record<string, M[keyof M]>> };
}
