/** tenging.json: which ERP company and which CRM environment are connected. Secrets come from elsewhere. */
import { z } from "zod";
import { didYouMean } from "../engine/did_you_mean.ts";
import { DefinitionError } from "../errors.ts";
import { type Folder, isReplaced, replacementOf, replacements, type Tables } from "./replacements.ts";
import { secretOf, type SecretSources } from "./secret.ts";

/** An absolute address without the slash at its end; https, or http on loopback. */
const address = z.string().refine(isAddress, "must be an https address (http only on 127.0.0.1 or localhost)")
  .transform((text) => text.replace(/\/+$/, ""));
const word = z.string().trim().min(1, "must not be empty");

const erp = z.strictObject({
  ...replacements,
  tenant: word.optional(),
  environment: word.optional(),
  companyId: z.guid("must be the company's id (a GUID)").optional(),
  clientId: word.optional(),
  baseUrl: address.optional(),
  tokenUrl: address.optional(),
});
const crm = z.strictObject({
  ...replacements,
  url: address.optional(),
  clientId: word.optional(),
  tenant: word.optional(),
  tokenUrl: address.optional(),
});
const owner = z.discriminatedUnion("model", [
  z.strictObject({ model: z.literal("person") }),
  z.strictObject({ model: z.literal("team"), team: z.guid("must be the team's id (a GUID)") }),
]);
const connection = z.strictObject({
  erp: erp.optional(),
  crm: crm.optional(),
  steps: z.record(z.string(), z.boolean()).optional(),
  owner: owner.optional(),
  extension: z.boolean().optional(),
  linkColumn: z.boolean().optional(),
  timeZone: z.string().refine(isTimeZone, 'must be the name of a time zone, such as "Europe/Copenhagen"').optional(),
});
const file = z.strictObject({ connections: z.strictObject({ default: connection.optional() }).optional() });

/** A service and the account that signs in to it. */
export interface Account {
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
}
/** What commands need that reach no service: no secret is read for it. */
export interface Settings {
  /** The only one so far is "default". */
  readonly connection: "default";
  /** Steps that are switched off (false) or on. */
  readonly steps: Readonly<Record<string, boolean>>;
  /** Records in the CRM belong to persons (salespeople), or all to this team. */
  readonly owner: { readonly model: "person" } | { readonly model: "team"; readonly team: string };
  /** The Business Central extension is installed: always in the sandbox, unless the file says otherwise. */
  readonly extension: boolean;
  /** The tables of the CRM have the column for the id of the ERP's record: never unless the file says so. */
  readonly linkColumn: boolean;
  /** The time zone of the CRM account's user: its days are kept as midnights of that zone. */
  readonly timeZone: string;
}
export interface Configuration extends Settings {
  /** The real services, or what stands in their place; null: nothing is configured, and the built-in sandbox is used. */
  readonly services: {
    readonly erp: (Account & { readonly companyId: string }) | Folder | Tables;
    readonly crm: Account | Folder | Tables;
  } | null;
}

export interface ConfigurationSources extends SecretSources {
  /** Text of tenging.json; null when there is none. */
  readonly text: string | null;
}

/** Throws DefinitionError "configuration_invalid" with all that is wrong, or "secret_in_configuration". */
export function readSettings(text: ConfigurationSources["text"]): Settings {
  const { steps = {}, owner = { model: "person" }, erp, crm, extension, linkColumn = false, timeZone = "UTC" } =
    parse(text ?? "{}").connections?.default ?? {};
  const isSandbox = isEmpty(erp) && isEmpty(crm);
  return { connection: "default", steps, owner, extension: extension ?? isSandbox, linkColumn, timeZone };
}

/**
 * Throws what {@link readSettings} throws, "configuration_invalid" for a secret that is no use, or
 * "configuration_incomplete" with all that is missing when only a part of a connection is there.
 */
export function readConfiguration(sources: ConfigurationSources): Configuration {
  const common = readSettings(sources.text);
  const { erp, crm } = parse(sources.text ?? "{}").connections?.default ?? {};
  const secrets = {
    erp: secretOf("TENGING_ERP_CLIENT_SECRET", sources),
    crm: secretOf("TENGING_CRM_CLIENT_SECRET", sources),
  };
  const isNothing = isEmpty(erp) && isEmpty(crm) && secrets.erp === null && secrets.crm === null;
  if (isNothing && !isReplaced(sources)) return { ...common, services: null };

  const missing: string[] = [];
  function needed(value: string | null | undefined, name: string): string {
    if (value === null || value === undefined) missing.push(name);
    return value ?? "";
  }
  const key = (name: string) => `"connections.default.${name}" in tenging.json`;
  const variable = (side: string) => `TENGING_${side}_CLIENT_SECRET (or TENGING_${side}_CLIENT_SECRET_FILE)`;
  const tenantOf = (side: "erp" | "crm", tenant: string | undefined) => needed(tenant, key(`${side}.tenant`));

  function company(): Account & { readonly companyId: string } {
    const tenant = tenantOf("erp", erp?.tenant);
    const environment = needed(erp?.environment, key("erp.environment"));
    return {
      companyId: needed(erp?.companyId, key("erp.companyId")),
      clientId: needed(erp?.clientId, key("erp.clientId")),
      clientSecret: needed(secrets.erp, variable("ERP")),
      baseUrl: erp?.baseUrl ?? `${erpOrigin}/v2.0/${encodeURIComponent(tenant)}/${encodeURIComponent(environment)}`,
      tokenUrl: erp?.tokenUrl ?? tokenUrl(tenant),
      scope: `${erpOrigin}/.default`,
    };
  }
  function environment(isAlone: boolean): Account {
    const tenant = crm?.tenant ?? erp?.tenant;
    return {
      baseUrl: needed(crm?.url, key("crm.url")),
      clientId: needed(crm?.clientId, key("crm.clientId")),
      clientSecret: needed(secrets.crm, variable("CRM")),
      // Without a company the tenant is the CRM's alone to name.
      tokenUrl: crm?.tokenUrl ?? tokenUrl(isAlone ? tenantOf("crm", tenant) : tenant ?? ""),
      scope: `${crm?.url}/.default`,
    };
  }
  const inPlace = {
    erp: replacementOf("erp", erp, { ...sources, needed }),
    crm: replacementOf("crm", crm, { ...sources, needed }),
  };
  const services = {
    erp: inPlace.erp ?? company(),
    crm: inPlace.crm ?? environment(inPlace.erp !== null),
  };
  if (missing.length === 0) return { ...common, services };
  throw new DefinitionError(
    "configuration_incomplete",
    `Cannot connect: a part of the configuration is there, but not ${list(missing)}; add what is missing, or take ` +
      "away the rest to work on the built-in sandbox",
  );
}

function isEmpty(part: object | undefined): boolean {
  return part === undefined || Object.keys(part).length === 0;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const erpOrigin = "https://api.businesscentral.dynamics.com";

function tokenUrl(tenant: string): string {
  return `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
}

function parse(text: string): z.infer<typeof file> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may hold what must not be shown.
    const at = error instanceof Error ? error.message.match(/line \d+ column \d+/)?.[0] : undefined;
    throw new DefinitionError(
      "configuration_invalid",
      `Cannot read tenging.json: it is not JSON${at === undefined ? "" : ` (${at})`}; mend it`,
    );
  }
  refuseSecrets(json, []);
  const result = file.safeParse(json, { jitless: true }); // read once: making code for it takes longer
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    const where = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [`"${where.join(".")}" ${lowered(issue.message)}`];
    return issue.keys.map((key) => {
      const inner = issue.path.length === 0 && key in connection.shape;
      if (inner) return `"${key}" belongs under "connections.default"`;
      const meant = didYouMean(key, knownKeys.filter((known) => known !== key));
      return `"${[...where, key].join(".")}" is not known` + (meant === null ? "" : ` (did you mean "${meant}"?)`);
    });
  });
  throw new DefinitionError("configuration_invalid", `Cannot use tenging.json: ${problems.join(", ")}; mend it`);
}

const knownKeys = [
  ...["connections", "default"],
  ...Object.keys(connection.shape),
  ...Object.keys(erp.shape),
  ...Object.keys(crm.shape),
  ...["model", "team"],
];

function refuseSecrets(value: unknown, path: readonly string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const where = [...path, key];
    if (/secret|passw|credential|api_?key|(^|_)token$|accesstoken/i.test(key)) {
      throw new DefinitionError(
        "secret_in_configuration",
        `Cannot use tenging.json: "${
          where.join(".")
        }" looks like a secret, and this file holds none; take it out and ` +
          "set TENGING_ERP_CLIENT_SECRET or TENGING_CRM_CLIENT_SECRET (or the same name with _FILE) instead",
      );
    }
    refuseSecrets(inner, where);
  }
}

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && /^(127\.0\.0\.1|localhost)$/.test(url.hostname));
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function lowered(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
