import type { Migration } from "./migration.ts";

/** The base of most pairs is their records as they stand; keys are forgotten with the definition that made them. */
export const asSeen: Migration = {
  number: 12,
  name: "bases as seen",
  statements: [
    `alter table steps add column bases jsonb not null default '{}'`,
    `alter table uncoupled drop column base`,
    `alter table uncoupled rename column run to made`,
  ],
};
