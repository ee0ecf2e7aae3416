import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { priceListState, standardListName } from "../../transforms/price_lists.ts";

Deno.test("standardListName has the company's name and fits the field", () => {
  assertEquals(standardListName.forward("CRONUS ehf."), "Business Central CRONUS ehf.");
  assertEquals(standardListName.forward(null), "Business Central");
  const long = standardListName.forward(`${"x".repeat(82)} ${"y".repeat(17)}`);
  assertEquals(long, `Business Central ${"x".repeat(82)}`); // no blank at the end, which the CRM would cut
  assertEquals(standardListName.forward("x".repeat(100)).length, dv.priceLists.fields.name.max);
});

Deno.test("priceListState is active for active lists only", () => {
  const statuses = bc.priceLists.fields.status.values as Parameters<typeof priceListState.forward>[0][];
  assertEquals(statuses, ["Draft", "Active", "Inactive"]);
  assertEquals(statuses.map((status) => priceListState.forward(status)), [1, 0, 1]);
});
