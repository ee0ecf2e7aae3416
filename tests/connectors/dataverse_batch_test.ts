import { assertEquals, assertThrows } from "@std/assert";
import { batchAnswers, batchBody } from "../../connectors/dataverse/batch.ts";
import { ServiceError } from "../../errors.ts";

function lines(...all: string[]): string {
  return all.join("\r\n");
}

Deno.test("batchBody() puts the requests that belong together in one change set", () => {
  const body = batchBody([
    [
      {
        method: "PATCH",
        path: "/api/data/v9.2/accounts(1)",
        headers: { "If-Match": 'W/"1"' },
        body: '{"name":"Þórður"}',
      },
      { method: "DELETE", path: "/api/data/v9.2/contacts(1)", headers: {}, body: "" },
    ],
    [{ method: "PATCH", path: "/api/data/v9.2/accounts(2)", headers: { "If-None-Match": "*" }, body: "{}" }],
  ], "b1");
  assertEquals(
    body,
    lines(
      "--b1",
      "Content-Type: multipart/mixed; boundary=changes_b1_0",
      "",
      "--changes_b1_0",
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      "Content-ID: 1",
      "",
      "PATCH /api/data/v9.2/accounts(1) HTTP/1.1",
      'If-Match: W/"1"',
      "Content-Type: application/json; charset=utf-8",
      "",
      '{"name":"Þórður"}',
      "--changes_b1_0",
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      "Content-ID: 2",
      "",
      "DELETE /api/data/v9.2/contacts(1) HTTP/1.1",
      "",
      "",
      "--changes_b1_0--",
      "--b1",
      "Content-Type: multipart/mixed; boundary=changes_b1_1",
      "",
      "--changes_b1_1",
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      "Content-ID: 3",
      "",
      "PATCH /api/data/v9.2/accounts(2) HTTP/1.1",
      "If-None-Match: *",
      "Content-Type: application/json; charset=utf-8",
      "",
      "{}",
      "--changes_b1_1--",
      "--b1--",
      "",
    ),
  );
});

Deno.test("batchAnswers() finds the answers of change sets and of failed change sets, in order", () => {
  const answers = batchAnswers(
    'multipart/mixed; boundary="r"',
    lines(
      "--r",
      "Content-Type: multipart/mixed; boundary=c",
      "",
      "--c",
      "Content-Type: application/http",
      "Content-ID: 1",
      "",
      "HTTP/1.1 201 Created",
      "OData-Version: 4.0",
      'ETag: W/"7"',
      "",
      '{"name":"a -- b","odd":"--r"}',
      "--c",
      "Content-Type: application/http",
      "Content-ID: 2",
      "",
      "HTTP/1.1 204 No Content",
      "",
      "",
      "--c--",
      "--r",
      "Content-Type: application/http",
      "",
      "HTTP/1.1 412 Precondition Failed",
      "Content-Type: application/json",
      "",
      '{"error":{"code":"0x80060882"}}',
      "--r",
      "Content-Type: application/http",
      "",
      "HTTP/1.1 204 No Content",
      "",
      "",
      "--r--",
      "after the end nothing counts",
    ),
  );
  assertEquals(answers.map((set) => set.map(({ status, text }) => [status, text])), [
    [[201, '{"name":"a -- b","odd":"--r"}'], [204, ""]],
    [[412, '{"error":{"code":"0x80060882"}}']],
    [[204, ""]],
  ]);
  assertEquals(answers[0]?.[0]?.headers.get("etag"), 'W/"7"');
});

const broken: readonly (readonly [string, string, string])[] = [
  ["another type", "application/json", "{}"],
  ["no boundary", "multipart/mixed", "--b--"],
  ["no end", "multipart/mixed; boundary=b", lines("--b", "", "HTTP/1.1 200 OK", "", "{}")],
  ["no answer in a part", "multipart/mixed; boundary=b", lines("--b", "", "GET / HTTP/1.1", "", "", "--b--")],
  ["no blank line", "multipart/mixed; boundary=b", lines("--b", "Content-Type: application/http", "--b--")],
];
for (const [what, type, text] of broken) {
  Deno.test(`batchAnswers() refuses an answer with ${what}`, () => {
    const error = assertThrows(() => batchAnswers(type, text), ServiceError);
    assertEquals(error.code, "bad_batch");
  });
}
