/** What of the service can be set over /sandbox/business_central; kept with the company's rows. */
import { allowManualNumbers, manualNumbersAllowed } from "./company.ts";
import type { Company } from "./facts.ts";

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

export function openSettings(company: Company): Settings {
  const table = company.tables.table("settings");
  const is = (name: Switch) => Boolean(table.get("pages")?.[name] ?? switches[name]);
  const numbered = Object.entries(company.sets).filter(([, { series, insert, of, fields }]) =>
    series && insert && of === undefined && fields["number"]?.readOnly !== true
  ).map(([set]) => set);
  const flags = () => Object.fromEntries(Object.keys(switches).map((name) => [name, is(name as Switch)]));
  return {
    is,
    apply(wanted) {
      const { manualNumbers, ...named } = wanted;
      for (const [name, value] of Object.entries(named)) {
        if (!Object.hasOwn(switches, name) || typeof value !== "boolean") {
          throw new TypeError(
            `Cannot set "${name}": it isn't known or isn't true or false; ` +
              `set ${Object.keys(switches).join(", ")} or manualNumbers`,
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
    },
    all: () => ({
      ...flags(),
      manualNumbers: Object.fromEntries(numbered.map((set) => [set, manualNumbersAllowed(company, set)])),
    }),
  };
}
