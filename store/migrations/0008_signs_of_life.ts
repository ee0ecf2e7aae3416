import type { Migration } from "./migration.ts";

/** When the session that works on a connection last gave a sign of life, by the clock of the database. */
export const signsOfLife: Migration = {
  number: 8,
  name: "signs of life",
  statements: [
    `create table holders (
      connection text collate "C" primary key,
      session int not null,
      seen timestamptz not null
    )`,
  ],
};
