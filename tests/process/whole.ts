/** What the small company has come to once a run is over. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import type { RunningSandbox } from "../e2e/program.ts";
import { before } from "../e2e/small_company.ts";

/** All that is to be there is, and nothing twice. */
export async function assertWhole({ crm }: RunningSandbox): Promise<void> {
  const accounts = await crm("accounts", "?$select=name");
  const products = await crm("products", "?$select=productnumber");
  assertEquals(new Set(accounts.map(({ name }) => name)).size, accounts.length);
  assertEquals([accounts.length, products.length], [before.customers + before.accounts.own, before.items]);
}

/** The lines of a coupling report by what two runs have in common: ids, and numbers that a service gives, are others. */
export function pairsIn(report: string): readonly string[] {
  const lines = parse(report, { skipFirstRow: true }) as Record<string, string>[];
  assert(lines.length > before.customers + before.persons, report);
  return lines.map(({ step, erp_name, crm_name, coupling_state }) =>
    [step, erp_name, crm_name, coupling_state].join(" | ")
  ).sort();
}
