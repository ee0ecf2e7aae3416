import { assertEquals } from "@std/assert";
import { type Case, casesOf, verdict } from "./gate.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.1">
    <testsuite name="./tests/a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="a() is &lt;b&gt; &amp; &quot;c&quot;" classname="./tests/a_test.ts" time="0.001" line="2" col="6">
        </testcase>
        <testcase name="later [skipped: needs a folder]" classname="./tests/a_test.ts" time="0.000" line="3" col="1">
            <skipped/>
        </testcase>
        <testcase name="breaks" classname="./tests/a_test.ts" time="0.002" line="1" col="6">
            <failure message="Uncaught Error: &lt;skipped/&gt;">Error: &lt;skipped/&gt;</failure>
        </testcase>
        <testcase name="last" classname="./tests/a_test.ts" time="0.001" line="4" col="6"/>
    </testsuite>
</testsuites>`;
const passing: Case = { file: "a_test.ts", name: "a", result: "passed" };
const clean = { checkCount: 3, failedChecks: [], code: 0 };

Deno.test("casesOf() reads every case of a report with its result", () => {
  assertEquals(casesOf(report), [
    { file: "tests/a_test.ts", name: 'a() is <b> & "c"', result: "passed" },
    { file: "tests/a_test.ts", name: "later [skipped: needs a folder]", result: "skipped" },
    { file: "tests/a_test.ts", name: "breaks", result: "failed" },
    { file: "tests/a_test.ts", name: "last", result: "passed" },
  ]);
});

Deno.test("verdict() counts checks and tests, and names what failed or was skipped", () => {
  const failedChecks = ["lint"];
  assertEquals(verdict(casesOf(report), { checkCount: 3, failedChecks, code: 1 }), {
    lines: [
      "Failed: lint",
      "Failed: tests/a_test.ts: breaks",
      "Skipped: later [skipped: needs a folder]",
      "4 passed, 2 failed",
    ],
    failed: 2,
  });
  assertEquals(verdict([passing], clean), { lines: ["4 passed, 0 failed"], failed: 0 });
});

Deno.test("verdict() fails when no test ran, or none is to blame for the exit code", () => {
  assertEquals(verdict([], clean).lines, ["Failed: no test ran", "3 passed, 1 failed"]);
  assertEquals(verdict([passing], { ...clean, code: 1 }).lines, [
    "Failed: the test run ended with exit code 1; see its output above",
    "4 passed, 1 failed",
  ]);
});

Deno.test("verdict() fails a test that is skipped without a reason", () => {
  const skipped: Case = { file: "b_test.ts", name: "b", result: "skipped" };
  assertEquals(verdict([passing, skipped], clean).lines, [
    "Failed: b_test.ts: b: skipped without a reason; use sharedTest() or postgresTest(), or take the test away",
    "4 passed, 1 failed",
  ]);
});
