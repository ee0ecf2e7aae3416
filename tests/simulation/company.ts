/** The company that the simulation synchronizes: its entities, and its definitions with any policies. */
import { entity, type Field, type Key, type Ref } from "../../connectors/connector.ts";
import { constant, convert, coupled, defineStep, type Step, toCrm } from "../../engine/step.ts";
import type { LeftPolicy, MissingPolicy, SweepEvery, Winner } from "../../engine/step.ts";

const text: Field = { kind: "text", nullable: true, max: 30 };
const name: Field = { kind: "text", nullable: false, max: 40, required: true };
const lookup: Field = { kind: "lookup", nullable: true };

interface Seller {
  code: string;
  email: string | null;
}
interface User {
  email: string | null;
}
interface Customer {
  number: string | null;
  name: string;
  phone: string | null;
  street: string | null;
  city: string | null;
  limit: string | null;
  seller: Key<"sellers"> | null;
}
interface Account {
  number: string | null;
  name: string;
  phone: string | null;
  street: string | null;
  city: string | null;
  limit: string | null;
  owner: Ref<"users"> | null;
  kind: number | null;
}
interface Person {
  number: string | null;
  name: string;
  email: string | null;
  customer: Key<"customers"> | null;
}
interface CrmPerson {
  number: string | null;
  name: string;
  email: string | null;
  company: Ref<"accounts"> | null;
}
interface Region {
  code: string;
  name: string | null;
}

const erp = {
  sellers: entity<Seller>()({
    ...{ name: "sellers", key: "code", label: "code", creation: "natural key" },
    fields: { code: name, email: { ...text, match: "email" } },
  }),
  customers: entity<Customer>()({
    ...{ name: "customers", key: "number", label: "name", creation: "lookup", deletable: true },
    access: { number: "never" },
    fields: { number: text, name, phone: text, street: text, city: text, limit: text, seller: lookup },
    refs: { seller: { entity: "sellers", by: "key" } },
  }),
  people: entity<Person>()({
    ...{ name: "people", key: "number", label: "name", creation: "lookup", deletable: true },
    access: { number: "never" },
    fields: { number: text, name, email: { ...text, match: "email" }, customer: lookup },
    refs: { customer: { entity: "customers", by: "key" } },
  }),
  regions: entity<Region>()({
    ...{ name: "regions", key: "code", label: "code", creation: "natural key" },
    access: { code: "create" },
    fields: { code: { ...name, match: "code" }, name: text },
  }),
};
const crm = {
  users: entity<User>()({
    ...{ name: "users", key: "email", label: "email", creation: "none" },
    fields: { email: { ...text, match: "email" } },
  }),
  accounts: entity<Account>()({
    ...{ name: "accounts", key: "number", label: "name", creation: "derived id", deletable: true },
    fields: {
      ...{ number: { ...text, match: "code" }, name, phone: { ...text, max: 20 }, street: text, city: text },
      ...{ limit: text, owner: lookup, kind: { kind: "integer", nullable: true } },
    },
    refs: { owner: { entity: "users", by: "id" } },
  }),
  persons: entity<CrmPerson>()({
    ...{ name: "persons", key: "number", label: "name", creation: "derived id", deletable: true },
    fields: { number: { ...text, match: "code" }, name, email: { ...text, match: "email" }, company: lookup },
    refs: { company: { entity: "accounts", by: "id" } },
  }),
  territories: entity<Region>()({
    ...{ name: "territories", key: "code", label: "code", creation: "derived id" },
    access: { code: "create" },
    fields: { code: { ...name, match: "code" }, name: text },
  }),
};

/** What a history chooses of the definitions. */
export interface Policies {
  readonly conflict: Winner;
  readonly first: "fill" | "erp" | "crm";
  readonly missing: { readonly erp: MissingPolicy; readonly crm: MissingPolicy };
  readonly left: LeftPolicy;
  readonly sweepEvery: SweepEvery;
}

const trimmed = { name: "trimmed", forward: (value: string) => value.trim(), backward: (value: string) => value };

const made = new Map<string, readonly Step[]>();

/** The steps with these policies, those that others depend on first. */
export function pipelineOf(policies: Policies): readonly Step[] {
  const key = JSON.stringify(policies);
  const known = made.get(key) ?? stepsOf(policies);
  made.set(key, known);
  return known;
}

function stepsOf({ conflict, first, missing, left, sweepEvery }: Policies): readonly Step[] {
  const sellers = defineStep({
    ...{ name: "sellers", direction: "fromCrm", sweepEvery },
    extract: { erp: erp.sellers, crm: crm.users },
    match: [["email"]],
    transform: { email: "email" },
  });
  const customers = defineStep({
    ...{ name: "customers", dependsOn: [sellers], direction: "both", sweepEvery },
    extract: { erp: erp.customers, crm: crm.accounts.where({ kind: 3 }) },
    match: [["number"], ["name", "city"]],
    transform: {
      number: toCrm("number"),
      name: convert("name", trimmed),
      phone: "phone",
      "group address": { street: "street", city: "city" },
      limit: toCrm("limit"),
      owner: toCrm(coupled("seller", sellers, { blank: "leave" })),
      kind: constant(3),
    },
    load: {
      toCrm: { unmatched: "insert" },
      fromCrm: { unmatched: "insert" },
      ...{ conflict, first, missing, left: { crm: left } },
    },
  });
  const people = defineStep({
    ...{ name: "people", dependsOn: [customers], direction: "both", sweepEvery },
    extract: { erp: erp.people, crm: crm.persons },
    match: [["number"], ["email"]],
    transform: {
      number: toCrm("number"),
      name: "name",
      email: "email",
      company: coupled("customer", customers),
    },
    load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "insert" }, conflict, first, missing },
  });
  const regions = defineStep({
    ...{ name: "regions", direction: "both", sweepEvery },
    extract: { erp: erp.regions, crm: crm.territories },
    match: [["code"]],
    transform: { code: toCrm("code"), name: "name" },
    create: { erp: { code: "code" } },
    load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "insert" }, conflict, first },
  });
  return [sellers, customers, people, regions];
}
