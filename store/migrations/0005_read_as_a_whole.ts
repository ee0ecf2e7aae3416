import type { Migration } from "./migration.ts";

/** When a side was last read as a whole, or all of its ids were; of stores from before that, nobody knows. */
export const readAsAWhole: Migration = {
  number: 5,
  name: "read as a whole",
  statements: [
    `alter table steps add column whole_erp text collate "C", add column whole_crm text collate "C"`,
  ],
};
