import type { Migration } from "./migration.ts";

/** Steps whose couplings were restored from the services: nothing is created there until a person confirms. */
export const rebuilt: Migration = {
  number: 7,
  name: "rebuilt",
  statements: [`alter table steps add column rebuilt boolean not null default false`],
};
