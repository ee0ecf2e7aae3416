/**
 * A short text that stands for a long one: MurmurHash3 (its x86 variant of 128 bits) of the text in UTF-16, in 22 signs.
 * It takes a seventh of the time of the runtime's SHA-1, which a first synchronization spent a seventh of its work on. Two texts have the
 * same by chance once in 2^128; somebody who seeks such two finds them, so it is good for what changed, not for secrets.
 */

const { imul } = Math;
const signs = Uint8Array.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  (sign) => sign.charCodeAt(0),
);

/** The digest of a text. */
export function digestOf(text: string): string {
  const { length } = text;
  const whole = length - length % 8;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 8) {
    a = imul(rotated(a ^ mixedA(pair(text, at)), 19) + b, 5) + 0x561ccd1b | 0;
    b = imul(rotated(b ^ mixedB(pair(text, at + 2)), 17) + c, 5) + 0x0bcaa747 | 0;
    c = imul(rotated(c ^ mixedC(pair(text, at + 4)), 15) + d, 5) + 0x96cd1c35 | 0;
    d = imul(rotated(d ^ mixedD(pair(text, at + 6)), 13) + a, 5) + 0x32ac3b17 | 0;
  }
  const bytes = 2 * length;
  a ^= mixedA(pair(text, whole)) ^ bytes;
  b ^= mixedB(pair(text, whole + 2)) ^ bytes;
  c ^= mixedC(pair(text, whole + 4)) ^ bytes;
  d ^= mixedD(pair(text, whole + 6)) ^ bytes;
  a = a + b + c + d | 0;
  [a, b, c, d] = [scattered(a), scattered(a + b), scattered(a + c), scattered(a + d)];
  a = a + b + c + d | 0;
  return written(a, a + b | 0, a + c | 0, a + d | 0);
}

/** Two characters as 32 bits; there are none behind the end. */
function pair(text: string, at: number): number {
  if (at + 1 < text.length) return text.charCodeAt(at) | text.charCodeAt(at + 1) << 16;
  return at < text.length ? text.charCodeAt(at) : 0;
}

function rotated(bits: number, by: number): number {
  return bits << by | bits >>> 32 - by;
}

// Functions of their own, which the compiler makes one with the loop.
function mixedA(bits: number): number {
  return imul(rotated(imul(bits, 0x239b961b), 15), 0xab0e9789);
}
function mixedB(bits: number): number {
  return imul(rotated(imul(bits, 0xab0e9789), 16), 0x38b34ae5);
}
function mixedC(bits: number): number {
  return imul(rotated(imul(bits, 0x38b34ae5), 17), 0xa1e38b93);
}
function mixedD(bits: number): number {
  return imul(rotated(imul(bits, 0xa1e38b93), 18), 0x239b961b);
}

function scattered(bits: number): number {
  bits = imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return bits ^ bits >>> 16;
}

/** 128 bits, six for each sign; in one call, since joining texts takes longer than all the rest. */
function written(a: number, b: number, c: number, d: number): string {
  return String.fromCharCode(
    signs[a & 63]!,
    signs[a >>> 6 & 63]!,
    signs[a >>> 12 & 63]!,
    signs[a >>> 18 & 63]!,
    signs[a >>> 24 & 63]!,
    signs[(a >>> 30 | b << 2) & 63]!,
    signs[b >>> 4 & 63]!,
    signs[b >>> 10 & 63]!,
    signs[b >>> 16 & 63]!,
    signs[b >>> 22 & 63]!,
    signs[(b >>> 28 | c << 4) & 63]!,
    signs[c >>> 2 & 63]!,
    signs[c >>> 8 & 63]!,
    signs[c >>> 14 & 63]!,
    signs[c >>> 20 & 63]!,
    signs[c >>> 26]!,
    signs[d & 63]!,
    signs[d >>> 6 & 63]!,
    signs[d >>> 12 & 63]!,
    signs[d >>> 18 & 63]!,
    signs[d >>> 24 & 63]!,
    signs[d >>> 30]!,
  );
}
