import type { Migration } from "./migration.ts";

/**
 * What a run asks in every step costs what changed, not what is there: uncoupled records stand in a table of their own,
 * with what they are matched by, and the coupled ones are counted as they come and go. What is never searched in is kept
 * as it is written.
 */
export const dataPath: Migration = {
  number: 10,
  name: "data path",
  statements: [
    // keys is null where nobody made them of the record as it is; run made them. unclear: the group whose key others have.
    `create table uncoupled (
      connection text collate "C" not null,
      step text collate "C" not null,
      side text collate "C" not null,
      id text collate "C" not null,
      fingerprint text collate "C" not null,
      keys text[],
      run text collate "C",
      agrees text collate "C",
      base text collate "C",
      unclear int,
      primary key (connection, step, side, id)
    )`,
    `insert into uncoupled (connection, step, side, id, fingerprint)
      select r.connection, r.step, r.side, r.id, r.fingerprint from records r where r.state = 'present'
        and not exists (select from couplings c where c.connection = r.connection and c.step = r.step
          and r.side = 'erp' and c.erp_id = r.id)
        and not exists (select from couplings c where c.connection = r.connection and c.step = r.step
          and r.side = 'crm' and c.crm_id = r.id)`,
    `create index uncoupled_unclear on uncoupled (connection, step) where unclear is not null`,
    // Whose keys several records have, by group and key.
    `create table unclear (
      connection text collate "C" not null,
      step text collate "C" not null,
      position int not null,
      key text collate "C" not null,
      erp text[] not null,
      crm text[] not null,
      primary key (connection, step, position, key)
    )`,
    `drop table match_keys`,
    `alter table steps add column coupled int not null default 0`,
    `update steps s set coupled = (select count(*) from couplings c where c.connection = s.connection and c.step = s.step
      and c.state = 'coupled')`,
    `alter table records alter column data type json`,
    `alter table couplings alter column base type json, alter column written type json,
      alter column resolution type json`,
    `alter table changes alter column after type json, alter column before type json, alter column basis type json`,
    // All others are in the index that keeps them one to one.
    `drop index couplings_by_crm`,
    `create index couplings_tombstones on couplings (crm_id, connection, step) where state = 'tombstone'`,
    `create index changes_unsettled on changes (connection, step, id)
      where state in ('intended', 'sent', 'open', 'noted')`,
    `analyze`,
  ],
};
