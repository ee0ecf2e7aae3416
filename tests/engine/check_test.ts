import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkPipeline, problemsOf } from "../../engine/check.ts";
import { problemCodes } from "../../engine/problem.ts";
import {
  constant,
  convert,
  coupled,
  defineStep,
  fromCrm,
  mapped,
  onConflict,
  optional,
  type Step,
  toCrm,
} from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import { codeMap, valueMap } from "../../transforms/transform.ts";
import { crm, erp } from "../types/fixtures/entities.ts";
import { noneIsZero, onHold, onHoldOneWay, terms } from "../types/fixtures/transforms.ts";

const agents = defineStep({
  name: "agents",
  direction: "fromCrm",
  extract: { erp: erp.agents, crm: crm.users },
  match: [["email"]],
  transform: { email: "mail" },
});
const monies = defineStep({
  name: "monies",
  direction: "toCrm",
  extract: { erp: erp.monies, crm: crm.currencies },
  match: [["iso"]],
  transform: { iso: "code", title: "displayName", rate: "rate" },
  load: { toCrm: { unmatched: "insert" } },
});
const customers = defineStep({
  name: "customers",
  dependsOn: [agents, monies],
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts.where({ relation: 3, status: 0 }) },
  match: [["number"], ["name", "zip"]],
  transform: {
    number: toCrm("number"),
    name: toCrm("displayName"),
    email: "mail",
    phone: optional(onConflict("stop", "phone")),
    "group address": { street: "street", city: "town", zip: "postcode" },
    credit: toCrm(convert("limit", noneIsZero)),
    creditInBase: fromCrm("limit"),
    terms: mapped("termsCode", terms),
    owner: coupled("agentCode", agents, { blank: "leave", unresolved: "wait" }),
    currency: toCrm(coupled("moneyCode", monies)),
    status: convert("hold", onHold),
    relation: constant(3),
  },
  create: { erp: { sort: constant("Company") } },
  load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "leave" }, first: "fill", conflict: "stop" },
});
const sound: readonly Step[] = [agents, monies, customers];
const heads = defineStep({
  name: "heads",
  direction: "fromCrm",
  extract: { erp: erp.orders, crm: crm.salesOrders },
  match: [["number"]],
  transform: {},
});
const lines = defineStep({
  name: "lines",
  dependsOn: [heads],
  direction: "fromCrm",
  extract: { erp: erp.orderParts, crm: crm.salesOrderParts },
  under: heads,
  transform: {},
});

/** Steps whose handle was mistyped. */
const unread = { ...agents, extract: { ...agents.extract, erp: undefined } } as unknown as Step;
const unreadHeads = { ...heads, extract: { ...heads.extract, erp: undefined } } as unknown as Step;

/** What the customers step needs to look its owner up through another step. */
function lookedUp(through: Step) {
  const transform = { ...customers.transform, owner: coupled("agentCode", through) };
  return { dependsOn: [through, monies], transform } as Pick<Step, "dependsOn" | "transform">;
}
/** The pipeline with the customers step changed, past what the types allow. */
function changed(change: Readonly<Record<string, unknown>>): readonly Step[] {
  return [agents, monies, { ...customers, ...change } as unknown as Step];
}
/** The pipeline with rules of the customers step added or replaced. */
function withRules(rules: Readonly<Record<string, unknown>>): readonly Step[] {
  return changed({ transform: { ...customers.transform, ...rules } });
}
function found(steps: readonly Step[]): readonly string[] {
  return problemsOf(steps).map(({ code, step, field, message }) => `${code} ${step} ${field}: ${message}`);
}

Deno.test("checkPipeline() accepts a sound pipeline", () => {
  assertEquals(found(sound), []);
  checkPipeline(sound);
});

Deno.test("checkPipeline() lists every problem with its file, step, field, remedy and code", () => {
  const steps = withRules({ nmae: "displayName", email: "male" });
  const files = new Map([["customers", "pipelines/customers.ts"]]);
  const error = assertThrows(() => checkPipeline(steps, { files: () => files }), DefinitionError);
  assertEquals(error.code, "definition_invalid");
  assertEquals(error.message.split("\n"), [
    "Cannot use the pipeline: its definitions have 2 problems; correct what is listed",
    '1. pipelines/customers.ts, step "customers", field "email": ' +
    '"customers" of the ERP has no field "male"; did you mean "mail"? (unknown_field)',
    '2. pipelines/customers.ts, step "customers", field "nmae": ' +
    '"accounts" of the CRM has no field "nmae"; did you mean "name"? (unknown_field)',
  ]);
});

interface Wrong {
  readonly what: string;
  readonly steps: readonly Step[];
  /** Code, step and field of each problem, then a part of the last one's message. */
  readonly problems: readonly string[];
  readonly says: string;
}
const { transform: _transform, ...withoutTransform } = customers;
const { match: _match, ...withoutMatch } = customers;
const territories = defineStep({
  name: "territories",
  direction: "toCrm",
  extract: { erp: erp.countries, crm: crm.territories },
  match: [["code"]],
  transform: { code: "code", name: convert("displayName", noneIsZero) },
});
const inverted = codeMap("terms", { NET30: 1, "1M": 1 });

const wrong: readonly Wrong[] = [
  {
    what: "a name that another step has",
    steps: [...sound, { ...territories, name: "monies" }],
    problems: ["duplicate_name monies name"],
    says: "give one of them another name",
  },
  {
    what: "a name that no selector could say",
    steps: [{ ...territories, name: "a/b" }],
    problems: ["unsuitable_name a/b name"],
    says: "use letters",
  },
  {
    what: "a dependency outside the pipeline",
    steps: [agents, customers],
    problems: ["outside_pipeline customers dependsOn"],
    says: '"monies" is not among the pipeline\'s steps; add it to the pipeline',
  },
  {
    what: "a lookup through a step that is not waited for",
    steps: changed({ dependsOn: [agents] }),
    problems: ["not_in_depends_on customers currency"],
    says: '"monies", which the step does not wait for; add it to dependsOn',
  },
  {
    what: "no match",
    steps: changed({ match: [] }),
    problems: ["match_missing customers match"],
    says: "nothing says which records are the same",
  },
  {
    what: "a match on a field without a rule",
    steps: changed({ match: [["phone"]] }),
    problems: ["match_unmapped customers phone"],
    says: "give it a rule",
  },
  {
    what: "a match on a constant",
    steps: changed({ match: [["relation"]] }),
    problems: ["match_unmapped customers relation"],
    says: "match by another field",
  },
  {
    what: "a match on an unknown field",
    steps: changed({ match: [["nubmer"]] }),
    problems: ["unknown_field customers match"],
    says: 'did you mean "number"?',
  },
  {
    what: "a match on a conversion that only goes the other way",
    steps: [{ ...agents, transform: { email: convert("mail", { name: "back", backward: (mail: string) => mail }) } }],
    problems: ["missing_inverse agents email"],
    says: 'matching needs the conversion\'s "forward"',
  },
  {
    what: "one CRM field in a group and outside it",
    steps: withRules({ zip: "postcode" }),
    problems: ["written_twice customers zip"],
    says: "take one away",
  },
  {
    what: "one ERP field written by two rules",
    steps: withRules({ phone: "mail" }),
    problems: ["written_twice customers mail"],
    says: "limit all but one with toCrm()",
  },
  {
    what: "one field written by two steps",
    steps: [...sound, { ...customers, name: "buyers", extract: { erp: erp.customers, crm: crm.accounts } }],
    problems: [
      ...["mail", "street", "town", "postcode", "limit", "termsCode", "agentCode", "hold"],
      ...["number", "name", "email", "street", "city", "zip", "credit", "terms", "owner", "currency", "status"],
      "relation",
    ].map((field) => `written_twice buyers ${field}`),
    says: 'step "customers" writes it to the same records',
  },
  {
    what: "a filter that a new record is not in",
    steps: changed({ transform: { ...customers.transform, relation: optional(constant(3)) } }),
    problems: ["filter_not_set customers relation"],
    says: "does not get it; write relation: constant(3) in transform or in create.crm",
  },
  {
    what: "a filter that contradicts what a new record gets",
    steps: withRules({ relation: constant(2) }),
    problems: ["filter_not_set customers relation"],
    says: 'the filter wants 3, and a new record of "accounts" gets 2',
  },
  {
    what: "a filter on an unknown field",
    steps: changed({ extract: { erp: erp.customers.where({ sotr: "Company" } as never), crm: crm.accounts } }),
    problems: ["unknown_field customers extract.erp"],
    says: 'did you mean "sort"?',
  },
  {
    what: "a filter on a value that does not exist",
    steps: changed({ extract: { erp: erp.customers.where({ sort: "Firm" } as never), crm: crm.accounts } }),
    problems: ["unknown_choice customers extract.erp"],
    says: 'the field can\'t hold "Firm"; its values are Company, Person',
  },
  {
    what: "a field that can never be written in the CRM",
    steps: withRules({ creditInBase: toCrm("limit") }),
    problems: ["not_writable customers creditInBase"],
    says: '"creditInBase" can never be written in the CRM; wrap it in fromCrm()',
  },
  {
    what: "a field that can never be written in the ERP",
    steps: withRules({ credit: "balance" }),
    problems: ["not_writable customers credit"],
    says: '"balance" can never be written in the ERP; wrap it in toCrm()',
  },
  {
    what: "a mistake in a rule that is off",
    steps: withRules({ phone: optional("fone") }),
    problems: ["unknown_field customers phone"],
    says: 'did you mean "phone"?',
  },
  {
    what: "a creation with a field that is only updated",
    steps: changed({
      create: { erp: { hold: constant("None") }, crm: {} },
      transform: { number: toCrm("number") },
      match: [["number"]],
      load: {},
    }),
    problems: ["not_writable customers create.erp.hold"],
    says: "write it by a rule of transform, after the creation",
  },
  {
    what: "a creation with an unknown field",
    steps: changed({ create: { erp: { srot: constant("Company") }, crm: { phone: "hpone" } } }),
    problems: ["unknown_field customers create.erp.srot", "unknown_field customers create.crm.phone"],
    says: 'did you mean "phone"?',
  },
  {
    what: "a creation by a function",
    steps: changed({ create: { erp: { sort: () => "Company" }, crm: {} } }),
    problems: ["wrong_rule customers create.erp.sort"],
    says: "use constant() or convert()",
  },
  {
    what: "a creation without a required field",
    steps: [{ ...monies, transform: { iso: "code" } }],
    problems: ["required_missing monies rate"],
    says: "give it a rule in transform or in create",
  },
  {
    what: "a creation that could not be found again",
    steps: [{
      ...monies,
      extract: { ...monies.extract, crm: { ...monies.extract.crm, creation: "correlation", foundBy: ["symbol"] } },
    }],
    problems: ["not_found_again monies load.toCrm"],
    says: "give it symbol in transform or in create",
  },
  {
    what: "a creation where nothing can be created",
    steps: [{
      ...agents,
      direction: "both",
      transform: { email: fromCrm("mail") },
      load: { toCrm: { unmatched: "insert" } },
    }],
    problems: ["not_creatable agents load.toCrm"],
    says: 'write { unmatched: "leave" }',
  },
  {
    what: "an owner where there is none",
    steps: [{ ...monies, transform: { ...monies.transform, ownerid: coupled("code", agents) } }],
    problems: ["owner_of_organization monies ownerid"],
    says: '"currencies" of the CRM belongs to the organization',
  },
  {
    what: "a conversion without its way back",
    steps: withRules({ status: convert("hold", onHoldOneWay) }),
    problems: ["missing_inverse customers status"],
    says: 'the conversion "on hold" has no "backward"; give it one, or limit the rule with toCrm()',
  },
  {
    what: "a bare function as a rule",
    steps: withRules({ phone: () => "1" }),
    problems: ["wrong_rule customers phone"],
    says: '"function" is no kind of rule',
  },
  {
    what: "a rule of an unknown kind",
    steps: withRules({ phone: { kind: "constnat", value: "1" } }),
    problems: ["wrong_rule customers phone"],
    says: 'did you mean "constant"?',
  },
  {
    what: "a direction in a one-way step",
    steps: [{ ...monies, transform: { ...monies.transform, title: toCrm("displayName") } }],
    problems: ["wrong_rule monies title"],
    says: "take it away",
  },
  {
    what: "a conflict policy in a one-way step",
    steps: [{ ...monies, transform: { ...monies.transform, title: onConflict("stop", "displayName") } }],
    problems: ["wrong_rule monies title"],
    says: "take onConflict() away",
  },
  {
    what: "a constant that would be read",
    steps: withRules({ phone: fromCrm(constant("1")) }),
    problems: ["wrong_rule customers phone"],
    says: "a constant would be read from the CRM only",
  },
  {
    what: "a lookup from a field that refers to nothing",
    steps: withRules({ owner: coupled("phone", agents) }),
    problems: ["wrong_rule customers owner"],
    says: '"phone" of the ERP does not refer to records',
  },
  {
    what: "a lookup through a step of other entities",
    steps: withRules({ owner: coupled("agentCode", monies) }),
    problems: ["wrong_rule customers owner", "wrong_rule customers owner"],
    says: '"owner" of the CRM refers to "users", which "monies" does not couple; name a step that couples "users"',
  },
  {
    what: "group members with different conflict policies",
    steps: withRules({ "group address": { street: "street", city: onConflict("erp", "town"), zip: "postcode" } }),
    problems: ["mixed_group customers group address"],
    says: "give all the same",
  },
  {
    what: "a value map that can't be read backwards",
    steps: withRules({ terms: mapped("termsCode", inverted) }),
    problems: ["not_injective customers terms"],
    says: 'gives 1 for both "NET30" and "1M"',
  },
  {
    what: "a value map with unknown choices",
    steps: withRules({ terms: mapped("termsCode", codeMap("terms", { NET30: 1, NET365: 365 })) }),
    problems: ["unknown_choice customers terms"],
    says: "the field can't hold 365; its values are 1, 2, 3, 4",
  },
  {
    what: "a value map of unknown values",
    steps: withRules({ terms: toCrm(mapped("sort", valueMap({ Company: 1, Firm: 2 }))) }),
    problems: ["unknown_choice customers terms"],
    says: 'the field can\'t hold "Firm"',
  },
  {
    what: "a value map of the codes of another entity",
    steps: withRules({ terms: mapped("moneyCode", terms) }),
    problems: ["wrong_rule customers terms"],
    says: 'use codeMap("monies", …)',
  },
  {
    what: "a value map that lets a blank through",
    steps: changed({
      transform: { ...customers.transform, terms: mapped("sort", valueMap({ Company: 1, Person: 2 })) },
      create: { erp: {}, crm: {} },
    }),
    problems: ["blank_into_required customers terms"],
    says: "a blank could reach a field of the ERP that is never blank",
  },
  {
    what: "a constant that the field can't hold",
    steps: withRules({ terms: constant(9) }),
    problems: ["unknown_choice customers terms"],
    says: "its values are 1, 2, 3, 4",
  },
  {
    what: "a copy of text into a decimal",
    steps: withRules({ credit: toCrm("phone") }),
    problems: ["narrowing customers credit"],
    says: "a text can't be copied into a decimal; use convert()",
  },
  {
    what: "a copy of a decimal into text and back",
    steps: withRules({ phone: "limit", creditInBase: optional(fromCrm("limit")) }),
    problems: ["narrowing customers phone"],
    says: "a text can't be copied into a decimal",
  },
  {
    what: "a copy of an id",
    steps: withRules({ owner: "agentCode" }),
    problems: ["wrong_rule customers owner"],
    says: "use coupled()",
  },
  {
    what: "a policy for a side that is never written",
    steps: [{ ...monies, load: { ...monies.load, fromCrm: { unmatched: "insert" } } } as unknown as Step],
    problems: ["wrong_direction monies load.fromCrm"],
    says: "the step never writes to the ERP",
  },
  {
    what: "a deletion of what is never deleted",
    steps: changed({ load: { ...customers.load, missing: { erp: "delete" } } }),
    problems: ["not_deletable customers load.missing.erp"],
    says: "are never deleted by us",
  },
  {
    what: "an unknown section",
    steps: changed({ matches: [["name"]] }),
    problems: ["unknown_key customers null"],
    says: '"matches" is nothing that can be said here; did you mean "match"?',
  },
  {
    what: "an unknown option of load",
    steps: changed({ load: { toCrm: { unmatched: "insert" }, conflcit: "stop" } }),
    problems: ["unknown_key customers load"],
    says: 'did you mean "conflict"?',
  },
  {
    what: "an unknown option of a lookup",
    steps: withRules({ owner: coupled("agentCode", agents, { blnak: "leave" } as never) }),
    problems: ["unknown_key customers owner: options"],
    says: 'did you mean "blank"?',
  },
  {
    what: "an unknown policy",
    steps: changed({ load: { toCrm: { unmatched: "create" } } }),
    problems: ["malformed customers load.toCrm.unmatched"],
    says: 'expected one of "insert"|"leave"',
  },
  {
    what: "a step without rules",
    steps: [agents, monies, withoutTransform as unknown as Step],
    problems: ["malformed customers transform"],
    says: "correct it",
  },
  {
    what: "a dependency that is not there",
    steps: changed({ dependsOn: [undefined] }),
    problems: ["malformed customers dependsOn.0"],
    says: "one of them sees nothing yet",
  },
  {
    what: "several malformed steps",
    steps: [undefined as unknown as Step, withoutMatch as unknown as Step],
    problems: ["malformed number 1 null", "malformed customers match"],
    says: "expected array",
  },
  {
    what: "a lookup through a step without its entity",
    steps: [unread, monies, { ...customers, ...lookedUp(unread) }],
    problems: ["malformed agents extract.erp"],
    says: "expected a handle of an entity",
  },
  {
    what: "parts of a step without its entity",
    steps: [unreadHeads, { ...lines, under: unreadHeads, dependsOn: [unreadHeads] }],
    problems: ["malformed heads extract.erp"],
    says: "expected a handle of an entity",
  },
  {
    what: "a follow-up of a step without its entity",
    steps: [...sound, unreadHeads, { ...customers, name: "follow-up", of: unreadHeads }],
    problems: ["malformed heads extract.erp"],
    says: "expected a handle of an entity",
  },
  {
    what: "parts without their document",
    steps: [heads, { ...lines, under: null, match: [["quantity"]] } as unknown as Step],
    problems: [
      "match_unmapped heads number",
      "wrong_head lines extract.erp",
      "wrong_head lines extract.crm",
      "match_unmapped lines quantity",
    ],
    says: "no rule says which ERP field",
  },
  {
    what: "parts under another step",
    steps: [...sound, { ...lines, under: agents, dependsOn: [] }],
    problems: ["wrong_head lines extract.erp", "wrong_head lines extract.crm", "not_in_depends_on lines under"],
    says: 'it does not wait for "agents"; add that step to dependsOn',
  },
  {
    what: "a follow-up that creates, couples and follows another entity",
    steps: changed({ of: agents, load: { toCrm: { unmatched: "insert" } } }),
    problems: [
      "wrong_head customers extract.erp",
      "wrong_head customers extract.crm",
      "not_creatable customers load.toCrm",
      "wrong_rule customers match",
    ],
    says: "couples nothing itself",
  },
  {
    what: "policies about fields and values that there are not",
    steps: changed({
      authority: [{ crm: { status: 7 }, who: "crm" }, { erp: { number: "1" }, who: "person" }],
      control: { name: "limit" },
      load: { toCrm: { unmatched: "insert", when: { holds: true }, unless: "reason" } },
    }),
    problems: [
      "unknown_field customers load.toCrm.when",
      "unknown_field customers load.toCrm.unless",
      "unknown_choice customers authority.0.crm",
      "malformed customers authority.1",
      "wrong_rule customers control.name",
    ],
    says: "control compares amounts",
  },
  {
    what: "a group that is a rule",
    steps: withRules({ "group address": "street" }),
    problems: ["malformed customers group address"],
    says: "a group holds fields with their rules",
  },
];

Deno.test.each(wrong)("checkPipeline() refuses $what", ({ steps, problems, says }) => {
  const all = problemsOf(steps);
  assertEquals(all.map(({ code, step, field }) => `${code} ${step} ${field}`), problems);
  assertStringIncludes(all.at(-1)!.message, says);
});

Deno.test("checkPipeline() names the steps of a circle", () => {
  const a = { ...monies, name: "a" };
  const b = { ...territories, name: "b", dependsOn: [a] };
  (a as { dependsOn: readonly Step[] }).dependsOn = [b];
  const cycles = problemsOf([a, b]);
  assertEquals(cycles.map(({ code, step, field }) => [code, step, field]), [["cycle", "a", "dependsOn"]]);
  assertStringIncludes(cycles[0]!.message, "a → b → a; take one dependency away");
});

Deno.test("checkPipeline() lets two steps write one field of records that can't be the same", () => {
  const others = crm.accounts.where({ relation: 2 });
  const suppliers = {
    ...customers,
    name: "suppliers",
    extract: { erp: erp.customers.where({ sort: "Person" }), crm: others },
    transform: { ...customers.transform, relation: constant(2) },
  };
  const companies = { ...customers, extract: { ...customers.extract, erp: erp.customers.where({ sort: "Company" }) } };
  assertEquals(found([agents, monies, companies, suppliers]), []);
});

Deno.test("problemCodes are all found by the tests above", () => {
  const codes = new Set([...wrong.flatMap(({ problems }) => problems.map((line) => line.split(" ")[0]!))]);
  for (const code of ["cycle"]) codes.add(code);
  assertEquals([...problemCodes].filter((code) => !codes.has(code)), []);
  assert(codes.size === problemCodes.length);
});
