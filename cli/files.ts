/** The project's own files that commands read. */
import { resolve } from "node:path";
import { type Configuration, readConfiguration } from "./configuration.ts";
import type { Session } from "./session.ts";

/** tenging.json and the secrets that belong to it; nothing configured when there is no such file. */
export function configurationOf(session: Session): Configuration {
  return readConfiguration({
    text: textOf(resolve(session.project.dir, "tenging.json")),
    env: session.env,
    readFile: (path) => Deno.readTextFileSync(resolve(session.project.dir, path)),
  });
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
