/** What of the service can be set over /sandbox/business_central; kept with the company's rows. */
import { allowManualNumbers, manualNumbersAllowed } from "./company.ts";
import type { Company } from "./facts.ts";
import type { LateCommits, Lateness } from "./late.ts";

/** Switches and how they stand at first. */
const switches = {
  /** Links to next pages are relative. */
  relativeLinks: false,
  /** A full last page links to an empty one. */
  emptyLastPage: false,
  /** The company has the extension: its API exists. */
  extension: true,
  /** Lines of price lists that are no drafts may be written. */
  editActivePrices: false,
};
export type Switch = keyof typeof switches;

export interface Settings {
  is(name: Switch): boolean;
  /** Applies settings. Throws TypeError when one isn't known or has an unfit value; nothing is set then. */
  apply(wanted: Readonly<Record<string, unknown>>): void;
  all(): Readonly<Record<string, unknown>>;
}

export function openSettings(company: Company, late: LateCommits): Settings {
  const table = company.tables.table("settings");
  const is = (name: Switch) => Boolean(table.get("pages")?.[name] ?? switches[name]);
  const numbered = Object.entries(company.sets).filter(([, { series, insert, of, fields }]) =>
    series && insert && of === undefined && fields["number"]?.readOnly !== true
  ).map(([set]) => set);
  const flags = () => Object.fromEntries(Object.keys(switches).map((name) => [name, is(name as Switch)]));
  return {
    is,
    apply(wanted) {
      const { manualNumbers, lateCommits, ...named } = wanted;
      const lateness = lateCommits === undefined || lateCommits === null ? null : latenessOf(lateCommits);
      for (const [name, value] of Object.entries(named)) {
        if (!Object.hasOwn(switches, name) || typeof value !== "boolean") {
          throw new TypeError(
            `Cannot set "${name}": it isn't known or isn't true or false; ` +
              `set ${Object.keys(switches).join(", ")}, manualNumbers or lateCommits`,
          );
        }
      }
      const series = Object.entries((manualNumbers ?? {}) as Record<string, unknown>);
      for (const [set, manual] of series) {
        if (!numbered.includes(set) || typeof manual !== "boolean") {
          throw new TypeError(
            `Cannot set manualNumbers of "${set}": name ${numbered.join(", ")} with true or false`,
          );
        }
      }
      company.tables.transaction(() => {
        table.put({ id: "pages", ...flags(), ...named as Record<string, boolean> });
        for (const [set, manual] of series) allowManualNumbers(company, set, manual as boolean);
      });
      if (lateness !== null) late.next(lateness);
      else if (lateCommits === null) late.commit();
    },
    all: () => ({
      ...flags(),
      manualNumbers: Object.fromEntries(numbered.map((set) => [set, manualNumbersAllowed(company, set)])),
      lateCommits: { waiting: late.waiting() },
    }),
  };
}

function latenessOf(value: unknown): Lateness {
  const isCount = (number: unknown) => typeof number === "number" && Number.isInteger(number) && number >= 0;
  const { seconds, requests, ...others } = Object(value) as Readonly<Record<string, unknown>>;
  if (isCount(seconds) && (requests === undefined || isCount(requests)) && Object.keys(others).length === 0) {
    return value as Lateness;
  }
  throw new TypeError(
    `Cannot set lateCommits to ${
      JSON.stringify(value)
    }: it needs whole numbers; send {"seconds": 600, "requests": 3}, ` +
      "or null to commit what waits",
  );
}
