import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { bookedOn, isWriteIn, orderState } from "../../transforms/orders.ts";

const states: readonly (readonly [Parameters<typeof orderState.forward>[0], number])[] = [
  ["Draft", 1],
  ["In Review", 1],
  ["Pending Prepayment", 1],
  ["Released", 1],
  ["Shipped", 3],
  ["Partly Invoiced", 3],
  ["Invoiced", 4],
];

Deno.test("orderState has a state of the CRM for each of the ERP, and takes nothing that only the CRM decides", () => {
  assertEquals(states.map(([state]) => orderState.forward(state)), states.map(([, state]) => state));
  assertEquals(states.map(([state]) => state).toSorted(), [...bc.salesOrders.fields.state.values as string[]].sort());
  const known = dv.salesOrders.fields.statecode.values!;
  assertEquals(states.every(([, state]) => known.includes(state) && state !== 0 && state !== 2), true);
});

Deno.test("bookedOn gives an account to what was written in and to freight only", () => {
  const account = bookedOn({ writeIn: "6110", freight: "6910" });
  assertEquals(account.forward("write-in"), "Account 6110" as never);
  assertEquals(account.forward("freight"), "Account 6910" as never);
  for (const type of ["product", "comment", null] as const) assertEquals(account.forward(type), null);
});

Deno.test("isWriteIn is true where there is neither item nor resource", () => {
  assertEquals(["Item 1896-S", "Resource LINA", null].map((product) => isWriteIn.forward(product)), [
    false,
    false,
    true,
  ]);
});
