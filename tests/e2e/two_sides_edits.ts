/** What people do on both sides between two runs: which records they take, what they write there, and how it is to end. */
import { ok, type RunningSandbox } from "./program.ts";
import {
  blank,
  type Couple,
  type Difference,
  type Field,
  page,
  type Reading,
  type Side,
  tableOf,
} from "./two_sides_fields.ts";

/** What happens to a pair: edits of one side, of both, or something after which it is not compared any more. */
type Kind = "erp" | "crm" | "same" | "group" | "merge" | "gone" | "left";

export interface Recipe {
  readonly step: string;
  readonly kind: Kind;
  /** The ERP's field that is edited there; with `kind: "gone"` the ERP's record is the one that is deleted. */
  readonly erp?: string;
  readonly crm?: string;
  /** How many pairs: of a small company, of a big one. */
  readonly pairs: readonly [number, number];
  /** The side that the definition lets win; without it nothing is written where both sides differ. */
  readonly wins?: Side;
  /** What takes the CRM's record out of the filter. */
  readonly leaves?: Readonly<Record<string, number>>;
}

/**
 * On the big scale a hundred edits on each side: thirty pairs are edited on both, ten of them in one field, ten in
 * one group, ten in what has nothing to do with each other. Five records are deleted, five leave the filter.
 */
export const recipes: readonly Recipe[] = [
  { step: "customers", kind: "same", erp: "phoneNumber", crm: "telephone1", pairs: [1, 3] },
  { step: "customers", kind: "same", erp: "website", crm: "websiteurl", wins: "erp", pairs: [1, 2] },
  { step: "customers", kind: "same", erp: "email", crm: "emailaddress1", wins: "crm", pairs: [1, 2] },
  { step: "contacts", kind: "same", erp: "jobTitle", crm: "jobtitle", pairs: [1, 3] },
  { step: "customers", kind: "group", erp: "addressLine1", crm: "address1_city", pairs: [1, 4] },
  { step: "customers", kind: "group", erp: "country", crm: "address1_postalcode", pairs: [0, 2] },
  { step: "contacts", kind: "group", erp: "firstName", crm: "middlename", pairs: [1, 4] },
  { step: "customers", kind: "merge", erp: "creditLimit", crm: "telephone1", pairs: [0, 3] },
  { step: "customers", kind: "merge", erp: "city", crm: "name", pairs: [1, 3] },
  { step: "contacts", kind: "merge", erp: "email", crm: "mobilephone", pairs: [1, 4] },

  { step: "customers", kind: "erp", erp: "displayName", pairs: [0, 6] },
  { step: "customers", kind: "erp", erp: "contactName", pairs: [1, 5] },
  { step: "customers", kind: "erp", erp: "faxNumber", pairs: [0, 5] },
  { step: "customers", kind: "erp", erp: "country", pairs: [0, 6] },
  { step: "customers", kind: "erp", erp: "addressLine2", pairs: [0, 4] },
  { step: "customers", kind: "erp", erp: "salespersonCode", pairs: [0, 6] },
  { step: "customers", kind: "erp", erp: "paymentTermsId", pairs: [0, 4] },
  { step: "customers", kind: "erp", erp: "creditLimit", pairs: [0, 6] },
  { step: "contacts", kind: "erp", erp: "surname", pairs: [1, 6] },
  { step: "contacts", kind: "erp", erp: "phoneNumber", pairs: [0, 6] },
  { step: "items", kind: "erp", erp: "displayName", pairs: [2, 8] },
  { step: "items", kind: "erp", erp: "unitPrice", pairs: [2, 8] },

  { step: "customers", kind: "crm", crm: "name", pairs: [1, 8] },
  { step: "customers", kind: "crm", crm: "telephone1", pairs: [0, 8] },
  { step: "customers", kind: "crm", crm: "fax", pairs: [0, 4] },
  { step: "customers", kind: "crm", crm: "address1_primarycontactname", pairs: [0, 4] },
  { step: "customers", kind: "crm", crm: "address1_country", pairs: [0, 6] },
  { step: "customers", kind: "crm", crm: "address1_line1", pairs: [0, 6] },
  { step: "contacts", kind: "crm", crm: "lastname", pairs: [1, 10] },
  { step: "contacts", kind: "crm", crm: "emailaddress1", pairs: [0, 10] },
  { step: "contacts", kind: "crm", crm: "address1_city", pairs: [0, 8] },
  { step: "salespeople", kind: "crm", crm: "mobilephone", pairs: [1, 6] },

  { step: "customers", kind: "gone", erp: "id", pairs: [0, 1] },
  { step: "customers", kind: "gone", crm: "accountid", pairs: [1, 2] },
  { step: "contacts", kind: "gone", erp: "id", pairs: [1, 1] },
  { step: "contacts", kind: "gone", crm: "contactid", pairs: [0, 1] },
  { step: "customers", kind: "left", leaves: { customertypecode: 5 }, pairs: [0, 1] },
  { step: "customers", kind: "left", leaves: { statecode: 1 }, pairs: [1, 2] },
  { step: "contacts", kind: "left", leaves: { statecode: 1 }, pairs: [0, 2] },
];

/** One value that somebody gives a field. */
export interface Edit {
  readonly side: Side;
  readonly couple: Couple;
  readonly field: Field;
  readonly value: unknown;
}
/** What happens to one pair. */
export interface Event {
  readonly recipe: Recipe;
  readonly couple: Couple;
  readonly edits: readonly Edit[];
}

/** Chooses pairs that nothing is listed for and that are the same on both sides, each for one event. Throws where they run out. */
export function choose(reading: Reading, found: readonly Difference[], scale: 0 | 1): readonly Event[] {
  const unequal = new Set(found.map(({ couple }) => couple));
  const priced = new Set(reading.couples.filter(({ step }) => step === "item prices").map(({ erp }) => erp));
  const persons = reading.erp("contacts").filter(({ type }) => type === "Person");
  const companies = new Set(persons.map((person) => person["customerId"]));
  const free = reading.couples.filter((couple) => {
    if (couple.state !== "coupled" || couple.codes.length > 0 || unequal.has(couple)) return false;
    return couple.step !== "items" || priced.has(couple.erp);
  });
  let n = 0;
  const events: Event[] = [];
  // What must be without persons chooses first.
  for (const recipe of recipes.toSorted((one, other) => Number(isOver(other)) - Number(isOver(one)))) {
    for (let taken = 0; taken < recipe.pairs[scale]; taken++) {
      const at = free.findIndex((couple) => couple.step === recipe.step && fits(recipe, couple));
      if (at < 0) throw new Error(`No pair is left for ${JSON.stringify(recipe)}`);
      const [couple] = free.splice(at, 1) as [Couple];
      n++;
      events.push({ recipe, couple, edits: isOver(recipe) ? [] : editsOf(recipe, couple, n) });
    }
  }
  return events;

  function fits({ step, kind, erp }: Recipe, couple: Couple): boolean {
    const row = reading.rows(couple).erp!;
    if (isOver({ kind }) && step === "customers" && companies.has(couple.erp)) return false;
    return erp !== "salespersonCode" || !blank(row[erp]);
  }
  function editsOf(recipe: Recipe, couple: Couple, n: number): readonly Edit[] {
    return (["erp", "crm"] as const).flatMap((side) => {
      const name = recipe[side];
      if (name === undefined) return [];
      const field = tableOf(recipe.step).fields.find((one) => one[side] === name)!;
      return [{ side, couple, field, value: valueOf(side, name, n, couple) }];
    });
  }
  function valueOf(side: Side, name: string, n: number, couple: Couple): unknown {
    const now = reading.rows(couple)[side]![name];
    const other = <T>(values: readonly T[]) => values.filter((one) => one !== now)[n % (values.length - 1)];
    if (name === "creditLimit" || name === "unitPrice") return 700 + n;
    if (name === "country") return other(["CA", "GB", "FR", "DE"]);
    if (name === "address1_country") return other(["Canada", "France", "Germany"]);
    if (name === "salespersonCode") {
      return other(
        reading.couples.filter(({ step }) => step === "salespeople").map((one) => reading.rows(one).erp!["code"]),
      );
    }
    if (name === "paymentTermsId") {
      return reading.erp("paymentTerms").find(({ id, code }) =>
        id !== now && ["30D", "60D"].includes(String(code))
      )!["id"];
    }
    if (/phone|fax/i.test(name)) return `+354 ${side === "erp" ? 5 : 7}00 ${1000 + n}`;
    if (/email/.test(name)) return `${side}${n}@edit.example`;
    if (/website/.test(name)) return `https://${side}${n}.edit.example`;
    if (/postal/.test(name)) return `${side === "erp" ? 1 : 2}${1000 + n}`;
    return `${side.toUpperCase()} ${n} ${name.replace("address1_", "").slice(0, 16)}`;
  }
}

/** Afterwards the pair is not compared any more. */
export function isOver({ kind }: Pick<Recipe, "kind">): boolean {
  return kind === "gone" || kind === "left";
}

/** Does all of it, as users and other programs would: over HTTP, one request for each edit. */
export async function perform(sandbox: RunningSandbox, events: readonly Event[]): Promise<void> {
  const urls = {
    erp: ({ step, erp }: Couple) =>
      `${sandbox.erpUrl}companies(${sandbox.companyId})/${page(sandbox, tableOf(step).erp)}(${erp})`,
    crm: ({ step, crm }: Couple) => `${sandbox.crmUrl}${tableOf(step).crm}(${crm})`,
  };
  // The extension's page of customers deletes nothing.
  const card = ({ step, erp }: Couple) =>
    step === "customers"
      ? `${sandbox.erpUrl}companies(${sandbox.companyId})/customers(${erp})`
      : urls.erp({ step, erp } as Couple);
  const anyVersion = { "If-Match": "*" };
  for (const { recipe, couple, edits } of events) {
    for (const { side, field, value } of edits) {
      await ok(sandbox.send("PATCH", urls[side](couple), { [field[side]]: value }, anyVersion));
    }
    if (recipe.kind === "gone") {
      await ok(
        sandbox.send("DELETE", recipe.erp === undefined ? urls.crm(couple) : card(couple), undefined, anyVersion),
      );
    }
    if (recipe.kind === "left") await ok(sandbox.send("PATCH", urls.crm(couple), recipe.leaves, anyVersion));
  }
}
