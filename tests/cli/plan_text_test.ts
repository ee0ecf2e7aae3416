import { assertEquals, assertStringIncludes } from "@std/assert";
import { costOf, costText, type PlannedStep, recommend, stepText, totalOf } from "../../cli/plan_text.ts";
import { customers } from "../engine/world.ts";

const none = { erp: 0, crm: 0 };
const numbers = {
  erp: 0,
  crm: 0,
  coupledBefore: 0,
  coupled: 0,
  inserts: none,
  updates: none,
  deactivates: none,
  deletes: none,
  uncouples: none,
  listed: {},
};
const cases: readonly (readonly [Partial<typeof numbers>, recommendation: string, reason: string])[] = [
  [{}, "nothing to do", "both sides are empty"],
  [{ erp: 3, coupled: 3, inserts: { erp: 0, crm: 3 } }, "full synchronization", "the CRM is empty"],
  [{ crm: 3, coupled: 3, inserts: { erp: 3, crm: 0 } }, "full synchronization", "the ERP is empty"],
  [{ erp: 3 }, "nothing to do", "the CRM is empty, and the definition creates nothing there"],
  [
    { erp: 3, crm: 2, coupled: 3, inserts: { erp: 0, crm: 1 } },
    "couple",
    "both sides have records: 2 meet by their keys",
  ],
  [{ erp: 3, crm: 3, coupledBefore: 3, coupled: 3 }, "nothing to do", "all is in step"],
  [
    { erp: 3, crm: 3, coupledBefore: 3, coupled: 3, listed: { conflict: 1 } },
    "nothing to do",
    "but for what is listed all is in step",
  ],
  [
    { erp: 3, crm: 3, coupledBefore: 3, coupled: 3, updates: { erp: 1, crm: 0 } },
    "synchronize",
    "something changed since the last run",
  ],
];
for (const [found, recommendation, reason] of cases) {
  Deno.test(`recommend() says "${recommendation}" of ${JSON.stringify(found)}`, () => {
    assertEquals(recommend({ of: null }, { ...numbers, ...found }), { recommendation, reason } as never);
  });
}

const step: PlannedStep = {
  ...{ step: "customers", erp: 3, crm: 3, coupledBefore: 3, coupled: 3, recommendation: "synchronize", reason: "so" },
  ...{
    inserts: none,
    updates: { erp: 0, crm: 2 },
    deactivates: none,
    deletes: none,
    uncouples: none,
    listed: { conflict: 1 },
    left: 2,
    note: "definition changed: load.conflict added",
    inDoubt: [],
    units: 2,
  },
  requests: { read: { erp: 6_000, crm: 2 }, write: { erp: 1, crm: 1 } },
};

Deno.test("stepText() shows what stands, what it becomes, the rule, and the value that loses", () => {
  const text = stepText(step, customers, [{
    ...{ step: "customers", side: "crm", op: "update", source: "c1", target: "a1", name: "Adatum", key: "10" },
    ...{ after: { phone: "2", city: "Ulm" }, before: { phone: "1", city: "Ulm" } },
    rules: { phone: "toCrm phone ← phone", city: "group address: toCrm city ← city" },
    policy: null,
    lost: [{ side: "crm", unit: "phone", values: { phone: "1" }, by: "policy of the step" }],
    left: [{ code: "conflict", field: "name" }],
  }], 1);
  assertEquals(text.split("\n").slice(3), [
    "  Definition changed: load.conflict added",
    "  To the CRM: 2 changed",
    '    ~ 10 "Adatum"',
    '        phone: "1" → "2"   (toCrm phone ← phone)',
    "        name: left out (conflict)",
    '        lost on the CRM: phone "1" (policy of the step)',
    "    … 1 more changed",
    "  Listed: conflict 1",
    "  Outside the filter, left as they are: 2",
  ]);
});

Deno.test("stepText() tells apart what is changed and what is put out of use or deleted since its counterpart is gone", () => {
  const gone = { step: "customers", side: "crm", rules: {}, lost: [], left: [], before: {} } as const;
  const one = { ...gone, op: "update", source: "c1", target: "a1", name: "Adatum", key: "10" } as const;
  const two = { ...gone, op: "delete", source: "c2", target: "a2", name: "Contoso", key: "20" } as const;
  const ending = {
    ...step,
    updates: none,
    deactivates: { erp: 0, crm: 1 },
    deletes: { erp: 0, crm: 1 },
    listed: {},
    left: 0,
  };
  const policy = "missing.erp: deactivate";
  const lines = [
    { ...one, after: { kind: 9 }, before: { kind: 3 }, rules: { kind: policy }, policy },
    {
      ...{ ...two, after: {}, policy: "missing.erp: delete" },
      lost: [{ side: "crm" as const, unit: "record", values: { phone: "5" }, by: "it was deleted" }],
    },
  ];
  assertEquals(stepText(ending, customers, lines, 5).split("\n").slice(4), [
    "  To the CRM: 1 put out of use, 1 deleted",
    '    ~ 10 "Adatum"',
    "        kind: 3 → 9   (missing.erp: deactivate)",
    '    - 20 "Contoso": a2 of the CRM   (missing.erp: delete)',
    '        lost on the CRM: phone "5" (it was deleted)',
  ]);
  const text = "0 new, 2 changed, 1 put out of use, 1 deleted, 0 uncoupled";
  assertEquals(totalOf([step, ending]), { text, changes: 4 });
});

Deno.test("costOf() counts a window of a limit that has to pass first", () => {
  const cost = costOf([step]);
  assertEquals(cost, {
    erp: { read: 6_000, write: 1, atLeast: 300_000 },
    crm: { read: 2, write: 1, atLeast: 0 },
    units: 2,
  });
  assertStringIncludes(costText(cost), "at least 300 s under its limit of 6000 in 5 minutes, 5 at once");
});
