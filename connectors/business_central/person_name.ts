/** A person's name in parts, as Business Central splits the one name that its contacts page shows. */

export interface PersonName {
  readonly firstName: string | null;
  readonly middleName: string | null;
  readonly lastName: string | null;
}
/** The fields of a person that make up the display name. */
export const nameParts = ["firstName", "middleName", "lastName"] as const;

/**
 * The last word is the last name, of three and more the one before it the middle name, the rest the first name
 * (Contact.NameBreakdown). One word alone is the last name: the service calls it the first, but a CRM needs a last one.
 */
export function splitName(name: string): PersonName {
  const words = name.split(" ").filter((word) => word !== "");
  const lastName = words.pop() ?? null;
  const middleName = words.length > 1 ? words.pop() ?? null : null;
  return { firstName: words.length === 0 ? null : words.join(" "), middleName, lastName };
}

/** The display name that the parts make. */
export function joinName(name: PersonName): string {
  return nameParts.map((part) => name[part]?.trim() ?? "").filter((part) => part !== "").join(" ");
}
