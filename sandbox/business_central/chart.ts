/** What a company has for lines that sell no item: G/L accounts, and item charges (which no API shows). */
import { derivedId } from "../derived_id.ts";
import type { Cell } from "../tables.ts";
import { blankRow } from "./company.ts";
import type { Company } from "./facts.ts";
import { put } from "./write.ts";

const accounts: readonly Readonly<Record<string, Cell>>[] = [
  { number: "6100", displayName: "Income", accountType: "Begin-Total" },
  { number: "6110", displayName: "Sales", directPosting: true },
  { number: "6120", displayName: "Sales of services", directPosting: true },
  { number: "6190", displayName: "Sales, old", directPosting: true, blocked: true },
  { number: "6910", displayName: "Freight", directPosting: true },
  { number: "6950", displayName: "Rounding" },
];
const charges: readonly Readonly<Record<string, Cell>>[] = [
  { number: "FREIGHT", displayName: "Freight" },
  { number: "INSURANCE", displayName: "Insurance" },
];

/** Puts the accounts and charges into a company that has none. */
export function addChart(company: Company): void {
  const { tables } = company;
  if (tables.table("accounts").size > 0) return;
  const at = "2024-01-01T00:00:00.000Z";
  tables.transaction(() => {
    for (const account of accounts) {
      const blank = blankRow(company, "accounts", derivedId("accounts", String(account["number"])), at);
      put(company, "accounts", { ...blank, category: "Income", ...account });
    }
    for (const charge of charges) {
      tables.table("itemCharges").put({ id: derivedId("itemCharges", String(charge["number"])), ...charge });
    }
  });
}
