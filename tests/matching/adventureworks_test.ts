import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { type Candidates, couple } from "../../matching/couple.ts";
import { matchKeys } from "../../matching/keys.ts";
import type { Kind } from "../../matching/normal.ts";
import { sharedData, sharedTest } from "../shared.ts";

type Record_ = Record<string, string>;
const groups: readonly (readonly (readonly [string, string, Kind])[])[] = [
  [["number", "accountnumber", "code"]],
  [["displayName", "name", "name"], ["postalCode", "address1_postalcode", "postal"]],
  [["phoneNumber", "telephone1", "phone"], ["postalCode", "address1_postalcode", "postal"]],
];

function rows(path: string): readonly Record_[] {
  return parse(Deno.readTextFileSync(`${sharedData}/${path}`), { skipFirstRow: true }) as Record_[];
}

function candidates(group: typeof groups[number], customers: readonly Record_[], accounts: readonly Record_[]) {
  const found = new Map<string, { key: string; erp: string[]; crm: string[] }>();
  const kinds = group.map(([, , kind]) => kind);
  function put(side: "erp" | "crm", id: string, values: readonly string[]): void {
    const key = matchKeys(values, kinds);
    if (key === null) return;
    if (!found.has(key)) found.set(key, { key, erp: [], crm: [] });
    found.get(key)![side].push(id);
  }
  for (const one of customers) put("erp", one.number!, group.map(([field]) => one[field]!));
  for (const one of accounts) put("crm", one.accountid!, group.map(([, field]) => one[field]!));
  return [...found.values()] as readonly Candidates[];
}

sharedTest("couple() finds most of the known pairs, no false one, and none that is ambiguous on purpose", () => {
  const truth = rows("crm-generated/adventureworks-seed1/truth-accounts.csv");
  const customers = rows("adventureworks/customers.csv");
  const accounts = rows("crm-generated/adventureworks-seed1/accounts.csv");
  const { pairs, ambiguous } = couple(groups.map((group) => candidates(group, customers, accounts)));

  const known = new Set(truth.filter((it) => it.couple === "true").map((it) => `${it.customerNumber} ${it.accountid}`));
  assertEquals(known.size, 636);
  assertEquals(pairs.filter(({ erp, crm }) => !known.has(`${erp} ${crm}`)), []);
  assert(pairs.length >= 430, `${pairs.length} pairs`);
  assertEquals([0, 1, 2].map((group) => pairs.filter((pair) => pair.group === group).length), [41, 375, 28]);

  const doubled = new Set(truth.filter((it) => it.couple === "ambiguous").map((it) => it.accountid!));
  assertEquals(doubled.size, 62);
  assertEquals(pairs.filter(({ crm }) => doubled.has(crm)), []);
  const listed = new Set(ambiguous.filter((one) => one.side === "crm").map((one) => one.id));
  assertEquals([...doubled].filter((id) => !listed.has(id)), []);
});
