import type { Migration } from "./migration.ts";

/** Steps that were rebuilt at some time stay known as such, also after a person confirmed. */
export const restored: Migration = {
  number: 9,
  name: "restored",
  statements: [
    `alter table steps add column restored boolean not null default false`,
    `update steps set restored = rebuilt`,
  ],
};
