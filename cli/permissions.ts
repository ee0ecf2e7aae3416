/** What deno.json permits the command that runs, and which of its lines to edit where that is not enough. */
import { isAbsolute, relative, resolve } from "node:path";
import { DefinitionError } from "../errors.ts";

export interface Project {
  /** The folder with deno.json. */
  readonly dir: string;
  /** The permission set (in deno.json) of the command that runs. */
  readonly set: string;
}

/** True for the folder itself and everything in it. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!isAbsolute(way) && way.split(/[\\/]/)[0] !== "..");
}

const permissions = ["read", "write"] as const;

/** Where the state is kept: TENGING_HOME, or .tenging. Throws DefinitionError "home_not_permitted". */
export function homeOf(project: Project, env: (name: string) => string | undefined): string {
  const written = env("TENGING_HOME") || ".tenging";
  const home = resolve(project.dir, written);
  const denied = permissions.filter((name) => Deno.permissions.querySync({ name, path: home }).state !== "granted");
  if (isInside(home, resolve(project.dir, ".tenging")) || denied.length === 0) return home;
  throw new DefinitionError(
    "home_not_permitted",
    `Cannot use TENGING_HOME "${written}": the permission set "${project.set}" writes only under ".tenging"; choose a ` +
      `folder under ".tenging", or add this one to ${denied.map((name) => `"${name}"`).join(" and ")} in ` +
      lineOf(project, "write"),
  );
}

/**
 * Throws DefinitionError "file_not_permitted" unless the report may be written there: under "exports", as a CSV file in
 * a home but not among its state, or where else the permission set allows it.
 */
export function refuseFileElsewhere(path: string, project: Project, home: string): void {
  const exports = resolve(project.dir, "exports");
  if (path === exports) {
    throw new DefinitionError("file_not_permitted", `Cannot write "${path}": it is a folder; name a file in it`);
  }
  for (const folder of [home, resolve(project.dir, ".tenging")]) {
    if (!isInside(path, folder)) continue;
    const names = relative(folder, path).split(/[\\/]/);
    if (path.endsWith(".csv") && !names.some((name) => ["store", "store.new", "sandbox"].includes(name))) continue;
    throw new DefinitionError(
      "file_not_permitted",
      `Cannot write "${path}": the state of a home is kept there; choose a file under "exports", or one that ends in ` +
        '".csv" beside the state',
    );
  }
  if (isInside(path, exports) || isInside(path, home) || mayWrite(path)) return;
  throw new DefinitionError(
    "file_not_permitted",
    `Cannot write "${path}": the permission set "${project.set}" writes only under "exports" and ".tenging"; choose a ` +
      `file there, or add its folder to "write" in ${lineOf(project, "write")}`,
  );
}

/** Throws DefinitionError "net_not_permitted" with every host of these addresses that may not be reached. */
export function refuseForeignHosts(addresses: readonly string[], project: Project): void {
  const hosts = new Set(addresses.map((address) => new URL(address).host));
  const denied = [...hosts].filter((host) => Deno.permissions.querySync({ name: "net", host }).state !== "granted");
  if (denied.length === 0) return;
  const names = denied.map((host) => `"${host}"`).join(", ");
  throw new DefinitionError(
    "net_not_permitted",
    `Cannot reach ${names}: the permission set "${project.set}" does not allow it; add ${names} to "net" in ` +
      lineOf(project, "net"),
  );
}

/** Throws DefinitionError "net_not_permitted" when this database may not be reached. */
export function refuseDatabase(
  { host, port }: { readonly host: string; readonly port: number },
  project: Project,
): void {
  if (!host.startsWith("/")) {
    return refuseForeignHosts([`postgres://${host.includes(":") ? `[${host}]` : host}:${port}`], project);
  }
  const path = `${host}/.s.PGSQL.${port}`;
  const needed = [{ name: "net", host: `unix:${path}` }, ...permissions.map((name) => ({ name, path }))] as const;
  const denied = needed.filter((one) => Deno.permissions.querySync(one).state !== "granted");
  if (denied.length === 0) return;
  const additions = denied.map((one) => `"${one.name === "net" ? one.host : one.path}" to "${one.name}"`).join(", ");
  throw new DefinitionError(
    "net_not_permitted",
    `Cannot reach the socket "${path}": the permission set "${project.set}" does not allow it; add ${additions} in ` +
      lineOf(project, denied[0]!.name),
  );
}

function mayWrite(path: string): boolean {
  return Deno.permissions.querySync({ name: "write", path }).state === "granted";
}

function lineOf(project: Project, permission: string): string {
  const text = Deno.readTextFileSync(resolve(project.dir, "deno.json"));
  const line = permissionLine(text, project.set, permission);
  return line === null ? `the permission set "${project.set}" of deno.json` : `line ${line} of deno.json`;
}

/** The line (from 1) of deno.json that says what `permission` a set has; of the set itself when it has none. */
export function permissionLine(text: string, set: string, permission: string): number | null {
  const lines = text.split("\n");
  const from = (start: number, key: string) => lines.findIndex((line, at) => at >= start && line.includes(`"${key}"`));
  const permissions = from(0, "permissions");
  const opened = permissions < 0 ? -1 : lines.findIndex((line, at) => at > permissions && line.includes(`"${set}":`));
  if (opened < 0) return null;
  const closed = lines.findIndex((line, at) => at >= opened && line.includes("}"));
  const found = from(opened, permission);
  return (found >= 0 && found <= closed ? found : opened) + 1;
}
