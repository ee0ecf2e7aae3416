/** How Business Central writes names of values and blanks; Dataverse its blanks. */
import type { Field, Value } from "./connector.ts";
import { exact } from "./json.ts";

/** A value of an enumeration as an OData name: what no name may hold is written `_x0020_`. */
export function encodeName(value: string): string {
  return value
    .replaceAll(/_(?=x[0-9a-f]{4}_)/gi, "_x005F_")
    .replaceAll(/[^A-Za-z0-9_]/g, (sign) => {
      return Array.from({ length: sign.length }, (_, at) => `_x${hex(sign.charCodeAt(at))}_`).join("");
    });
}
function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
/** The value behind an OData name; a value that came without escapes stays as it is. */
export function decodeName(name: string): string {
  return name.replaceAll(/_x([0-9a-f]{4})_/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** What Business Central writes where there is no id and no day. */
export const zeroGuid = "00000000-0000-0000-0000-000000000000";
const zeroDate = "0001-01-01";

/**
 * A value of a service without its way of saying "blank": empty text, the zero GUID and the day 0001-01-01 are null.
 * Empty text stays in a field that is never null; an enumeration that has a value " " has it for empty text too.
 */
export function withoutBlank(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case "text":
      return (value ?? "") === "" ? (field.nullable ? null : "") : value;
    case "lookup":
      return value === "" || value === zeroGuid || value === undefined ? null : value;
    case "date":
    case "datetime":
      return typeof value === "string" && (value === "" || value.startsWith(zeroDate)) ? null : value;
    case "choice": {
      const decoded = typeof value === "string" ? decodeName(value) : value;
      if (typeof decoded !== "string" || decoded.trim() !== "") return decoded;
      return field.values?.includes(" ") ? " " : null;
    }
    default:
      return value ?? null;
  }
}

/** A value of ours as Business Central writes it: the way back of {@link withoutBlank}, decimals with exact digits. */
export function withBlank(field: Field, value: Value): unknown {
  switch (field.kind) {
    case "text":
    case "lookup":
      return value ?? "";
    case "date":
      return value ?? zeroDate;
    case "datetime":
      return value ?? `${zeroDate}T00:00:00Z`;
    case "choice":
      return typeof value === "number" ? value : encodeName(String(value ?? " "));
    case "decimal":
      return exact(String(value ?? "0"));
    case "integer":
      return value ?? 0;
    case "boolean":
      return value ?? false;
  }
}
