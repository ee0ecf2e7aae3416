/** Counts on the services' own tables what became of what users wrote. */
import { parse } from "@std/csv";
import type { RunningSandbox } from "../e2e/program.ts";
import type { Side, Thing } from "./users.ts";

export interface Found {
  /** Records beyond the one that a thing has on a side, or the none that a user left there. */
  readonly duplicates: number;
  /** Things that a side lacks, and values that a user wrote last and that a side lacks. */
  readonly lost: number;
  /** Records that no user made, that the report has in no pair, or whose partner's deletion it does not tell. */
  readonly orphans: number;
  /** For people: each of them. */
  readonly told: readonly string[];
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly email: string;
}
type Tables = Readonly<Record<Side, Readonly<Record<Thing["kind"], readonly Row[]>>>>;

async function tablesOf({ erp, crm }: RunningSandbox): Promise<Tables> {
  const persons = (await erp("contacts")).filter(({ type }) => type === "Person");
  const inErp = (one: Record<string, unknown>) => row(one["id"], one["displayName"], one["phoneNumber"], one["email"]);
  const inCrm = (id: string, name: string) => (one: Record<string, unknown>) =>
    row(one[id], one[name], one["telephone1"], one["emailaddress1"]);
  return {
    erp: { company: (await erp("customers")).map(inErp), person: persons.map(inErp) },
    crm: {
      company: (await crm("accounts")).map(inCrm("accountid", "name")),
      person: (await crm("contacts")).map(inCrm("contactid", "fullname")),
    },
  };
}

function row(...cells: readonly unknown[]): Row {
  const [id, name, phone, email] = cells.map((cell) => String(cell ?? ""));
  return { id: id!, name: name!, phone: phone!, email: email! };
}

/** What stands on both sides, as things that nobody has edited yet. */
export async function thingsOn(sandbox: RunningSandbox): Promise<Thing[]> {
  const { erp, crm } = await tablesOf(sandbox);
  return (["company", "person"] as const).flatMap((kind) =>
    erp[kind].map(({ id, name }): Thing => {
      const other = crm[kind].find((one) => one.name === name);
      return { kind, name, erp: id, crm: other?.id ?? null, gone: new Set(), phone: null, email: null };
    })
  );
}

export interface CountOptions {
  /** The coupling report as CSV. */
  readonly report: string;
  /** Both sides were looked through for deletions: the report knows them all. */
  readonly isSwept: boolean;
}

/** Things that are there once on a side get the id that they have there. */
export async function count(
  sandbox: RunningSandbox,
  things: readonly Thing[],
  { report, isSwept }: CountOptions,
): Promise<Found> {
  const tables = await tablesOf(sandbox);
  const lines = parse(report, { skipFirstRow: true }) as Record<string, string>[];
  const steps = { company: "customers", person: "contacts" };
  const states = { erp: new Map<string, string>(), crm: new Map<string, string>() };
  const reasons = new Map<string, string>();
  for (const { step, erp_id, crm_id, coupling_state, error_code, error_message } of lines) {
    for (const [side, id] of [["erp", erp_id], ["crm", crm_id]] as const) {
      const isPair = erp_id !== "" && crm_id !== "" && coupling_state !== "tombstone";
      if (isPair) states[side].set(`${step} ${id}`, coupling_state!);
      reasons.set(`${side} ${step} ${id}`, `${error_code} ${error_message}`.trim());
    }
  }
  const told: string[] = [];
  const sums = { duplicates: 0, lost: 0, orphans: 0 };
  const tell = (what: keyof typeof sums, by: number, text: string) => {
    sums[what] += by;
    told.push(`${what}: ${text}`);
  };
  for (const side of ["erp", "crm"] as const) {
    for (const kind of ["company", "person"] as const) {
      const names = Map.groupBy(tables[side][kind], ({ name }) => name);
      for (const thing of things.filter((one) => one.kind === kind)) {
        const rows = names.get(thing.name) ?? [];
        if (thing.gone.has(side)) {
          if (rows.length > 0) tell("duplicates", rows.length, `${side} has "${thing.name}", which was deleted there`);
          continue;
        }
        // One that was deleted before anybody saw it on the other side need not have come there.
        const isDue = thing.gone.size === 0 || thing[side] !== null;
        if (rows.length === 0 && isDue) tell("lost", 1, `${side} has no ${kind} "${thing.name}"`);
        if (rows.length > 1) tell("duplicates", rows.length - 1, `${side} has "${thing.name}" ${rows.length} times`);
        if (rows.length !== 1) continue;
        thing[side] = rows[0]!.id;
        const state = states[side].get(`${steps[kind]} ${thing[side]}`);
        if (isSwept && thing.gone.size > 0 && !["missing", "conflict", undefined].includes(state)) {
          tell("orphans", 1, `the report says "${state}" of "${thing.name}", which was deleted on the other side`);
        }
        for (const field of ["phone", "email"] as const) {
          if (thing[field] === null || rows[0]![field] === thing[field]) continue;
          const reason = reasons.get(`${side} ${steps[kind]} ${thing[side]}`) ?? "";
          const what = `${field} "${rows[0]![field]}" of "${thing.name}" instead of "${thing[field]}"`;
          if (reason.startsWith("conflict")) told.push(`a conflict is told: ${side} has ${what}`);
          else tell("lost", 1, `${side} has ${what}; the report says "${reason}"`);
        }
      }
      const known = new Set(things.filter((one) => one.kind === kind).map(({ name }) => name));
      for (const { id, name } of tables[side][kind]) {
        if (!known.has(name)) tell("orphans", 1, `nobody made the ${kind} "${name}" that ${side} has`);
        else if (!states[side].has(`${steps[kind]} ${id}`)) {
          tell("orphans", 1, `${kind} "${name}" of ${side} is in no pair of the report`);
        }
      }
    }
  }
  return { ...sums, told };
}
