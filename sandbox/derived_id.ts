/** Ids of loaded and generated records: the same input gives the same id on every machine. */
import { createHash } from "node:crypto";

/** The name space of the sandbox's own ids; any fixed GUID would do. */
const NAMESPACE = "5a7d0b0c000040008000000000000001";

/** A name-based id (UUID version 5, RFC 9562 section 5.5) of some text parts. */
export function derivedId(...parts: readonly string[]): string {
  const hash = createHash("sha1").update(NAMESPACE, "hex").update(parts.join("\u0000")).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
