import { assertEquals } from "@std/assert";
import { salespeople } from "../../pipelines/salespeople.ts";
import { agreedOn, merged } from "./rows.ts";

const erp = { code: "PAMELA", displayName: "Pamela Ansman", email: "pamela@example.is", phoneNo: null, jobTitle: null };
const crm = {
  fullname: "Pamela Ansman-Wolfe",
  internalemailaddress: "pamela@example.is",
  mobilephone: "+354 555 1234",
  jobtitle: "Manager",
};

Deno.test("salespeople takes name, e-mail and phone from the user and writes nothing to the CRM", () => {
  const { erp: toErp, crm: toCrm } = merged(salespeople, { erp, crm, base: null });
  assertEquals(toErp, { displayName: "Pamela Ansman-Wolfe", phoneNo: "+354 555 1234" });
  assertEquals(toCrm, {});
});

Deno.test("salespeople puts back what was changed in the ERP", () => {
  const now = { ...erp, displayName: "Somebody else" };
  const decided = merged(salespeople, { erp: now, crm, base: agreedOn({ ...erp, displayName: crm.fullname }, crm) });
  assertEquals(decided.erp, { displayName: "Pamela Ansman-Wolfe" });
});

Deno.test("salespeople never creates and reads only users who may own records", () => {
  assertEquals(salespeople.load, { fromCrm: { unmatched: "leave" } });
  assertEquals(salespeople.extract.crm.filter, { isdisabled: false, islicensed: true, isintegrationuser: false });
});
