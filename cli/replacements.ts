/** What can stand in the place of a service: a folder of CSV files, or tables of a PostgreSQL database. */
import { z } from "zod";
import { DefinitionError } from "../errors.ts";
import type { PostgresAddress } from "../store/postgres.ts";
import { readDatabaseUrl } from "./database_url.ts";
import { secretOf, type SecretSources } from "./secret.ts";

const word = z.string().trim().min(1, "must not be empty");

/** The keys of tenging.json that say so, beside those of an account. The address of the database is a secret. */
export const replacements = {
  folder: word.optional(),
  database: z.strictObject({ schema: word.optional() }).optional(),
};

/** A folder of CSV files, as it is written: counted from the project's folder. */
export interface Folder {
  readonly folder: string;
}
/** Tables of a database. */
export interface Tables {
  readonly database: PostgresAddress;
  readonly schema: string;
}

type Side = "erp" | "crm";
interface Replacing extends SecretSources {
  /** Gives the value, or notes that what is called `name` is missing. */
  needed(value: string | null | undefined, name: string): string;
}

/** Whether a secret says that a database stands in the place of a service. */
export function isReplaced(sources: SecretSources): boolean {
  return (["erp", "crm"] as const).some((side) => secretOf(variableOf(side), sources) !== null);
}

/** What a side has instead of an account; null where it has one. Throws DefinitionError "configuration_invalid". */
export function replacementOf(
  side: Side,
  written: z.infer<z.ZodObject<typeof replacements>> | undefined,
  { needed, ...sources }: Replacing,
): Folder | Tables | null {
  const { folder, database } = written ?? {};
  const variable = variableOf(side);
  const url = secretOf(variable, sources);
  const where = `connections.default.${side}`;
  if (folder === undefined && database === undefined && url === null) return null;
  const keys = Object.keys(written ?? {});
  if (keys.length > 1) {
    throw new DefinitionError(
      "configuration_invalid",
      `Cannot use tenging.json: "${where}" names ${keys.map((key) => `"${key}"`).join(" and ")}; keep an account, ` +
        `"folder" or "database", only one of them`,
    );
  }
  if (folder !== undefined) return { folder };
  if (database === undefined) needed(null, `"${where}.database" in tenging.json`);
  const address = needed(url, `${variable} (or ${variable}_FILE)`);
  if (address === "") return { folder: "" }; // of no use: the caller tells what is missing
  return { database: readDatabaseUrl(address, sources.readFile, { variable }), schema: database?.schema ?? "public" };
}

function variableOf(side: Side): string {
  return `TENGING_${side.toUpperCase()}_DATABASE_URL`;
}
