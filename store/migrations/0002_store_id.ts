import type { Migration } from "./migration.ts";

/** What tells one store from another: a copy that was put back is the same, a database that was made anew is not. */
export const storeId: Migration = {
  number: 2,
  name: "store id",
  statements: [
    `create table store (id text collate "C" primary key)`,
    `insert into store (id) values (gen_random_uuid()::text)`,
  ],
};
