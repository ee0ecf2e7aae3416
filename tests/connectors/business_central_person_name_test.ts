import { assertEquals } from "@std/assert";
import { joinName, splitName } from "../../connectors/business_central/person_name.ts";

Deno.test("splitName() and joinName() agree with the service's way of splitting", () => {
  const cases: [string, string | null, string | null, string | null][] = [
    ["Björk", null, null, "Björk"],
    ["Anna Sigurðardóttir", "Anna", null, "Sigurðardóttir"],
    ["Jón Þór Ólafsson", "Jón", "Þór", "Ólafsson"],
    ["Jón Þór Ægir Ólafsson", "Jón Þór", "Ægir", "Ólafsson"],
    ["", null, null, null],
  ];
  for (const [name, firstName, middleName, lastName] of cases) {
    assertEquals(splitName(name), { firstName, middleName, lastName });
    assertEquals(joinName({ firstName, middleName, lastName }), name);
  }
  assertEquals(splitName("  Jón   Ólafsson "), { firstName: "Jón", middleName: null, lastName: "Ólafsson" });
  assertEquals(joinName({ firstName: " Jón ", middleName: "", lastName: "Ólafsson" }), "Jón Ólafsson");
});
