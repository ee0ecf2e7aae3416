/** What a new sandbox is filled with. */
import { DefinitionError } from "../errors.ts";
import { loadData, type Loaded, LoadError } from "../sandbox/load.ts";
import type { Sandbox } from "../sandbox/mod.ts";
import { orderFiles } from "../sandbox/order_files.ts";

export interface Filling {
  /** Folder of CSV files for the ERP, and for the CRM; null: none. */
  readonly data: string | null;
  readonly crmData: string | null;
  readonly localCurrency: string | null;
  /** Nothing at all, not even the demo company. */
  readonly isEmpty: boolean;
}

/** No wish of the user's: a new sandbox gets the demo company. */
export const nothingToFill: Filling = { data: null, crmData: null, localCurrency: null, isEmpty: false };

/** The user wants other data than the sandbox comes with. */
export function isOrder({ data, crmData, localCurrency }: Filling): boolean {
  return data !== null || crmData !== null || localCurrency !== null;
}

/** Fills both sides with all of it or nothing; says what was put in. Throws DefinitionError for data that is no use. */
export async function fillSandbox(
  sandbox: Sandbox,
  { data, crmData, isEmpty }: Filling,
): Promise<readonly string[]> {
  if (isEmpty) return ["It is empty, as a new company and a new environment are"];
  try {
    if (data === null) {
      const { loadDemo } = await import("../sandbox/demo.ts");
      const { erp, crm } = loadDemo(sandbox);
      return [`It was filled with the demo company: ${rowsText(erp)} · CRM: ${rowsText(crm)}`];
    }
    const loaded = loadData(sandbox, { erp: data, ...(crmData === null ? {} : { crm: crmData }) });
    return [`It was filled from ${data}: ${rowsText(loaded.erp)} · CRM: ${rowsText(loaded.crm)}`, ...ignored(loaded)];
  } catch (error) {
    if (error instanceof LoadError) throw new DefinitionError(error.code, error.message, { cause: error });
    throw error;
  }
}

function rowsText(rows: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rows).filter(([, count]) => count > 0).map(([set, count]) => `${count} ${set}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function ignored({ ignoredFiles, ignoredColumns }: Loaded): string[] {
  const orders = ignoredFiles.filter((file) => orderFiles.includes(file));
  const loader = orders.length === 0 ? "" : ` (${orders.join(", ")}: for deno task sandbox load-orders DIR)`;
  return [
    ...(ignoredFiles.length === 0 ? [] : [`Files that no step reads: ${ignoredFiles.join(", ")}${loader}`]),
    ...(ignoredColumns.length === 0 ? [] : [`Columns that the sandbox lacks: ${ignoredColumns.join(", ")}`]),
  ];
}
