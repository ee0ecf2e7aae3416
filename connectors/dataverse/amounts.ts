/** Sums and products of decimals as text: exact, no float. */
import { canonical } from "../json.ts";

/** A whole number of units of 10^-scale. */
interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}

export function plus(one: string, other: string): string {
  return textOf(sum(scaled(one), scaled(other)));
}
export function minus(one: string, other: string): string {
  const { units, scale } = scaled(other);
  return textOf(sum(scaled(one), { units: -units, scale }));
}
export function times(one: string, other: string): string {
  const [first, second] = [scaled(one), scaled(other)];
  return textOf({ units: first.units * second.units, scale: first.scale + second.scale });
}

/** Halves go away from zero, as both services round amounts. */
export function rounded(decimal: string, scale: number): string {
  const value = scaled(decimal);
  if (value.scale <= scale) return canonical(decimal);
  const below = 10n ** BigInt(value.scale - scale);
  const [sign, size] = value.units < 0n ? [-1n, -value.units] : [1n, value.units];
  return textOf({ units: sign * ((size * 2n + below) / (below * 2n)), scale });
}

function sum(one: Scaled, other: Scaled): Scaled {
  const scale = Math.max(one.scale, other.scale);
  const units = [one, other].map((value) => value.units * 10n ** BigInt(scale - value.scale));
  return { units: units[0]! + units[1]!, scale };
}
function scaled(decimal: string): Scaled {
  const [whole = "", part = ""] = canonical(decimal).split(".");
  return { units: BigInt(whole + part), scale: part.length };
}
function textOf({ units, scale }: Scaled): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return canonical(`${units < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`);
}
