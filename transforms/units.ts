import type { TwoWay } from "./transform.ts";

const prefix = "NAV ";

/**
 * Code of a unit of measure ↔ name of its unit group, "NAV PCS": the name that Microsoft's own connector gives, so
 * groups that it made are found again.
 */
export const unitGroupName: TwoWay<string, string> = {
  name: "unitGroupName",
  forward: (code) => prefix + code,
  backward: (name) => name.startsWith(prefix) ? name.slice(prefix.length) : name,
  lossy: `a name without the prefix is taken for the code itself and comes back with it`,
};
