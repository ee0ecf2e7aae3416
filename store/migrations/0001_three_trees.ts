import type { Migration } from "./migration.ts";

/**
 * The three trees, the changes and the runs. All text is COLLATE "C": order is by code point everywhere. Tables keep
 * what the contract's types hold, under the same names in snake case.
 */
export const threeTrees: Migration = {
  number: 1,
  name: "three trees",
  statements: [
    `create table connections (
      connection text collate "C" primary key,
      pin jsonb not null
    )`,
    `create table steps (
      connection text collate "C" not null,
      step text collate "C" not null,
      definition text collate "C",
      rules jsonb not null default '{}',
      cursor_erp text collate "C",
      cursor_crm text collate "C",
      entities jsonb,
      primary key (connection, step)
    )`,
    `create table records (
      connection text collate "C" not null,
      step text collate "C" not null,
      side text collate "C" not null,
      id text collate "C" not null,
      key text collate "C",
      label text collate "C",
      data jsonb not null,
      version text collate "C" not null,
      modified_at text collate "C",
      fingerprint text collate "C" not null,
      frozen text collate "C",
      state text collate "C" not null,
      primary key (connection, step, side, id)
    )`,
    // Indexes that find single rows begin with what tells those apart, so that the planner never takes them for a step.
    `create index records_by_key on records (key, connection, step, side)`,
    // What the readings of a side's latest run met: a row for each page, so that a full reading of unchanged records
    // costs a few rows instead of one update per record.
    `create table met (
      connection text collate "C" not null,
      step text collate "C" not null,
      side text collate "C" not null,
      run text collate "C" not null,
      ids text[] not null
    )`,
    `create index met_by_side on met (connection, step, side)`,
    `create table match_keys (
      connection text collate "C" not null,
      step text collate "C" not null,
      side text collate "C" not null,
      id text collate "C" not null,
      position int not null,
      key text collate "C" not null,
      primary key (connection, step, side, id, position)
    )`,
    `create index match_keys_by_key on match_keys (connection, step, position, side, key, id)`,
    // dirty is derived: written with every record, coupling or change that it depends on, in the same transaction.
    `create table couplings (
      connection text collate "C" not null,
      step text collate "C" not null,
      erp_id text collate "C" not null,
      crm_id text collate "C" not null,
      state text collate "C" not null,
      base jsonb,
      seen_erp text collate "C",
      seen_crm text collate "C",
      definition text collate "C" not null,
      how text collate "C" not null,
      written jsonb,
      dirty boolean not null default false,
      primary key (connection, step, erp_id)
    )`,
    // A tombstone may share its CRM record with the coupling that came after it.
    `create unique index couplings_one_to_one on couplings (crm_id, connection, step) where state <> 'tombstone'`,
    `create index couplings_by_crm on couplings (crm_id, connection, step)`,
    `create index couplings_dirty on couplings (connection, step, erp_id) where dirty`,
    `create index couplings_by_definition on couplings (connection, step, definition)`,
    `create table changes (
      connection text collate "C" not null,
      id text collate "C" not null,
      run text collate "C" not null,
      step text collate "C" not null,
      side text collate "C" not null,
      op text collate "C" not null,
      source text collate "C" not null,
      target text collate "C",
      after jsonb not null,
      before jsonb not null,
      basis jsonb not null,
      version text collate "C",
      state text collate "C" not null,
      reasons jsonb not null,
      attempts int not null,
      at text collate "C" not null,
      primary key (connection, id)
    )`,
    `create unique index changes_one_open on changes (connection, step, side, source)
      where state in ('intended', 'sent', 'open')`,
    `create index changes_by_run on changes (connection, run, id)`,
    `create table runs (
      connection text collate "C" not null,
      run_id text collate "C" not null,
      started_at text collate "C" not null,
      run jsonb not null,
      primary key (connection, run_id)
    )`,
  ],
};
