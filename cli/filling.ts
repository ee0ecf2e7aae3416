/** What the command line says that a new sandbox gets. */
import { resolve } from "node:path";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Configuration } from "./configuration.ts";
import type { Filling } from "./fill_sandbox.ts";

/** Throws DefinitionError "bad_arguments" where data for a sandbox is given but real services are configured. */
export function fillingOf(args: Arguments, configuration: Configuration): Filling {
  const filling = readFilling(args);
  const given = ["data", "crm-data", "local-currency"].filter((name) => args.has(name));
  if (configuration.services === null || given.length === 0) return filling;
  throw new DefinitionError(
    "bad_arguments",
    `Cannot use --${
      given[0]
    }: it fills the built-in sandbox, and tenging.json names real services; leave one of the two out`,
  );
}

/** The options that fill a new sandbox, as `sync` and `sandbox` have them. */
export function readFilling(args: Arguments): Filling {
  const folder = (name: string) => {
    const text = args.text(name);
    return text === null ? null : resolve(text);
  };
  const localCurrency = args.text("local-currency");
  if (localCurrency !== null && !/^[A-Z]{3}$/.test(localCurrency)) {
    throw new DefinitionError(
      "bad_arguments",
      `Cannot use --local-currency "${localCurrency}": it is not a code of three capital letters; give one, such as EUR`,
    );
  }
  if (args.has("crm-data") && !args.has("data")) {
    throw new DefinitionError("bad_arguments", "Cannot fill the CRM alone; give the ERP's folder with --data as well");
  }
  const isEmpty = args.command === "sandbox" && args.has("empty");
  return { data: folder("data"), crmData: folder("crm-data"), localCurrency, isEmpty };
}
