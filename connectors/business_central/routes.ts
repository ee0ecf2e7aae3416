/** Which API has a handle's page: the standard one, or that of the extension. */
import type { AnyEntity } from "../connector.ts";
import { guid } from "../odata.ts";

/** Paths below the environment; custom APIs are `api/<publisher>/<group>/<version>`. */
export const apis = { standard: "api/v2.0/", extension: "api/tenging/integration/v1.0/" } as const;
export type Api = keyof typeof apis;

/** Pages that the extension has with every property of the standard ones, and more. */
const extended: ReadonlySet<string> = new Set(["customers", "contacts", "items"]);

/** The API to use for a handle, given whether the extension is installed. */
export function apiOf(entity: AnyEntity, extension: boolean): Api {
  return entity.needs === "extension" || (extension && extended.has(entity.name)) ? "extension" : "standard";
}

/** The path of a company's pages in an API, with a slash at its end. Throws TypeError for an id that is no GUID. */
export function companyPath(api: Api, companyId: string): string {
  return `${apis[api]}companies(${guid(companyId)})/`;
}
