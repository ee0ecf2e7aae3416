/** How Business Central cuts a person's name into parts, and puts the parts together again. */

export interface PersonName {
  readonly firstName: string;
  readonly middleName: string;
  readonly surname: string;
}
const PART = 30;

/** The last word is the surname, the one before it the middle name when there are more than two, the rest first names. */
export function breakName(name: string): PersonName {
  const words = name.split(" ").filter((word) => word !== "");
  const surname = words.length > 1 ? words.pop()! : "";
  const middle = words.length > 1 ? words.pop()! : "";
  return {
    firstName: words.join(" ").slice(0, PART),
    middleName: middle.slice(0, PART),
    surname: surname.slice(0, PART),
  };
}

export function joinName({ firstName, middleName, surname }: PersonName): string {
  return [firstName, middleName, surname].filter((part) => part !== "").join(" ");
}
