/** What a definition says of a pair as a whole: in whose hands it is, and which totals must agree. Pure. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Reason } from "../store/store.ts";
import { partsIn } from "./parts.ts";
import type { Differing } from "./reconcile.ts";
import { fieldOf } from "./rules.ts";
import { same } from "./same.ts";
import type { Step } from "./step.ts";

interface Data {
  readonly erp: Fields;
  readonly crm: Fields;
}

/** Whether a record has all of these values. */
export function fits(wanted: Partial<Fields> | undefined, values: Fields): boolean {
  return Object.entries(wanted ?? {}).every(([field, value]) => same(values[field], value));
}

/** The first line of the decision table that fits both records; null where none does. */
export function authorityOf(step: Step, data: Data): Step["authority"][number] | null {
  return step.authority.find((line) => fits(line.erp, data.erp) && fits(line.crm, data.crm)) ?? null;
}

/** What the message says of a pair: what people call it, and where its two sides differ otherwise. */
interface Told {
  readonly name: string;
  /** Nobody can write one of the two any more. */
  readonly isFrozen: boolean;
  readonly differing: readonly Differing[];
}

/** Totals that differ by more than one unit of the second digit for each part, which rounding can't explain. */
export function controlled(step: Step, data: Data, { name, isFrozen, differing }: Told): readonly Reason[] {
  const remedy = isFrozen
    ? "neither can be corrected any more: look whether the rest was never delivered, and settle what is owed by hand"
    : "look which of the two is wrong and correct it there";
  return Object.entries(step.control).flatMap(([crm, erp]): Reason[] => {
    const values = { erp: data.erp[erp] ?? null, crm: data.crm[crm] ?? null };
    const parts = Math.max(1, partsIn(data.erp).size, partsIn(data.crm).size);
    if (differenceOf(values.erp, values.crm) <= BigInt(parts) * unit) return [];
    const code = data.erp[step.extract.erp.fields[erp]?.currency ?? ""] ?? null;
    const currency = code === null ? "" : ` ${code}`;
    const where = differing.filter(isAmount).map((one) => `; ${placeOf(one)} ${inBoth(one)}`);
    const message = `Cannot confirm "${name}": its total ${inBoth(values, currency)} ("${erp}", "${crm}")` +
      `${where.join("")}; ${remedy}`;
    return [{ code: "totals_differ", field: crm, message }];
  });
}

function isAmount({ rule, erp, crm }: Differing): boolean {
  return erp !== null && crm !== null && rule.of.extract.crm.fields[fieldOf(rule, "crm")!]?.kind === "decimal";
}
/** "discountAmount" of line 10000 */
function placeOf({ rule }: Differing): string {
  const own = fieldOf(rule, "erp") ?? fieldOf(rule, "crm");
  const slash = rule.erp?.lastIndexOf("/") ?? -1;
  return slash < 0 ? `"${own}"` : `"${own}" of line ${rule.erp!.slice(0, slash)}`;
}
function inBoth({ erp, crm }: { readonly erp: Value; readonly crm: Value }, currency = ""): string {
  return `is ${erp ?? "blank"}${currency} in the ERP and ${crm ?? "blank"}${currency} in the CRM`;
}

/** Amounts are compared in millionths: both services keep at most five digits after the point. */
const unit = 10_000n;
function differenceOf(one: Value, other: Value): bigint {
  const difference = millionths(one) - millionths(other);
  return difference < 0n ? -difference : difference;
}
function millionths(value: Value): bigint {
  const [whole = "0", part = ""] = String(value ?? "0").split(".");
  const digits = BigInt(whole.replace("-", "") + part.slice(0, 6).padEnd(6, "0"));
  return whole.startsWith("-") ? -digits : digits;
}
