/** The four classes of errors, chosen by what the engine does next. Every code has a line in docs/errors.md. */

export interface DefinitionProblem extends ErrorOptions {
  /** The exact command that a person types next, where there is one. */
  readonly next?: string;
}
/** A definition, the command line or the configuration is wrong: nothing runs. Exit code 2. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
  readonly next: string | null;
  constructor(readonly code: string, message: string, { next, ...options }: DefinitionProblem = {}) {
    super(message, options);
    this.next = next ?? null;
  }
}

export interface ServiceProblem extends ErrorOptions {
  /** "business_central", "dataverse", "csv", "postgres", "store" or "sandbox". */
  readonly service: string;
  readonly code: string;
  /** HTTP status, 0 where no answer came. */
  readonly status?: number;
  /** Milliseconds. */
  readonly retryAfter?: number;
  /** Another try can help without anybody doing anything. */
  readonly retryable?: boolean;
}
/** A service, or the store, can't be used: the connector retries what can be, then the step fails. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly service: string;
  readonly code: string;
  readonly status: number;
  readonly retryAfter: number | null;
  readonly retryable: boolean;
  constructor(message: string, problem: ServiceProblem) {
    super(message, problem.cause === undefined ? undefined : { cause: problem.cause });
    this.service = problem.service;
    this.code = problem.code;
    this.status = problem.status ?? 0;
    this.retryAfter = problem.retryAfter ?? null;
    this.retryable = problem.retryable ?? false;
  }
}

/** One record can't be handled: it is counted and kept on the change, the others go on. */
export class RecordError extends Error {
  override readonly name = "RecordError";
  constructor(
    readonly code: string,
    message: string,
    readonly where: { step: string; side: "erp" | "crm"; id: string; field?: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A step can't go on: its dependents are blocked, the other steps go on. */
export class StepError extends Error {
  override readonly name = "StepError";
  constructor(readonly code: string, message: string, readonly step: string, options?: ErrorOptions) {
    super(message, options);
  }
}
