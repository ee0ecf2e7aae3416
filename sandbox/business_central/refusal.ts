import { captionOf } from "./captions.ts";

/** Why the service refuses a request: what becomes the error body. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** The request itself is malformed, or names what doesn't exist on the service's pages. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}

/** A business rule or the check of a field says no. */
export function ruleBroken(message: string): Refusal {
  return new Refusal(400, "Application_DialogException", message);
}

export function invalidField(message: string): Refusal {
  return new Refusal(400, "Application_FieldValidationException", message);
}

export function noSuchRelation(field: string, value: string, set: string): Refusal {
  return new Refusal(
    400,
    "Internal_InvalidTableRelation",
    `The field ${captionOf(field)} contains a value (${value}) that cannot be found in the related table (${set}).`,
  );
}

export function notFound(what: string): Refusal {
  return new Refusal(404, "BadRequest_ResourceNotFound", `Nothing was found for ${what}.`);
}
