/** Users of both services, who create and edit records over HTTP and know what they wrote. */
import { insert, ok, type RunningSandbox } from "../e2e/program.ts";

/** What a user created, or what stood there before. Nothing else has its name. */
export interface Thing {
  readonly kind: "company" | "person";
  readonly name: string;
  /** Ids, as far as users have seen the record on that side. */
  erp: string | null;
  crm: string | null;
  /** What was written last: phone numbers are edited in the ERP, addresses in the CRM. */
  phone: string | null;
  email: string | null;
}

export interface Users {
  readonly things: Thing[];
  /** A few creations and edits on both sides. */
  work(): Promise<void>;
}

export function usersOf(sandbox: RunningSandbox, next: () => number): Users {
  const things: Thing[] = [];
  let count = 0;
  const erpUrl = `${sandbox.erpUrl}companies(${sandbox.companyId})/`;
  const phone = () => `+354 ${1_000_000 + ++count}`;
  const email = () => `user${++count}@guest.example`;
  function one(fits: (thing: Thing) => boolean): Thing | undefined {
    const fitting = things.filter(fits);
    return fitting[Math.floor(next() * fitting.length)];
  }

  async function createCustomer(): Promise<void> {
    const thing: Thing = { kind: "company", name: `Erp ${++count}`, erp: null, crm: null, phone: phone(), email: null };
    const body = { displayName: thing.name, phoneNumber: thing.phone };
    thing.erp = JSON.parse((await ok(sandbox.send("POST", `${erpUrl}customers`, body))).text).id;
    things.push(thing);
  }
  async function createAccount(): Promise<void> {
    const thing: Thing = { kind: "company", name: `Crm ${++count}`, erp: null, crm: null, phone: null, email: email() };
    const row = { name: thing.name, emailaddress1: thing.email, customertypecode: 3 };
    thing.crm = await insert(sandbox, "accounts", row);
    things.push(thing);
  }
  async function createContact(): Promise<void> {
    const account = one(({ kind, crm }) => kind === "company" && crm !== null);
    if (account === undefined) return;
    const [first, last] = [`Person`, `Crm${++count}`];
    const thing: Thing = {
      ...{ kind: "person", name: `${first} ${last}`, erp: null, crm: null, phone: null, email: email() },
    };
    const row = { firstname: first, lastname: last, emailaddress1: thing.email };
    const parent = { "parentcustomerid_account@odata.bind": `/accounts(${account.crm})` };
    thing.crm = await insert(sandbox, "contacts", { ...row, ...parent });
    things.push(thing);
  }
  async function edit(): Promise<void> {
    const inErp = one(({ erp }) => erp !== null);
    if (inErp !== undefined) {
      inErp.phone = phone();
      const entity = inErp.kind === "company" ? "customers" : "contacts";
      const url = `${erpUrl}${entity}(${inErp.erp})`;
      await ok(sandbox.send("PATCH", url, { phoneNumber: inErp.phone }, { "If-Match": "*" }));
    }
    const inCrm = one(({ crm }) => crm !== null);
    if (inCrm === undefined) return;
    inCrm.email = email();
    const set = inCrm.kind === "company" ? "accounts" : "contacts";
    await ok(sandbox.send("PATCH", `${sandbox.crmUrl}${set}(${inCrm.crm})`, { emailaddress1: inCrm.email }));
  }

  return {
    things,
    async work() {
      await createCustomer();
      await createAccount();
      if (next() < 0.5) await createContact();
      if (next() < 0.3) await createCustomer();
      await edit();
    },
  };
}
