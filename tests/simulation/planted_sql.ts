/** Bugs that are planted in the SQL of the store, to see that the comparison of stores catches them. */
import type { Planted } from "./planted.ts";

export const plantedInSql: readonly Planted[] = [
  {
    name: "SQL: a record that changed keeps its data",
    edits: [{
      file: "store/sql_records.ts",
      from: "data = excluded.data, version",
      to: "data = records.data, version",
    }],
  },
  {
    name: "SQL: a page skips the row behind the last one",
    edits: [{
      file: "store/sql.ts",
      from: "order by h.id limit ${limit}::int`",
      to: 'order by h.id offset ${after === "" ? 0 : 1} limit ${limit}::int`',
    }],
  },
  {
    name: "SQL: a change that is written again keeps its state",
    edits: [{
      file: "store/sql_write.ts",
      from: "version = excluded.version, state = excluded.state, reasons = excluded.reasons,",
      to: "version = excluded.version, reasons = excluded.reasons,",
    }],
  },
  {
    name: "SQL: a record of the ERP that changed makes no pair due",
    edits: [{
      file: "store/sql_write.ts",
      from: "e.fingerprint is distinct from c.seen_erp or",
      to: "",
    }],
  },
  {
    name: "SQL: a pair that was matched is not due",
    edits: [{
      file: "store/sql_uncoupled.ts",
      from: "        not agreed\n",
      to: "        false\n",
    }],
  },
  {
    name: "SQL: a base that is the records as they stand follows them",
    edits: [{
      file: "store/sql_records.ts",
      from: "  await keepBases(work, touched);\n",
      to: "",
    }],
  },
].map((bug) => ({ ...bug, isInSql: true }));
