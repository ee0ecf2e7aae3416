/** What can be wrong with a definition. */

/** The closed list of what `checkPipeline` finds; each code has a line in docs/errors.md. */
export const problemCodes = [
  "malformed", // not of the shape of a definition
  "unknown_key", // a section or option that a definition does not have
  "unsuitable_name", // a selector could not name such a step
  "duplicate_name", // two steps with one name
  "outside_pipeline", // depends on a step that the pipeline does not list
  "cycle", // steps that depend on each other in a circle
  "not_in_depends_on", // a lookup through a step that this one does not wait for
  "unknown_field", // the entity has no such field
  "owner_of_organization", // an owner for a table that belongs to the organization
  "wrong_rule", // a rule that says nothing here, or not for such a field
  "missing_inverse", // a conversion without the function for this direction
  "not_injective", // a value map that can't be read backwards
  "unknown_choice", // a value that the field can't hold
  "narrowing", // a copy between fields of different kinds
  "blank_into_required", // a blank could reach a field that has none
  "not_writable", // a field that may not be written then
  "written_twice", // one field, two rules or two steps
  "wrong_head", // parts without their document, or a step that follows one of other entities
  "mixed_group", // members of a group with different conflict policies
  "match_missing", // nothing says which records are the same
  "match_unmapped", // matched by a field that no rule gives a value
  "required_missing", // a creation would lack a required field
  "not_found_again", // a creation would lack what it is found again by after a lost answer
  "filter_not_set", // a created record would lie outside the step's filter
  "not_creatable", // the step may create what can't be created
  "wrong_direction", // a policy for a side that the step never writes to
  "not_deletable", // a policy that deletes, or puts out of use, what must not be
] as const;
export type ProblemCode = typeof problemCodes[number];

/** One thing to correct, found without any request. */
export interface Problem {
  readonly code: ProblemCode;
  /** Where the step is defined, if it is known. */
  readonly file: string | null;
  readonly step: string;
  /** The field, section or option. */
  readonly field: string | null;
  /** What is wrong, and after a semicolon what to do. */
  readonly message: string;
}

/** Notes a problem of the step that is being looked at. */
export type Report = (code: ProblemCode, field: string | null, message: string) => void;
