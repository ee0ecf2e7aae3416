/** A wrong definition fails to compile with one error, at the place of the mistake, in words that name it. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

/** By mistake: the first line of the compiler's message, unions in the order that {@link settled} gives them. */
const expected: Readonly<Record<string, string>> = {
  "01_unknown_erp_field":
    `Type '"dispalyName"' is not assignable to type 'RuleBoth<string | null, Customer, "balance">'.`,
  "02_unknown_crm_field":
    `Object literal may only specify known properties, and 'nmae' does not exist in type 'Transform<"both", Customer, Account, "balance", "creditInBase">'.`,
  "03_copy_of_another_type": `Type 'string' is not assignable to type '1 | RuleBoth<0, Customer, "balance">'.`,
  "04_no_way_back":
    `Type 'Convert<"hold", "Everything" | "Shipping" | OneWay<"None", 0 | 1>>' is not assignable to type '1 | RuleBoth<0, Customer, "balance">'.`,
  "05_coupled_through_wrong_step":
    `Type 'Coupled<"agentCode", "monies", "currencies">' is not assignable to type '"teams"> | RuleBoth<Ref<"users" | null, Customer, "balance">'.`,
  "06_coupled_from_no_lookup":
    `Type 'Coupled<"phone", "agents", "users">' is not assignable to type '"teams"> | RuleBoth<Ref<"users" | null, Customer, "balance">'.`,
  "07_blank_into_required":
    `Type '"number"' is not assignable to type 'RuleFromCrm<string | null, Customer, "balance">'.`,
  "08_never_writable_in_erp":
    `Type '"balance"' is not assignable to type 'RuleFromCrm<string | null, Customer, "balance">'.`,
  "09_never_writable_in_crm":
    `Type 'string' is not assignable to type 'Refused<"\\"creditInBase\\" can never be written">'.`,
  "10_constant_of_another_type":
    `Type 'Constant<"three">' is not assignable to type '1 | 3 | RuleToCrm<2 | null, Customer>'.`,
  "11_create_never_writable":
    `Type 'Constant<"0">' is not assignable to type 'Refused<"\\"balance\\" can not be written on creation">'.`,
  "12_from_crm_blank_into_required":
    `Type 'FromCrm<"displayName">' is not assignable to type 'RuleBoth<string | null, Customer, "balance">'.`,
  "13_conversion_of_another_type":
    `Type 'Convert<"hold", "Everything" | "Shipping" | TwoWay<"None", 0 | 1>>' is not assignable to type 'RuleBoth<string | null, Customer, "balance">'.`,
  "14_misspelt_group_member":
    `Object literal may only specify known properties, and 'ctiy' does not exist in type 'Members<"both", Customer, Account, "balance", "creditInBase">'.`,
  "15_group_member_with_wrong_rule":
    `Type '"twon"' is not assignable to type 'RuleBoth<string | null, Customer, "balance"> | undefined'.`,
  "16_value_map_of_other_codes":
    `Type 'Mapped<"moneyCode", Ref<"terms"> | ValueMap<Key<"terms">, 1 | 4>>' is not assignable to type '1 | 3 | 4 | RuleToCrm<2 | null, Customer>'.`,
  "17_value_map_of_unknown_choices":
    `Type 'Mapped<"termsCode", Ref<"terms"> | ValueMap<Key<"terms">, 1 | 365>>' is not assignable to type '1 | 3 | 4 | RuleToCrm<2 | null, Customer>'.`,
  "18_value_map_with_a_gap":
    `Type 'Mapped<"sort", "Work" | ValueMap<"Goods", 1 | 3>>' is not assignable to type '1 | 3 | RuleToCrm<2 | null, Article>'.`,
  "19_create_field_of_updates_only":
    `Type 'Constant<0>' is not assignable to type 'Refused<"\\"status\\" can not be written on creation">'.`,
  "20_create_by_a_function":
    "Type '(account: { zip: string; }) => string' is not assignable to type 'Given<string, Account> | undefined'.",
  "21_filter_on_unknown_field":
    "Object literal may only specify known properties, but 'realtion' does not exist in type 'Partial<Account>'. Did you mean to write 'relation'?",
  "22_filter_of_another_type": "Type 'string' is not assignable to type '1 | 2 | 3 | null'.",
  "23_load_into_a_side_never_written":
    `Type '{ unmatched: string; }' is not assignable to type 'Refused<"this step never writes to the ERP">'.`,
  "24_unknown_policy": `Type '"create"' is not assignable to type '"insert" | "leave"'.`,
  "25_follow_up_of_other_entities":
    `Type 'Step<"agents", "users">' is not assignable to type 'Step<"customers", "accounts">'.`,
  "26_part_under_other_heads":
    `Type 'Step<"customers", "accounts">' is not assignable to type 'Step<"orders", "salesOrders">'.`,
  "27_under_without_parts":
    `Type 'Step<"orders", "salesOrders">' is not assignable to type 'Refused<"these entities are not parts">'.`,
  "28_match_on_unknown_field": `Type '"zpi"' is not assignable to type 'Names<keyof Account>'.`,
  "29_direction_in_one_way_step":
    `Type 'ToCrm<"displayName">' is not assignable to type 'RuleToCrm<string | null, Customer>'.`,
  "30_unknown_option":
    "Object literal may only specify known properties, and 'blnak' does not exist in type 'Step<string, CoupledOptions | string>'.",
  "31_one_of_two_targets_wrong":
    `Type 'Coupled<"thingNumber", "articles" | "customers", "accounts" | "products">' is not assignable to type 'RuleFromCrm<Ref<"products"> | null, OrderPart, "sent">'.`,
  "32_read_only_in_two_way_step":
    `Type 'string' is not assignable to type 'RuleReadOnly<string | null, Customer, "balance">'.`,
  "33_unknown_winner": `Argument of type '"ERP"' is not assignable to parameter of type 'Winner'.`,
  "34_mistake_in_optional_rule":
    `Type 'Optional<"mial">' is not assignable to type 'RuleBoth<string | null, Customer, "balance">'.`,
  "35_unknown_section":
    `Object literal may only specify known properties, but 'matches' does not exist in type 'Definition<"both", Customer, "customers", { readonly balance: "never"; readonly hold: "update"; readonly number: "create"; }, never, Account, "accounts", { readonly creditInBase: "never"; readonly status: "update"; }, never>'. Did you mean to write 'match'?`,
  "36_sides_swapped":
    `Object literal may only specify known properties, and 'displayName' does not exist in type 'Transform<"toCrm", Customer, Account, "balance", "creditInBase">'.`,
  "37_misspelt_group":
    `Object literal may only specify known properties, and '"grp address"' does not exist in type 'Transform<"both", Customer, Account, "balance", "creditInBase">'.`,
};

const mistakes = new URL("mistakes/", import.meta.url);
const right = new URL("right/", import.meta.url);
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** One error: the file's name without its ending, the line, and the first line of the message. */
interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Checks all files of a folder at once, through a file that imports them: deno.json excludes the mistakes themselves. */
async function check(folder: URL): Promise<{ success: boolean; problems: readonly Problem[]; output: string }> {
  const temporary = await Deno.makeTempDir();
  try {
    const entry = `${temporary}/entry.ts`;
    const imports = namesIn(folder).map((name) => `import "${new URL(`${name}.ts`, folder)}";\n`);
    await Deno.writeTextFile(entry, imports.join(""));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", config, entry],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { success, problems: problemsIn(output), output };
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

function namesIn(folder: URL): readonly string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name.replace(/\.ts$/, "")).sort();
}

/** The place of an error is the first "at" of its block; later ones point at where the types are declared. */
function problemsIn(output: string): readonly Problem[] {
  return output.split(/^(?=TS\d+ \[ERROR\]: )/m).slice(1).map((block) => {
    const message = /^TS\d+ \[ERROR\]: (.*)/.exec(block)?.[1] ?? "";
    const [, file, line] = /^ {4}at file:\S*\/([^/\s]+)\.ts:(\d+):\d+/m.exec(block) ?? [];
    return { file: file ?? "?", line: Number(line), message: settled(message) };
  });
}

/** The compiler orders a union by what it met first, which another file can change: here its members are sorted. */
function settled(message: string): string {
  return message.replace(/[\w"<>]+(?: \| [\w"<>]+)+/g, (union) => union.split(" | ").sort().join(" | "));
}

function markedLines(name: string): readonly number[] {
  const lines = Deno.readTextFileSync(new URL(`${name}.ts`, mistakes)).split("\n");
  return lines.flatMap((line, index) => line.endsWith("// <-") ? [index + 1] : []);
}

Deno.test("defineStep() refuses each mistake with one error on its line", async (t) => {
  const { problems, output } = await check(mistakes);
  const names = namesIn(mistakes);
  assertEquals(Object.keys(expected).sort(), names, "every mistake has a message here, and the other way round");
  assertEquals(problems.filter(({ file }) => !names.includes(file)), [], output);
  for (const file of names) {
    await t.step(file, () => {
      const found = problems.filter((problem) => problem.file === file);
      assertEquals(found, markedLines(file).map((line) => ({ file, line, message: expected[file]! })));
      assertEquals(found.length, 1);
    });
  }
});

Deno.test("defineStep() accepts each right use", async () => {
  const { success, output } = await check(right);
  assert(success, output);
  assertEquals(namesIn(right).length, 8);
});
