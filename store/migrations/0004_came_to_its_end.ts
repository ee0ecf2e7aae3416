import type { Migration } from "./migration.ts";

/** With which definition a step last came to its end; of stores from before that, the last one that it worked with. */
export const cameToItsEnd: Migration = {
  number: 4,
  name: "came to its end",
  statements: [
    `alter table steps add column ended text collate "C", add column loaded boolean not null default false`,
    `update steps set ended = definition, loaded = definition is not null`,
  ],
};
