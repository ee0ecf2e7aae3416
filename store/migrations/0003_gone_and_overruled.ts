import type { Migration } from "./migration.ts";

/** When a side was swept, what records were merged into, decisions of persons, values that were overwritten, retries. */
export const goneAndOverruled: Migration = {
  number: 3,
  name: "gone and overruled",
  statements: [
    `alter table steps add column swept_erp text collate "C", add column swept_crm text collate "C"`,
    `alter table steps add column newest_erp jsonb, add column newest_crm jsonb`,
    `alter table records add column merged_into text collate "C"`,
    `alter table couplings add column resolution jsonb`,
    `alter table changes add column lost jsonb not null default '[]', add column retry_at text collate "C"`,
    `drop index changes_one_open`,
    `create unique index changes_one_open on changes (connection, step, side, source)
      where state in ('intended', 'sent', 'open', 'noted')`,
    `create index changes_by_source on changes (source, connection, step)`,
    `create index changes_lost on changes (connection, id) where lost <> '[]'`,
  ],
};
