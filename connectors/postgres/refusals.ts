/** What a PostgreSQL server refuses: a record's values, or everything that is asked of it. */
import { ServiceError } from "../../errors.ts";

export const service = "postgres";

/** An answer of the server, as the driver has it. */
export interface Refusal {
  /** SQLSTATE (PostgreSQL, Appendix A). */
  readonly code: string;
  readonly message: string;
  readonly column_name?: string;
  readonly constraint_name?: string;
}

/** The refusal that is about the values of a record; null for any other error. */
export function refusalOfRecord(error: unknown): Refusal | null {
  const { code } = error as { code?: unknown };
  // Data, constraints, what triggers raise, and lines of security that the record does not meet.
  return /^(22...|23...|P0001|44000)$/.test(String(code)) ? error as Refusal : null;
}

/** Whether the same transaction can succeed the next time: it met another one. */
export function isCollision(error: unknown): boolean {
  return /^(40001|40P01)$/.test(String((error as { code?: unknown }).code));
}

/** By SQLSTATE, or the driver's own words. */
const kinds: readonly { pattern: RegExp; code: string; remedy: string; retryable?: true }[] = [
  {
    pattern: /^(28...|AUTH_TYPE_NOT_IMPLEMENTED|SASL_SIGNATURE_MISMATCH|3D000)$/,
    ...{
      code: "sign_in_refused",
      remedy: "check user, password and database, and what the server's pg_hba.conf allows",
    },
  },
  {
    pattern: /^42501$/,
    ...{
      code: "database_forbidden",
      remedy: "grant the user what is needed: select, and for a target insert, update, delete",
    },
  },
  {
    pattern: /^(08...|53...|57P..|40...|CONNECTION_\w+|CONNECT_TIMEOUT|E[A-Z]+)$/,
    ...{ code: "database_unreachable", remedy: "run it again", retryable: true },
  },
];

/** The error of ours for what the server, or the way to it, answered. */
export function refusalOf(name: string, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const kind = kinds.find(({ pattern }) => pattern.test(String(error.code)));
  const { code, remedy, retryable = false } = kind ??
    { code: "database_refused", remedy: "correct that, then run it again" };
  return new ServiceError(`Cannot use ${name}: "${error.message}" (${error.code}); ${remedy}`, {
    ...{ service, code, retryable, cause: error },
  });
}
