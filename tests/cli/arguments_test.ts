import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readArguments } from "../../cli/arguments.ts";
import { commands, helpText } from "../../cli/commands.ts";
import { DefinitionError } from "../../errors.ts";

Deno.test("readArguments() reads flags, values, repeated values and the word", () => {
  const sync = readArguments(["sync", "--full", "--select", "+items", "--select=units", "--json"]);
  assertEquals(sync.command, "sync");
  assertEquals([sync.has("full"), sync.has("yes")], [true, false]);
  assertEquals(sync.texts("select"), ["+items", "units"]);
  assertEquals(sync.text("data"), null);
  const check = readArguments(["check", "customers", "--sample", "7"]);
  assertEquals([check.word, check.number("sample", { least: 1, most: 9 })], ["customers", 7]);
});

const helps: readonly (readonly [args: readonly string[], word: string | null])[] = [
  [[], null],
  [["--help"], null],
  [["-h"], null],
  [["help"], null],
  [["help", "sync"], "sync"],
  [["sync", "--full", "--help"], "sync"],
];
for (const [args, word] of helps) {
  Deno.test(`readArguments() takes "${args.join(" ")}" for help`, () => {
    const read = readArguments(args);
    assertEquals([read.command, read.word], ["help", word]);
  });
}

const mistakes: readonly (readonly [args: readonly string[], code: string, said: string])[] = [
  [["snyc"], "unknown_command", 'did you mean "sync"?'],
  [["frobnicate"], "unknown_command", "deno task help lists what there is"],
  [["toString"], "unknown_command", "there is no such command"],
  [["sync", "--ful"], "unknown_option", 'did you mean "--full"?'],
  [["sync", "-f"], "unknown_option", 'it has no option "-f"'],
  [["report", "--excle"], "unknown_option", 'did you mean "--excel"?'],
  [["sync", "--select"], "bad_arguments", "--select"],
  [["sync", "--full=yes"], "bad_arguments", "--full"],
  [["graph", "customers"], "bad_arguments", 'it takes no word "customers"'],
  [["check", "customers", "items"], "bad_arguments", 'it takes no word "items"'],
];
for (const [args, code, said] of mistakes) {
  Deno.test(`readArguments() refuses "${args.join(" ")}" and says what to do`, () => {
    const error = assertThrows(() => readArguments(args), DefinitionError);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, said);
  });
}

for (const written of ["x", "-1", "1.5", "0", "65536", "1e3", ""]) {
  Deno.test(`readArguments() refuses "${written}" as a number from 1 to 65535`, () => {
    const args = readArguments(["serve", `--port=${written}`]);
    const error = assertThrows(() => args.number("port", { least: 1, most: 65535 }), DefinitionError);
    assertEquals(error.code, "bad_arguments");
  });
}

Deno.test("helpText() names every command, and every option of one", () => {
  for (const [name, { about, options }] of Object.entries(commands)) {
    assertStringIncludes(helpText(null), about);
    for (const option of Object.keys(options)) assertStringIncludes(helpText(name), `--${option}`);
  }
  assertStringIncludes(helpText("check"), "Usage: deno task check [STEP] [options]");
});

Deno.test("helpText() names exactly the tasks that are commands", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  for (const name of Object.keys(commands)) assertStringIncludes(tasks[name].command, `main.ts ${name}`);
});
