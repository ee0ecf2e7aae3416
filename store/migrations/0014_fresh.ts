import type { Migration } from "./migration.ts";

/**
 * Where the rows of `uncoupled` stand until their records are matched for the first time: nobody looks for one of them
 * before, and keeping them in order by an index would be half of the work. They can be made again of the records, so a
 * crash of the server may empty the table.
 */
export const fresh: Migration = {
  number: 14,
  name: "fresh",
  statements: [
    `create unlogged table fresh (like uncoupled)`,
    // Whether there may be such rows of the step.
    `alter table steps add column fresh boolean not null default false`,
  ],
};
