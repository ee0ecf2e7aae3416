/** Rules that several sets of the extension have. */
import { wholeRow } from "./company.ts";
import type { Company, SetRules } from "./facts.ts";
import type { Row } from "../tables.ts";
import { ruleBroken } from "./refusal.ts";

/** These columns are given on creation and stay. */
export function fixed(...columns: readonly string[]): SetRules {
  return {
    update(_company, before, values) {
      for (const column of columns) {
        if (Object.hasOwn(values, column) && values[column] !== (before[column] ?? values[column])) {
          throw ruleBroken(`"${column}" can't be changed once the record exists.`);
        }
      }
    },
  };
}

/** Throws a Refusal when another row of the table has all these values. */
export function refuseTwin(
  company: Company,
  table: string,
  row: Readonly<Record<string, Row[string]>>,
  [first, ...others]: readonly [string, ...string[]],
): void {
  const twins = company.tables.table(table).where(first, row[first]!).filter((other) => {
    const whole = wholeRow(company, table, other);
    return other.id !== row["id"] && others.every((column) => whole[column] === row[column]);
  });
  if (twins.length > 0) {
    throw ruleBroken(`The record already exists: another one has the same ${[first, ...others].join(", ")}.`);
  }
}
