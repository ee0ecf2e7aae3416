import { assertEquals } from "@std/assert";
import { didYouMean } from "../../engine/did_you_mean.ts";

const names = ["customers", "contacts", "items", "units"];

Deno.test.each([
  { written: "custmers", near: "customers" },
  { written: "Customers", near: "customers" },
  { written: "contatcs", near: "contacts" },
  { written: "item", near: "items" },
  { written: "orders", near: null },
  { written: "", near: null },
])("didYouMean() finds $near for $written", ({ written, near }) => {
  assertEquals(didYouMean(written, names), near);
});

Deno.test("didYouMean() takes the nearest of several", () => {
  assertEquals(didYouMean("address1_cit", ["address2_city", "address1_city", "address1_line1"]), "address1_city");
});
