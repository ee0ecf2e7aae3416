import { assertEquals } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import { bc } from "../../connectors/business_central/entities.ts";
import { orderPaymentTerms, paymentTerms } from "../../transforms/payment_terms.ts";
import { productState, productType } from "../../transforms/product_types.ts";
import { orderShipmentMethods, shipmentMethods } from "../../transforms/shipment_methods.ts";
import { shippingAgents } from "../../transforms/shipping_agents.ts";

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

Deno.test("productState retires what is blocked", () => {
  assertEquals([false, true].map((blocked) => productState.forward(blocked)), [0, 1]);
});

Deno.test("the value maps of orders give every choice of the CRM once, with a code that customers' maps know", () => {
  const maps = [
    [orderPaymentTerms, paymentTerms, dv.salesOrders.fields.paymenttermscode],
    [orderShipmentMethods, shipmentMethods, dv.salesOrders.fields.freighttermscode],
    [shippingAgents, shippingAgents, dv.salesOrders.fields.shippingmethodcode],
  ] as const;
  for (const [map, customers, field] of maps) {
    assertEquals(Object.values<number>(map.values).toSorted(), field.values);
    for (const [code, choice] of Object.entries(map.values)) assertEquals(customers.values[code], choice, code);
  }
  assertEquals(dv.accounts.fields.address1_shippingmethodcode.values, Object.values(shippingAgents.values));
});

Deno.test("codes in the value maps are written as Business Central stores codes", () => {
  for (const code of [paymentTerms, shipmentMethods, shippingAgents].flatMap(({ values }) => Object.keys(values))) {
    assertEquals(code, code.trim().toUpperCase());
  }
});
