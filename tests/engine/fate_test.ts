/** The decision table of pairs: how each side stands, the direction, and the policies. */
import { assertEquals } from "@std/assert";
import { fateOf, type FatePolicies, type Standing } from "../../engine/fate.ts";
import type { Direction, LeftPolicy, MissingPolicy, Winner } from "../../engine/step.ts";

type Side = "erp" | "crm";
const otherOf = (side: Side): Side => side === "erp" ? "crm" : "erp";

/** What is expected where one record is missing, by policy and by how the survivor stands; SELF is the missing side. */
const missing: Readonly<Record<MissingPolicy, readonly [string, string, string, string, string]>> = {
  //          same               changed: stop    the missing side wins  the survivor wins  left
  report: ["list missing", "list conflict", "list missing", "list missing", "list missing"],
  uncouple: ["uncouple", "list conflict", "uncouple", "list missing", "uncouple"],
  restore: ["restore SELF", "restore SELF", "restore SELF", "restore SELF", "list missing"],
  delete: ["delete OTHER", "list conflict", "delete OTHER", "list missing", "list missing"],
  deactivate: ["deactivate OTHER", "list conflict", "deactivate OTHER", "list missing", "list missing"],
};
/** Where one record left the filter and the other one stands; where both left; SELF is the one whose policy counts. */
const left: Readonly<Record<LeftPolicy, readonly [string, string]>> = {
  keep: ["note left", "note left"],
  uncouple: ["uncouple", "uncouple"],
  deactivate: ["deactivate OTHER left", "note left"],
};
/** What a direction may write. */
const written: Readonly<Record<Direction, readonly Side[]>> = {
  both: ["erp", "crm"],
  toCrm: ["crm"],
  fromCrm: ["erp"],
};

function shown({ action, side, code }: ReturnType<typeof fateOf>): string {
  return [action, side, code].filter((part) => part !== null).join(" ");
}

/** The cell of the tables above in names of sides; what would write where the direction never does becomes `instead`. */
function cell(text: string, self: Side, direction: Direction, instead: string): string {
  const [action, ...rest] = text.replace("SELF", self).replace("OTHER", otherOf(self)).split(" ");
  const side = rest.find((word): word is Side => word === "erp" || word === "crm");
  return side !== undefined && !written[direction].includes(side) ? instead : [action, ...rest].join(" ");
}

function expected(standing: Readonly<Record<Side, Standing>>, policies: FatePolicies): string {
  const { erp, crm } = standing;
  if (erp === "missing" && crm === "missing") return "end";
  const { direction } = policies;
  const gone = erp === "missing" ? "erp" : crm === "missing" ? "crm" : null;
  if (gone !== null) {
    const survivor = standing[otherOf(gone)];
    const column = survivor === "same"
      ? 0
      : survivor === "left"
      ? 4
      : { stop: 1, [gone]: 2, [otherOf(gone)]: 3 }[policies.conflict]!;
    return cell(missing[policies.missing[gone]!][column]!, gone, direction, "list missing");
  }
  if (erp === "left" && crm === "left") {
    const words = [left[policies.left.erp!][1], left[policies.left.crm!][1]];
    return words.includes("uncouple") ? "uncouple" : "note left";
  }
  const away = erp === "left" ? "erp" : crm === "left" ? "crm" : null;
  return away === null ? "merge" : cell(left[policies.left[away]!][0], away, direction, "note left");
}

const standings: readonly Standing[] = ["same", "changed", "missing", "left"];
const directions: readonly Direction[] = ["both", "toCrm", "fromCrm"];
const winners: readonly Winner[] = ["stop", "erp", "crm"];
const cells = standings.flatMap((erp) =>
  standings.flatMap((crm) =>
    directions.flatMap((direction) => winners.map((conflict) => ({ erp, crm, direction, conflict })))
  )
);

Deno.test.each(cells)(
  "fateOf() decides a pair: ERP $erp, CRM $crm, direction $direction, conflict $conflict",
  ({ erp, crm, direction, conflict }) => {
    for (const one of Object.keys(missing) as MissingPolicy[]) {
      for (const other of Object.keys(missing) as MissingPolicy[]) {
        for (const ofErp of Object.keys(left) as LeftPolicy[]) {
          for (const ofCrm of Object.keys(left) as LeftPolicy[]) {
            const policies = {
              ...{ direction, conflict, resolved: null },
              ...{ missing: { erp: one, crm: other }, left: { erp: ofErp, crm: ofCrm } },
            };
            const told = JSON.stringify(policies);
            assertEquals(shown(fateOf({ erp, crm }, policies)), expected({ erp, crm }, policies), told);
          }
        }
      }
    }
  },
);

const none = { direction: "both", missing: {}, left: {}, conflict: "stop" } as const;
Deno.test.each(
  [
    { policy: "report", keep: "erp", fate: "uncouple" },
    { policy: "report", keep: "crm", fate: "restore erp" },
    { policy: "uncouple", keep: "erp", fate: "uncouple" },
    { policy: "uncouple", keep: "crm", fate: "restore erp" },
    { policy: "restore", keep: "erp", fate: "uncouple" },
    { policy: "restore", keep: "crm", fate: "restore erp" },
    { policy: "delete", keep: "erp", fate: "delete crm" },
    { policy: "delete", keep: "crm", fate: "restore erp" },
    { policy: "deactivate", keep: "erp", fate: "deactivate crm" },
    { policy: "deactivate", keep: "crm", fate: "restore erp" },
  ] as const,
)("fateOf() does what a person said: policy $policy, the $keep counts", ({ policy, keep, fate }) => {
  for (const crm of ["same", "changed"] as const) {
    const policies = { ...none, missing: { erp: policy }, resolved: keep };
    assertEquals(shown(fateOf({ erp: "missing", crm }, policies)), fate);
  }
});

Deno.test("fateOf() only reports where nothing is said", () => {
  assertEquals(shown(fateOf({ erp: "missing", crm: "same" }, { ...none, resolved: null })), "list missing");
  assertEquals(shown(fateOf({ erp: "same", crm: "left" }, { ...none, resolved: null })), "note left");
});
