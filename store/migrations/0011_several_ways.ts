import type { Migration } from "./migration.ts";

/** Records can agree in several ways: where a blank leaves what the other side has, whatever that is. */
export const severalWays: Migration = {
  number: 11,
  name: "several ways to agree",
  statements: [
    `alter table uncoupled alter column agrees type text[] using case when agrees is not null then array[agrees] end`,
  ],
};
