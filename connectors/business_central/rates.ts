/** Exchange rates of a day, computed exactly: no float, no rate invented. */

/** A row of `currencyExchangeRates`; amounts are canonical decimals. */
export interface RateRow {
  readonly currencyCode: string;
  /** null: valid from the beginning of time. */
  readonly startingDate: string | null;
  readonly exchangeRateAmount: string;
  /** null: the local currency. */
  readonly relationalCurrencyCode: string | null;
  readonly relationalExchangeRateAmount: string;
}

export interface RateOptions {
  /** The code of the local currency. */
  readonly local: string;
  /** The code of the currency that rates are expressed against. */
  readonly against: string;
  /** "2026-01-31": rates that start later do not count yet. */
  readonly today: string;
}

/** A value as a fraction, in local currency. */
interface Fraction {
  readonly above: bigint;
  readonly below: bigint;
}
const digits = 10;

/**
 * Units of a currency for one unit of `against`, by the rates that are valid today; rounded half up to 10 digits after
 * the point. null where no rate is valid, where rates refer to each other in a circle, or where the rate rounds to 0.
 *
 * A rate row says: exchangeRateAmount of the currency is worth relationalExchangeRateAmount of the relational currency.
 */
export function exchangeRates(rows: readonly RateRow[], options: RateOptions): (code: string) => string | null {
  const valid = new Map<string, RateRow>();
  for (const row of rows) {
    const from = row.startingDate ?? "";
    if (from > options.today) continue;
    const best = valid.get(row.currencyCode);
    if (best === undefined || (best.startingDate ?? "") < from) valid.set(row.currencyCode, row);
  }

  /** What one unit of a currency is worth in local currency. */
  function worth(code: string, behind: readonly string[] = []): Fraction | null {
    if (code === options.local) return { above: 1n, below: 1n };
    const row = behind.includes(code) ? undefined : valid.get(code);
    if (row === undefined) return null;
    const relational = worth(row.relationalCurrencyCode ?? options.local, [...behind, code]);
    const amount = fraction(row.exchangeRateAmount);
    const other = fraction(row.relationalExchangeRateAmount);
    if (relational === null || amount.above <= 0n || other.above <= 0n) return null;
    return {
      above: other.above * amount.below * relational.above,
      below: other.below * amount.above * relational.below,
    };
  }

  const unit = worth(options.against);
  return (code) => {
    const value = worth(code);
    if (unit === null || value === null) return null;
    return rounded({ above: unit.above * value.below, below: unit.below * value.above });
  };
}

function fraction(decimal: string): Fraction {
  const [whole = "0", part = ""] = decimal.split(".");
  return { above: BigInt(whole + part), below: 10n ** BigInt(part.length) };
}

function rounded({ above, below }: Fraction): string | null {
  const scaled = (above * 10n ** BigInt(digits) * 2n + below) / (below * 2n);
  if (scaled === 0n) return null;
  const text = scaled.toString().padStart(digits + 1, "0");
  const part = text.slice(-digits).replace(/0+$/, "");
  return text.slice(0, -digits) + (part === "" ? "" : `.${part}`);
}
