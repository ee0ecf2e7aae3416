/** Exact decimals as text ("-12.5"). Halves are rounded away from zero, as both services do with amounts. */

interface Parts {
  /** The value times ten to the power of `scale`. */
  readonly units: bigint;
  readonly scale: number;
}

/** True for what the functions here accept: digits with an optional sign, point and exponent. */
export function isDecimal(text: string): boolean {
  return /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(text);
}

/** The shortest text of the same value: no exponent, no zeros behind the last digit, no minus zero. */
export function canonicalDecimal(text: string): string {
  return format(parse(text)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareDecimals(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  const scale = Math.max(left.scale, right.scale);
  const difference = raised(left, scale) - raised(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** With exactly `scale` digits behind the point. */
export function roundDecimal(text: string, scale: number): string {
  const parts = parse(text);
  if (parts.scale <= scale) return format({ units: raised(parts, scale), scale });
  return format({ units: divided(parts.units, 10n ** BigInt(parts.scale - scale)), scale });
}

/** a / b with exactly `scale` digits behind the point. Throws RangeError when b is zero. */
export function divideDecimals(a: string, b: string, scale: number): string {
  const left = parse(a);
  const right = parse(b);
  const common = Math.max(left.scale, right.scale);
  return format({ units: divided(raised(left, common) * 10n ** BigInt(scale), raised(right, common)), scale });
}

/** a + b, with as many digits behind the point as the longer of the two. */
export function addDecimals(a: string, b: string): string {
  const left = parse(a);
  const right = parse(b);
  const scale = Math.max(left.scale, right.scale);
  return format({ units: raised(left, scale) + raised(right, scale), scale });
}

/** a - b, with as many digits behind the point as the longer of the two. */
export function subtractDecimals(a: string, b: string): string {
  return addDecimals(a, b.startsWith("-") ? b.slice(1) : `-${b}`);
}

/** a × b exactly, with as many digits behind the point as both have together. */
export function multiplyDecimals(a: string, b: string): string {
  const left = parse(a);
  const right = parse(b);
  return format({ units: left.units * right.units, scale: left.scale + right.scale });
}

function parse(text: string): Parts {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new TypeError(`Cannot read "${text}" as a decimal: it isn't one; send digits with a point`);
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const scale = fraction.length - Number(exponent);
  const units = BigInt(`${sign}${whole}${fraction}`);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

function raised(parts: Parts, scale: number): bigint {
  return parts.units * 10n ** BigInt(scale - parts.scale);
}

function divided(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new RangeError("Cannot divide: the divisor is zero; check the exchange rate");
  const negative = (a < 0n) !== (b < 0n);
  const [above, below] = [a < 0n ? -a : a, b < 0n ? -b : b];
  const rounded = (2n * above + below) / (2n * below);
  return negative ? -rounded : rounded;
}

function format({ units, scale }: Parts): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return units < 0n ? `-${text}` : text;
}
