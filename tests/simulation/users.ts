/** What users do in both services. Every value that they type is a new one, so that it is known wherever it stands. */
import type { Fields, Value } from "../../connectors/connector.ts";
import type { Act } from "./history.ts";
import { type Entity, kinds, type Record_, type Side, type Tables } from "./tables.ts";

export interface Users {
  act(act: Act): void;
  /** A user edits this record. */
  edit(row: Record_): void;
}

export interface Working {
  readonly tables: Tables;
  /** Whether the program knows the record's counterpart. */
  readonly isCoupled: (row: Record_) => boolean;
  /** Something that comes about after so many milliseconds. */
  readonly later: (ms: number, work: () => void) => void;
  readonly reached: (situation: string) => void;
  /** Whether changes are committed so late that only a look at all records finds them. */
  readonly isVeryLate: boolean;
}

/** The kinds of things that users make, the commonest oftener. */
const made = [1, 1, 1, 2, 2, 3] as const;

export function users({ tables, isCoupled, later, reached, isVeryLate }: Working): Users {
  let typed = 0;
  let ids = 0;
  /** Things that users made on both sides: by their keys alone the program can tell that they are the same. */
  const twins = new Set<number>();
  const touched = new Set<Record_>();
  return {
    edit: (row) => edit(row, fieldOf(row, typed)),
    act({ name, pick, more }) {
      const side: Side = name.endsWith("CRM") ? "crm" : "erp";
      const other: Side = side === "erp" ? "crm" : "erp";
      if (name.startsWith("create in")) return void create(side, made[pick % made.length]!, more);
      if (name === "create on both sides") return createBoth(made[pick % made.length]!, more);
      if (name === "create what the other side has") return createMissing(pick);
      if (name.startsWith("create late")) {
        const row = create("erp", made[pick % made.length]!, more);
        if (row !== null) hold(row, null, more);
        return;
      }
      if (name === "come back to the filter") {
        const away = live("crm", 1).filter(({ data }) => data.kind !== 3);
        if (away.length > 0) write(away[pick % away.length]!, { kind: 3 });
        return;
      }
      const pairs = pairsOf();
      if (name.startsWith("edit both") || name === "edit different fields" || name.startsWith("delete ")) {
        if (name.startsWith("delete in")) {
          const row = one(side, pick);
          if (row !== null && row.entity.name !== "regions" && row.entity.name !== "territories") remove(row);
          return;
        }
        const pair = pairs[pick % Math.max(1, pairs.length)];
        if (pair === undefined) return;
        const field = fieldOf(pair.erp, more);
        if (name === "edit both sides alike") {
          if (field === null) return;
          const value = String(valueFor(field)).replaceAll(" ", ""); // the services make nothing else of it
          write(pair.erp, { [field]: value });
          return write(pair.crm, { [field]: value });
        }
        if (name === "edit both sides differently") {
          edit(pair.erp, field);
          return edit(pair.crm, field);
        }
        if (name === "edit different fields") {
          edit(pair.erp, field);
          return edit(pair.crm, fieldOf(pair.crm, more + 1));
        }
        if (pair.erp.entity.name === "regions") return;
        if (name === "delete both") {
          remove(pair.erp);
          return remove(pair.crm);
        }
        edit(more % 2 === 0 ? pair.crm : pair.erp, field);
        return remove(more % 2 === 0 ? pair.erp : pair.crm);
      }
      const row = one(side, pick);
      if (row === null) return;
      if (name.startsWith("edit in")) return edit(row, fieldOf(row, more));
      if (name.startsWith("blank")) {
        const field = fieldOf(row, more);
        if (field === null) return;
        return field === "name" ? edit(row, field) : write(row, { [field]: null });
      }
      if (name.startsWith("point elsewhere")) return point(row, side, more);
      if (name === "commit late in the ERP") {
        if (row.uncommitted !== null) return;
        const before = { ...row.data };
        const { stamp, version } = row;
        edit(row, fieldOf(row, more));
        return hold(row, { data: before, stamp, version }, more);
      }
      const accounts = live(other === "crm" ? "crm" : side, 1);
      const account = accounts[pick % Math.max(1, accounts.length)];
      if (account === undefined) return;
      if (name === "leave the filter") {
        return isTwin(account) ? undefined : write(account, { kind: 1 });
      }
      if (name === "edit what is one-way") return edit(account, "limit");
      const customers = live("erp", 1);
      const customer = customers[pick % Math.max(1, customers.length)];
      if (name === "write what is refused") {
        if (more % 2 === 0) write(account, { phone: `letters${++typed}` });
        else if (customer !== undefined && !isTwin(customer)) {
          write(customer, { name: `who${++typed}?` });
        }
        return;
      }
      // correct what is refused
      for (const wrong of live("crm", 1).filter(({ data }) => /[a-z]/.test(String(data.phone)))) edit(wrong, "phone");
      for (const wrong of customers.filter(({ data }) => /\?/.test(String(data.name)))) edit(wrong, "name");
    },
  };

  function live(side: Side, kind: number): Record_[] {
    return [...tables.entity(side, kinds[kind]![side]).rows.values()].filter((row) => !row.isGone);
  }

  function one(side: Side, pick: number): Record_ | null {
    const rows = live(side, made[pick % made.length]!);
    return rows.length === 0 ? null : rows[Math.floor(pick / made.length) % rows.length]!;
  }

  /** Things that have exactly one record on each side. */
  function pairsOf(): { erp: Record_; crm: Record_ }[] {
    const found: { erp: Record_; crm: Record_ }[] = [];
    for (const kind of [1, 2, 3]) {
      for (const erp of live("erp", kind)) {
        const same = live("crm", kind).filter(({ thing }) => thing === erp.thing);
        if (same.length === 1) found.push({ erp, crm: same[0]! });
      }
    }
    return found;
  }

  /**
   * Of a record that the program made and does not know yet, only its values tell that it did: a user who changed more
   * than one of few would have made another one of it.
   */
  function write(row: Record_, fields: Fields): void {
    if (row.creator === "program" && row.entity.side === "erp" && !isCoupled(row)) {
      const told = ["name", "phone", "street", "city", "email"].filter((field) => row.data[field] != null);
      if (touched.has(row) || told.length < 2) return;
      touched.add(row);
    }
    tables.update(row, fields, "user");
  }

  /** A field that a user may edit now; null where there is none. */
  function fieldOf(row: Record_, pick: number): string | null {
    const isKept = isTwin(row);
    const fields = row.entity.tracked.filter((field) =>
      (field !== "limit" || row.entity.side === "erp") && !(isKept && ["name", "city", "email"].includes(field))
    );
    if (fields.length === 0) return null;
    return fields[pick % fields.length]!;
  }

  /** Made on both sides, and not coupled yet: what they are matched by must stay. */
  function isTwin(row: Record_): boolean {
    return twins.has(row.thing) && !isCoupled(row);
  }

  function valueFor(field: string): Value {
    const number = ++typed;
    if (field === "phone") return `${number % 100} 55 ${number}`;
    if (field === "limit") return String(number);
    if (field === "email") return `mail${number}@x.is`;
    return field === "name" ? `name${number}${number % 3 === 0 ? " " : ""}` : `${field}${number}`;
  }

  function edit(row: Record_, field: string | null): void {
    if (field === null) return;
    write(row, { [field]: valueFor(field) });
  }

  function remove(row: Record_): void {
    tables.commit(row);
    tables.remove(row, "user");
  }

  function create(
    side: Side,
    kind: number,
    more: number,
    given: Fields = {},
    thing?: number,
    isBoth = false,
  ): Record_ | null {
    const entity = tables.entity(side, kinds[kind]![side]);
    const id = `u${side}-${++ids}`;
    const fields = { ...fieldsOf(entity, kind, more, isBoth), ...given };
    return tables.create(entity, id, fields, { by: "user", ...(thing === undefined ? {} : { thing }) });
  }

  /** What is made on both sides has all its keys; else a key is often blank, and nothing tells what it belongs to. */
  function fieldsOf({ side, name }: Entity, kind: number, more: number, isBoth: boolean): Fields {
    const number = side === "erp" ? `U${ids}` : null;
    const some = (field: string) => more % 3 === 0 ? null : valueFor(field);
    if (kind === 1) {
      const own = {
        number,
        name: valueFor("name"),
        phone: some("phone"),
        street: some("street"),
        city: isBoth ? valueFor("city") : some("city"),
      };
      const seller = [null, "S1", "S2", "S9"][more % 4]!;
      return side === "erp"
        ? { ...own, limit: some("limit"), seller }
        : { ...own, limit: null, owner: null, kind: more % 11 === 0 ? 1 : 3 };
    }
    if (kind === 2) {
      const own = { number, name: valueFor("name"), email: isBoth ? valueFor("email") : some("email") };
      const companies = live(side, 1);
      const company = more % 5 === 0 ? undefined : companies[more % Math.max(1, companies.length)];
      return side === "erp"
        ? { ...own, customer: company?.data.number ?? null }
        : { ...own, company: company?.id ?? null };
    }
    return { code: `${name[0]}${++typed}`, name: some("name") };
  }

  function createBoth(kind: number, more: number): void {
    const erp = create("erp", kind, more, {}, undefined, true);
    if (erp === null) return;
    const { number, name, city, email, code } = erp.data;
    const keys: Fields = kind === 3
      ? { code: code! }
      : kind === 2
      ? { email: email! }
      : more % 2 === 0
      ? { number: number!, kind: 3 }
      : { name: name!, city: city!, kind: 3 };
    twins.add(erp.thing);
    create("crm", kind, more, keys, erp.thing, true);
    reached("users made the same thing on both sides");
  }

  /** A region under the code that the other side has already. */
  function createMissing(pick: number): void {
    for (const [side, other] of [["erp", "crm"], ["crm", "erp"]] as const) {
      const codes = new Set(live(side, 3).map(({ data }) => data.code));
      const missing = live(other, 3).filter(({ data }) => !codes.has(data.code!));
      const found = missing[pick % Math.max(1, missing.length)];
      if (found === undefined) continue;
      create(side, 3, pick, { code: found.data.code! }, found.thing);
      return reached("users made under a code what the other side had already");
    }
  }

  function point(row: Record_, side: Side, more: number): void {
    if (row.entity.name === "customers") {
      return write(row, { seller: [null, "S1", "S2", "S9"][more % 4]! });
    }
    if (row.entity.name !== "people" && row.entity.name !== "persons") return;
    const companies = live(side, 1);
    const company = companies[more % Math.max(1, companies.length)];
    if (company === undefined) return;
    write(row, side === "erp" ? { customer: company.data.number! } : { company: company.id });
  }

  /** Nobody sees it before it is committed: within the time for which changes are read again, or long after that. */
  function hold(row: Record_, was: Pick<Record_, "data" | "stamp" | "version"> | null, more: number): void {
    const before = was?.data ?? null;
    row.uncommitted = { before, stamp: was?.stamp ?? row.stamp, version: was?.version ?? row.version };
    const isLong = isVeryLate && more % 3 === 0;
    later((isLong ? 100 : 1 + more % 50) * 60_000, () => {
      if (row.uncommitted === null) return;
      reached(
        isLong
          ? "a change was committed later than changes are read again"
          : "a change was committed behind the cursor",
      );
      tables.commit(row);
    });
  }
}
