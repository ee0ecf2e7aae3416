/**
 * Which values descend from which. A value that a user typed has seen what stood there before, and all that this had
 * seen; a copy of it elsewhere is the same value. So a value that the program overwrote is lost unless the new one has
 * seen it.
 */
import type { Value } from "../../connectors/connector.ts";

/** One value of a field, wherever it stands; blanks are told apart by who made them. */
export interface Token {
  readonly text: string | null;
  readonly seen: Set<Token>;
  /** The sides on which users typed it. */
  readonly typedOn: Set<string>;
}

export interface Lineage {
  /** A user of `side` wrote `value` over `before`. */
  typed(field: string, value: Value, from: { before: Token | undefined; side: string }): Token;
  /** The program wrote `value` over `before`; `lost` is what the new value has not seen. */
  copied(field: string, value: Value, before: Token | undefined): { token: Token; lost: Token | null };
}

/** What two forms of one value have in common, whichever side stored it: each side makes something of what it is sent. */
export function plainOf(value: Value | undefined): string | null {
  if (value === null || value === undefined || value === "") return null;
  return String(value).replaceAll(" ", "").replace(/\.0*$/, "");
}

export function lineage(): Lineage {
  const values = new Map<string, Token>();
  const blanks = new Map<string, Token[]>();
  function tokenOf(field: string, value: Value): Token {
    const text = plainOf(value);
    if (text === null) {
      const blank: Token = { text, seen: new Set(), typedOn: new Set() };
      const known = blanks.get(field);
      if (known === undefined) blanks.set(field, [blank]);
      else known.push(blank);
      return blank;
    }
    const key = `${field} ${text}`;
    let token = values.get(key);
    if (token === undefined) values.set(key, token = { text, seen: new Set(), typedOn: new Set() });
    return token;
  }
  return {
    typed(field, value, { before, side }) {
      if (before !== undefined && before.text === plainOf(value)) return before;
      const token = tokenOf(field, value);
      token.typedOn.add(side);
      if (before !== undefined) {
        token.seen.add(before);
        for (const one of before.seen) token.seen.add(one);
      }
      return token;
    },
    copied(field, value, before) {
      const text = plainOf(value);
      if (before !== undefined && before.text === text) return { token: before, lost: null };
      if (text !== null) {
        const token = tokenOf(field, value);
        const isLost = before !== undefined && before.text !== null && !token.seen.has(before);
        return { token, lost: isLost ? before : null };
      }
      if (before === undefined) return { token: tokenOf(field, value), lost: null };
      const blank = blanks.get(field)?.find((one) => one.seen.has(before));
      return blank === undefined ? { token: tokenOf(field, value), lost: before } : { token: blank, lost: null };
    },
  };
}
