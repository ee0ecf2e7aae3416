/** Makes values comparable, so that two spellings of one thing have the same text. Pure; imports nothing of ours. */

/** How a value is made comparable. */
export type Kind = "code" | "name" | "email" | "phone" | "url" | "postal" | "exact";

/**
 * The comparable form of a value, or null where there is nothing to compare: a blank, an e-mail address without "@",
 * a phone number of fewer than five digits, a name without a letter or digit.
 */
export function normal(value: string | number | boolean | null, kind: Kind): string | null {
  const text = value === null ? "" : String(value).trim();
  if (text === "") return null;
  if (kind === "exact") return text;
  return forms[kind](text) || null;
}

const forms: Readonly<Record<Exclude<Kind, "exact">, (text: string) => string>> = {
  code,
  name,
  email: (text) => text.includes("@") ? text.normalize("NFKC").toLowerCase().replace(/\s+/g, "") : "",
  phone,
  url: (text) => text.toLowerCase().replace(/^[a-z]+:\/\//, "").replace(/^www\./, "").replace(/[/?#]+$/, ""),
  postal: (text) => folded(text).replace(/[^\p{L}\p{M}\p{N}]/gu, ""),
};

/** Letters that no Unicode decomposition takes apart, as they are written where they are missing on the keyboard. */
const letters: Readonly<Record<string, string>> = {
  "ð": "d",
  "đ": "d",
  "þ": "th",
  "æ": "ae",
  "œ": "oe",
  "ø": "o",
  "ł": "l",
  "ß": "ss",
  "ı": "i",
};

/** Lower case without accents. Marks of other scripts stay: there they tell words apart. */
function folded(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "")
    .replace(/[ðđþæœøłßı]/g, (letter) => letters[letter] ?? letter).normalize("NFC");
}

/** Most codes are: nothing in them has accents or separates. */
const plain = /^[A-Za-z0-9]+$/;

/** "AB-10 5" is "ab10-5": a separator counts only between two digits, where "1-01" and "10-1" are two codes. */
function code(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  const joined = folded(text).replace(/(?<=\p{N})[^\p{L}\p{M}\p{N}]+(?=\p{N})/gu, "-")
    .replace(/(?<!\p{N})[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+(?!\p{N})/gu, "");
  return joined === "" ? text : joined; // "%" is a code, too
}

/** Legal forms without dots, slashes and spaces; a name loses them at its end. */
const legalForms = new Set(
  ("ltd limited inc incorporated llc llp lp corp corporation co company plc pty gmbh mbh gmbhandcokg gmbhcokg ag kg " +
    "ohg ev ehf hf sf slf as asa aps ab oy oyj spzoo sa sas sarl bv nv srl spa sl kft sro doo").split(" "),
);

/**
 * Words without legal forms, spaces and punctuation; a name that is nothing but a legal form keeps it. "(sample)" is
 * how Dataverse marks the rows of its sample data; any other remark in brackets tells companies apart and stays.
 */
function name(text: string): string {
  const words = folded(text).replace(/\(sample\)$/, "").replace(/&/g, " and ").replace(/['’`´]/g, "")
    .split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== "");
  for (let taken = ending(words); taken > 0 && taken < words.length; taken = ending(words)) words.length -= taken;
  return words.join("");
}

/** How many words at the end are one legal form: "limited" is one, what is left of "A/S" two, of "Sp. z o.o." four. */
function ending(words: readonly string[]): number {
  for (let count = Math.min(4, words.length); count > 0; count--) {
    if (legalForms.has(words.slice(-count).join(""))) return count;
  }
  return 0;
}

/** Calling codes of two digits; "1" and "7" have one digit, all others three (ITU-T E.164). */
const twoDigits = /^(2[07]|3[0-4689]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/**
 * The digits of the national number: without extension, country code and leading zeros, which one side writes and the
 * other doesn't. Equal numbers of two countries are therefore equal here: match a phone number with a second field.
 */
function phone(text: string): string {
  const main = text.normalize("NFKC").toLowerCase().replace(/(?:ext|x|#|;).*$/, "");
  const foreign = /^\W*(\+|00)/.test(main);
  let digits = main.replace(/\D/g, "").replace(/^0+/, "");
  if (foreign) digits = digits.slice(/^[17]/.test(digits) ? 1 : twoDigits.test(digits) ? 2 : 3);
  digits = digits.replace(/^0+/, "");
  if (digits.length === 11 && digits.startsWith("1")) digits = digits.slice(1); // North America, without its "+"
  return digits.length < 5 ? "" : digits;
}
