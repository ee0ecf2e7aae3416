/** The errors of the Dataverse imitation: status and code as the service has them, texts of our own. */

export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

export const refuse = {
  noSuchSet: (segment: string) => new Refusal(404, "0x8006088a", `Resource not found for the segment '${segment}'.`),
  noSuchRow: (logical: string, id: string) =>
    new Refusal(404, "0x80040217", `${logical} With Id = ${id} Does Not Exist`),
  privilege: () => new Refusal(403, "0x80040220", "The principal user is missing a privilege for the table."),
  /** The query or the address can't be understood or asks for what isn't there. */
  query: (message: string) => new Refusal(400, "0x80060888", message),
  /** The body isn't what the table's type says. */
  payload: (message: string) => new Refusal(400, "0x80048d19", message),
  argument: (message: string) => new Refusal(400, "0x80040203", message),
  tooLong: (logical: string, column: string, max: number) =>
    new Refusal(
      400,
      "0x80044331",
      `The value of '${column}' of '${logical}' is too long; the most is '${max}' characters.`,
    ),
  unknownChoice: (logical: string, column: string, value: string) =>
    new Refusal(400, "0x8004431a", `The choice '${column}' of '${logical}' has no value ${value}.`),
  outOfRange: (logical: string, column: string, kind: string) =>
    new Refusal(
      400,
      kind === "integer" ? "0x8004432f" : "0x80044330",
      `The value of '${column}' of '${logical}' lies outside its range.`,
    ),
  wrongStatus: (logical: string, reason: number, state: number) =>
    new Refusal(400, "0x80048408", `${reason} is not a valid status code for state code ${state} of ${logical}.`),
  wrongState: (logical: string, state: number, why: string) =>
    new Refusal(400, "0x80048408", `${logical} can't get state code ${state}: ${why}.`),
  /** The code is one for states; which one the service gives here isn't documented. */
  readOnly: (logical: string, id: string) =>
    new Refusal(400, "0x80048408", `${logical} With Id = ${id} is not Active: it is read only and cannot be edited.`),
  /** A row with the same value in a column that must be unique, or with the same id. */
  duplicate: () => new Refusal(412, "0x80040237", "Cannot insert duplicate key."),
  /** If-None-Match: * met a row. */
  exists: () => new Refusal(412, "0x80040237", "A record with matching key values already exists."),
  duplicateKey: (columns: readonly string[]) =>
    new Refusal(412, "0x80060892", `Entity Key ${columns.join(", ")} violated. A record with the same values exists.`),
  /** If-Match with a version that isn't the row's. */
  changed: () =>
    new Refusal(
      412,
      "0x80060882",
      "The version of the existing record doesn't match the RowVersion property provided.",
    ),
  inUse: (logical: string, by: string) =>
    new Refusal(405, "0x80040227", `The ${logical} cannot be deleted because a ${by} refers to it.`),
  method: (method: string) => new Refusal(405, "0x80060888", `The method ${method} is not allowed on this resource.`),
  expiredChanges: () =>
    new Refusal(400, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync."),
  missing: (what: string) => new Refusal(501, "0x80060888", `${what} is not part of this sandbox.`),
} as const;
