import type { Migration } from "./migration.ts";

/** Who took a step last: what an older holder writes is refused. */
export const leases: Migration = {
  number: 6,
  name: "leases",
  statements: [`alter table steps add column lease jsonb`],
};
