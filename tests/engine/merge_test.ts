/** The decision table of fields: what each side did since both agreed, the direction, and the policies. */
import { assertEquals } from "@std/assert";
import type { Fields } from "../../connectors/connector.ts";
import { type Lookups, reconcile } from "../../engine/reconcile.ts";
import { rulesOf } from "../../engine/rules.ts";
import type { Direction, Step, Winner } from "../../engine/step.ts";
import { customers } from "./world.ts";

/** Value before, the ERP's and the CRM's; none before: the sides meet for the first time. */
const met = {
  "nobody changed it": ["O", "O", "O"],
  "the ERP changed it": ["O", "E", "O"],
  "the CRM changed it": ["O", "O", "C"],
  "both changed it alike": ["O", "N", "N"],
  "both changed it": ["O", "E", "C"],
  "they meet, and differ": [null, "E", "C"],
  "they meet, the ERP's is blank": [null, null, "C"],
  "they meet, the CRM's is blank": [null, "E", null],
} as const;
type Case = keyof typeof met;

/** What is written ("crm E"), what it overwrites that somebody wrote ("lost C"), or a reason code. */
const oneWay: Readonly<Record<Exclude<Direction, "both">, Readonly<Record<Case, string>>>> = {
  toCrm: {
    "nobody changed it": "",
    "the ERP changed it": "crm E",
    "the CRM changed it": "crm O lost C",
    "both changed it alike": "",
    "both changed it": "crm E lost C",
    "they meet, and differ": "crm E",
    "they meet, the ERP's is blank": "",
    "they meet, the CRM's is blank": "crm E",
  },
  fromCrm: {
    "nobody changed it": "",
    "the ERP changed it": "erp O lost E",
    "the CRM changed it": "erp C",
    "both changed it alike": "",
    "both changed it": "erp C lost E",
    "they meet, and differ": "erp C",
    "they meet, the ERP's is blank": "erp C",
    "they meet, the CRM's is blank": "",
  },
};
const bothWays: Readonly<Record<Case, string>> = {
  "nobody changed it": "",
  "the ERP changed it": "crm E",
  "the CRM changed it": "erp C",
  "both changed it alike": "",
  "both changed it": "CONFLICT",
  "they meet, and differ": "FIRST",
  "they meet, the ERP's is blank": "erp C",
  "they meet, the CRM's is blank": "crm E",
};
const won: Readonly<Record<Winner, string>> = { stop: "conflict", erp: "crm E lost C", crm: "erp C lost E" };

type First = "fill" | "erp" | "crm";
function expected(what: Case, direction: Direction, conflict: Winner, first: First): string {
  if (direction !== "both") return oneWay[direction][what];
  const cell = bothWays[what];
  if (cell === "CONFLICT") return won[conflict];
  return cell === "FIRST" ? won[first === "fill" ? "stop" : first] : cell;
}

const lookups = {} as Lookups; // no rule here asks a coupling
const cases = (Object.keys(met) as Case[]).flatMap((what) =>
  (["both", "toCrm", "fromCrm"] as const).flatMap((direction) =>
    (["stop", "erp", "crm"] as const).map((conflict) => ({ what, direction, conflict }))
  )
);

Deno.test.each(cases)(
  "reconcile() decides a field and a group: $what, direction $direction, conflict $conflict",
  ({ what, direction, conflict }) => {
    const [before, erp, crm] = met[what];
    for (const first of ["fill", "erp", "crm"] as const) {
      const want = expected(what, direction, conflict, first);
      const step = (transform: Step["transform"]) =>
        ({ ...customers, direction, transform, load: { conflict, first } }) as Step;
      const side = (value: string | null): Fields => ({ phone: value, street: value, city: "Rome" });
      const base = before === null ? null : { erp: side(before), crm: side(before) };
      for (
        const [unit, transform] of [
          ["phone", { phone: "phone" }],
          ["group address", { "group address": { street: "street", city: "city" } }],
        ] as const
      ) {
        const field = unit === "phone" ? "phone" : "street";
        const known = base === null && unit !== "phone" ? { erp: { city: "Rome" }, crm: { city: "Rome" } } : base;
        const decision = reconcile(rulesOf(step(transform)), { erp: side(erp), crm: side(crm), base: known }, lookups);
        const told: string[] = decision.reasons.crm.concat(decision.reasons.erp).map(({ code }) => code);
        for (const to of ["crm", "erp"] as const) {
          if (Object.keys(decision[to]).length === 0) continue;
          told.push(to, String(decision[to][field]));
          // A group is written as one.
          assertEquals(Object.keys(decision[to]).length, unit === "phone" ? 1 : 2);
          for (const { side: loser, values, unit: named } of decision.lost[to]) {
            assertEquals([loser, named, Object.keys(values)], [to, unit, [field]]);
            told.push("lost", String(values[field]));
          }
        }
        assertEquals(told.join(" "), want, `${unit}, first ${first}`);
      }
    }
  },
);
