/** Users of both services, who create, edit and delete records over HTTP and know what they did. */
import { insert, ok, type RunningSandbox } from "../e2e/program.ts";

export type Side = "erp" | "crm";

/** What a user created, or what stood there before. Nothing else has its name. */
export interface Thing {
  readonly kind: "company" | "person";
  readonly name: string;
  /** Ids, as far as users have seen the record on that side and have not deleted it there. */
  erp: string | null;
  crm: string | null;
  /** Where users deleted it. The other side keeps what it has; whether it has anything depends on who was first. */
  readonly gone: Set<Side>;
  /**
   * What was written last: phone numbers are edited in the ERP, addresses in the CRM. Null where nothing was, or where it
   * may have gone with the record.
   */
  phone: string | null;
  email: string | null;
}

export interface Users {
  readonly things: Thing[];
  /** A few creations, edits and deletions on both sides. */
  work(): Promise<void>;
}

export function usersOf(sandbox: RunningSandbox, next: () => number): Users {
  const things: Thing[] = [];
  const made = new Set<Thing>();
  /** Companies with persons behind them. */
  const parents = new Set<Thing>();
  let count = 0;
  const erpUrl = `${sandbox.erpUrl}companies(${sandbox.companyId})/`;
  const phone = () => `+354 ${1_000_000 + ++count}`;
  const email = () => `user${++count}@guest.example`;
  function one(fits: (thing: Thing) => boolean): Thing | undefined {
    const fitting = things.filter(fits);
    return fitting[Math.floor(next() * fitting.length)];
  }

  function make(kind: Thing["kind"], name: string, known: Partial<Thing>): void {
    const thing = { kind, name, erp: null, crm: null, gone: new Set<Side>(), phone: null, email: null, ...known };
    things.push(thing);
    made.add(thing);
  }
  /** A company that is on both sides, as far as anybody knows, and that the side has. */
  function parentIn(side: Side): Thing | undefined {
    const parent = one((thing) => thing.kind === "company" && thing[side] !== null && thing.gone.size === 0);
    if (parent !== undefined) parents.add(parent);
    return parent;
  }

  async function createCustomer(): Promise<void> {
    const [displayName, phoneNumber] = [`Erp ${++count}`, phone()];
    const { text } = await ok(sandbox.send("POST", `${erpUrl}customers`, { displayName, phoneNumber }));
    make("company", displayName, { erp: JSON.parse(text).id, phone: phoneNumber });
  }
  async function createAccount(): Promise<void> {
    const [name, emailaddress1] = [`Crm ${++count}`, email()];
    const crm = await insert(sandbox, "accounts", { name, emailaddress1, customertypecode: 3 });
    make("company", name, { crm, email: emailaddress1 });
  }
  async function createPerson(): Promise<void> {
    const parent = parentIn("erp");
    if (parent === undefined) return;
    const { text } = await ok(sandbox.send("GET", `${erpUrl}customers(${parent.erp})/contactsInformation`));
    const links: Record<string, string>[] = JSON.parse(text).value;
    const companyNumber = links.find(({ contactType }) => contactType === "Company")!["contactNumber"];
    const [displayName, phoneNumber] = [`Person Erp${++count}`, phone()];
    const body = { type: "Person", displayName, phoneNumber, companyNumber };
    const answer = await ok(sandbox.send("POST", `${erpUrl}contacts`, body));
    make("person", displayName, { erp: JSON.parse(answer.text).id, phone: phoneNumber });
  }
  async function createContact(): Promise<void> {
    const parent = parentIn("crm");
    if (parent === undefined) return;
    const [firstname, lastname, emailaddress1] = ["Person", `Crm${++count}`, email()];
    const bind = { "parentcustomerid_account@odata.bind": `/accounts(${parent.crm})` };
    const crm = await insert(sandbox, "contacts", { firstname, lastname, emailaddress1, ...bind });
    make("person", `${firstname} ${lastname}`, { crm, email: emailaddress1 });
  }
  /** A person, or a company of a user's own that has none behind it. */
  async function remove(side: Side): Promise<void> {
    const thing = one((thing) =>
      thing[side] !== null && (thing.kind === "person" || (made.has(thing) && !parents.has(thing)))
    );
    if (thing === undefined) return;
    const isCompany = thing.kind === "company";
    const url = side === "erp"
      ? `${erpUrl}${isCompany ? "customers" : "contacts"}(${thing.erp})`
      : `${sandbox.crmUrl}${isCompany ? "accounts" : "contacts"}(${thing.crm})`;
    await ok(sandbox.send("DELETE", url, undefined, { "If-Match": "*" }));
    thing[side] = null;
    thing.gone.add(side);
    thing[side === "erp" ? "phone" : "email"] = null;
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
      if (next() < 0.4) await createPerson();
      if (next() < 0.3) await createCustomer();
      if (next() < 0.4) await remove(next() < 0.5 ? "erp" : "crm");
      await edit();
    },
  };
}
