import { assertEquals } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import { bc } from "../../connectors/business_central/entities.ts";
import { paymentTerms } from "../../transforms/payment_terms.ts";
import { productType } from "../../transforms/product_types.ts";
import { shipmentMethods } from "../../transforms/shipment_methods.ts";

Deno.test("paymentTerms gives every choice of the CRM, several codes leading to one", () => {
  assertEquals(paymentTerms.entity, "paymentTerms");
  assertEquals([...new Set(Object.values(paymentTerms.values))].sort(), dv.accounts.fields.paymenttermscode.values);
  assertEquals(["30 DAYS", "30D"].map((code) => paymentTerms.values[code]), [1, 1]);
  assertEquals(paymentTerms.values["14D"], undefined);
});

Deno.test("shipmentMethods gives every choice of the CRM", () => {
  assertEquals(shipmentMethods.entity, "shipmentMethods");
  const choices = [...new Set(Object.values(shipmentMethods.values))].sort();
  assertEquals(choices, dv.accounts.fields.address1_freighttermscode.values);
});

Deno.test("productType has an entry for each type of item", () => {
  assertEquals(productType.entity, null);
  assertEquals(Object.keys(productType.values).sort(), [...bc.items.fields.type.values as string[]].sort());
  assertEquals(productType.values, { "Inventory": 1, "Service": 3, "Non-Inventory": 2 });
});

Deno.test("codes in the value maps are written as Business Central stores codes", () => {
  for (const code of [...Object.keys(paymentTerms.values), ...Object.keys(shipmentMethods.values)]) {
    assertEquals(code, code.trim().toUpperCase());
  }
});
