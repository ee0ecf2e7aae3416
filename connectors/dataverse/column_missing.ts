/** The error for a table that lacks a column: one that a company adds by itself, or that an administrator took away. */
import { ServiceError } from "../../errors.ts";
import type { Answer } from "../http.ts";
import { problemOf } from "../odata.ts";
import type { Columns } from "./rows.ts";

/** What an answer that refuses a reading says of its columns; null where it refuses for another reason. */
export function columnMissing(answer: Answer, { entity, table, select }: Columns): ServiceError | null {
  const column = /Could not find a property named '([^']+)'/.exec(problemOf(answer.json).message)?.[1];
  if (answer.status !== 400 || column === undefined || !select.split(",").includes(column)) return null;
  const remedy = entity.fields[column]?.needs === "link column"
    ? 'add it there (a single line of text, 36 characters), or take "linkColumn" out of tenging.json'
    : "add it there, or take its rule out of the definition";
  return new ServiceError(
    `Cannot read "${entity.name}" of "dataverse": the table "${table.logical}" has no column "${column}"; ${remedy}`,
    { service: "dataverse", code: "column_missing", status: answer.status },
  );
}
