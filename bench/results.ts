/** What was measured, how it is judged, and how it is told. */

/** What a value must be: at most, or at least, this. */
export interface Goal {
  readonly sign: "<=" | ">=";
  readonly of: number;
}
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against, "limit 3.2 s"; "" for a value that stands for itself. */
  readonly against: string;
  /** Of the two, as the goal means it; null where there is only the value. */
  readonly ratio: number | null;
  /** ">= 0.55": of the ratio, or of the value where there is none. */
  readonly goal: string;
  /** null: void. */
  readonly holds: boolean | null;
  /** Records, or whatever it was measured with. */
  readonly size: string;
  /** Why it is void. */
  readonly why?: string;
}

/** Judges what was measured; `why` makes it void. */
export function judged(
  measured: Omit<Result, "goal" | "holds" | "why">,
  { sign, of }: Goal,
  why: string | null = null,
): Result {
  const judgedValue = measured.ratio ?? measured.value;
  const isGood = sign === "<=" ? judgedValue <= of : judgedValue >= of;
  const isNumber = Number.isFinite(judgedValue);
  const reason = why ?? (isNumber ? null : "it gave no number");
  return {
    ...measured,
    goal: `${sign} ${of}`,
    holds: reason === null ? isGood : null,
    ...(reason === null ? {} : { why: reason }),
  };
}

/** A line that could not be measured at all. */
export function failed(name: string, error: unknown): Result {
  const why = error instanceof Error ? error.message : String(error);
  return { name, value: NaN, unit: "", against: "", ratio: null, goal: "", holds: null, size: "", why };
}

/** The middle one; of an even number the upper of the two. Throws RangeError without any. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot find the median: there are no values; measure at least once");
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** "3.25", "12.5", "1250": three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** A table for people; reasons stand below it. */
export function table(results: readonly Result[]): string {
  const verdict = ({ holds }: Result) => holds === null ? "VOID" : holds ? "yes" : "NO";
  const rows = [
    ["name", "size", "value", "against", "ratio", "goal", "holds"],
    ...results.map((one) => [
      ...[one.name, one.size, `${digits(one.value)} ${one.unit}`.trim(), one.against],
      ...[one.ratio === null ? "" : digits(one.ratio), one.goal, verdict(one)],
    ]),
  ];
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ").trimEnd());
  return [...lines, ...results.filter(({ why }) => why !== undefined).map(({ name, why }) => `${name}: ${why}`)].join(
    "\n",
  );
}

/** The same for programs; a value that is no number is null. */
export function json(results: readonly Result[]): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}
