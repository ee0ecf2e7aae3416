import { assertEquals } from "@std/assert";
import { sampleText } from "../../cli/sample_text.ts";
import type { SampledField } from "../../engine/sample.ts";

const field = (erp: string | null, crm: string | null, to: SampledField["to"]): SampledField => ({
  erp,
  crm,
  from: to,
  to,
});

Deno.test("sampleText() puts a field on a line, parts below their document, and blank fields at the end", () => {
  const fields: readonly SampledField[] = [
    field("externalDocumentNumber", "ordernumber", "O1"),
    field("workDescription", "description", null),
    { ...field("salespersonCode", "ownerid", null), from: "x", reason: "left as it is" },
    { ...field("orderDate", "submitdate", "2026-02-01"), created: true },
    { ...field("quantity", "quantity", 2), part: "10000" },
    { ...field("lineObject", null, "Account 6110"), part: "10000", created: true },
  ];
  assertEquals(sampleText([{ side: "crm", id: "1", key: "O1", label: "O1", fields }]).split("\n"), [
    "CRM O1",
    "  CRM field    has           → ERP field               would be given",
    '  ordernumber  "O1"          → externalDocumentNumber  "O1"',
    '  ownerid      "x"           → salespersonCode         (left as it is)',
    '  submitdate   "2026-02-01"  → orderDate               "2026-02-01" when created',
    "  blank: description",
    "  part 10000",
    "  quantity    2               → quantity    2",
    '  (constant)  "Account 6110"  → lineObject  "Account 6110" when created',
  ]);
  assertEquals(sampleText([]), "Neither side has a record for this step");
});

Deno.test("sampleText() keeps to 120 columns, and cuts no reason", () => {
  const reason = "Cannot follow it: " + "there is no such record ".repeat(12).trim();
  const long = field("a".repeat(35), "b".repeat(30), "v".repeat(200));
  const fields = [long, { ...long, created: true } as const, { ...long, reason }, field("z".repeat(100), null, null)];
  const text = sampleText([{ side: "erp", id: "1", key: null, label: "Þórr", fields }]);
  assertEquals(text.split("\n").filter((line) => [...line].length > 120), []);
  assertEquals(text.split("\n")[0], "ERP 1 Þórr");
  assertEquals(text.replace(/\s+/g, " ").includes(`${"b".repeat(30)}: ${reason}`), true);
});
