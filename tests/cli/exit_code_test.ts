import { assertEquals, assertStringIncludes } from "@std/assert";
import { exitCodeOfError, explain } from "../../cli/exit_code.ts";
import { DefinitionError, RecordError, ServiceError, StepError } from "../../errors.ts";

const service = (code: string, status = 0) => new ServiceError("Cannot", { service: "dataverse", code, status });
const codes: readonly (readonly [what: string, error: unknown, code: number])[] = [
  ["a fault of ours", new RangeError("x"), 1],
  ["something that is no error", "x", 1],
  ["a definition", new DefinitionError("definition_invalid", "Cannot"), 2],
  ["a missing permission of deno.json", new Deno.errors.NotCapable("Requires net access"), 2],
  ["a record", new RecordError("refused", "Cannot", { step: "items", side: "crm", id: "1" }), 3],
  ["a refused sign-in", service("sign_in_refused", 400), 4],
  ["a missing permission", service("forbidden", 403), 4],
  ["a web page in place of an answer", service("web_page", 200), 4],
  ["a status that means sign-in", service("other", 401), 4],
  ["a service that is away", service("unavailable", 503), 5],
  ["a store in other hands", new ServiceError("Cannot", { service: "store", code: "store_locked" }), 6],
  ["a store that serve has", new ServiceError("Cannot", { service: "store", code: "served_elsewhere" }), 6],
  ["a store of a newer version", new ServiceError("Cannot", { service: "store", code: "store_too_new" }), 2],
  ["a sandbox in other hands", new ServiceError("Cannot", { service: "sandbox", code: "sandbox_in_use" }), 6],
  ["a brake", new StepError("brake", "Cannot", "items"), 7],
];
for (const [what, error, code] of codes) {
  Deno.test(`exitCodeOfError() is ${code} for ${what}`, () => assertEquals(exitCodeOfError(error), code));
}

Deno.test("explain() gives the message and its code, and the stack only for faults of ours", () => {
  assertEquals(
    explain(new DefinitionError("bad_arguments", "Cannot read; write"), "sync"),
    "Cannot read; write [bad_arguments]",
  );
  assertStringIncludes(explain(new RangeError("odd"), "sync"), "RangeError: odd\n    at ");
  assertStringIncludes(explain(new Deno.errors.NotCapable("Requires net access"), "sync"), '"permissions", "sync"');
});
