/** What the process ends with, by what went wrong. */
import { DefinitionError, RecordError, ServiceError, StepError } from "../errors.ts";

/** Errors whose code says more than their class. */
const byCode: Readonly<Record<string, number>> = {
  sign_in_refused: 4,
  forbidden: 4,
  web_page: 4,
  store_locked: 6,
  lease_lost: 6,
  sandbox_in_use: 6,
  served_elsewhere: 6,
  store_sign_in_refused: 4,
  store_forbidden: 4,
  brake: 7,
  plan_stale: 7,
  store_too_new: 2,
  store_server_too_old: 2,
  store_database_missing: 2,
  store_not_trusted: 2,
  store_unfit: 2,
};

/**
 * 1 a fault of ours · 2 usage or definition · 3 something is listed · 4 sign-in or permission · 5 service or database
 * unavailable, safe to run again · 6 another process holds the store · 7 brake, or a plan that is stale: a person looks
 * before anything is written.
 */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof DefinitionError) return byCode[error.code] ?? 2;
  if (error instanceof ServiceError) {
    return byCode[error.code] ?? (error.status === 401 || error.status === 403 ? 4 : 5);
  }
  if (error instanceof StepError || error instanceof RecordError) return byCode[error.code] ?? 3;
  if (error instanceof Deno.errors.NotCapable) return 2;
  return 1;
}

/** The lines for stderr; `failed` is the permission set in use. Faults of ours come with their stack. */
export function explain(error: unknown, set: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `Cannot go on: ${error.message.split("\n")[0]}; ` +
      `what this command may do stands under "permissions", "${set}", in deno.json`;
  }
  if (exitCodeOfError(error) !== 1) return `${(error as Error).message} [${(error as { code?: string }).code}]`;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  return `Cannot go on: an internal error, which is a fault of this program; running again is safe\n${stack}`;
}
