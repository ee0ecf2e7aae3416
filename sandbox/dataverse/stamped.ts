/** The marks of a change. */
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";

/** The row as changed now, by the application user. */
export function stamped(crm: Crm, row: Values & { id: string }): Row {
  return { ...row, modifiedon: crm.stamp(), modifiedby: crm.me, versionnumber: crm.nextVersion() };
}
