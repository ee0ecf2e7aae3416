/** The project's own files that commands read. */
import { resolve } from "node:path";
import { type Configuration, readConfiguration, readSettings, type Settings } from "./configuration.ts";
import type { Session } from "./session.ts";

/** tenging.json and the secrets that belong to it; nothing configured when there is no such file. */
export function configurationOf(session: Session): Configuration {
  return readConfiguration({
    text: textOf(fileOf(session)),
    env: session.env,
    readFile: (path) => Deno.readTextFileSync(resolve(session.project.dir, path)),
  });
}

/** tenging.json without the services and their secrets, for commands that reach no service. */
export function settingsOf(session: Session): Settings {
  return readSettings(textOf(fileOf(session)));
}

function fileOf(session: Session): string {
  return resolve(session.project.dir, "tenging.json");
}

export function pipelinesOf(session: Session): string {
  return resolve(session.project.dir, "pipelines");
}

/** Null when there is no such file. */
export function textOf(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** True when there is a file or a folder of this path. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The value of a small file of state; undefined for text that is no JSON: a file cut short counts as not there. */
export function jsonOf(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a small file so that readers see the old text or the new one, nothing between. */
export function writeWhole(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.tmp`, text);
  Deno.renameSync(`${path}.tmp`, path);
}
