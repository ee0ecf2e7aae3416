/** Every entity set of both APIs, by a name that is unique. */
import type { SetFact } from "./facts.ts";
import { documentSets } from "./documents.ts";
import { extendedSets, extensionSets } from "./extension.ts";
import { standardSets } from "./fields.ts";

export const sets: Readonly<Record<string, SetFact>> = {
  ...standardSets,
  ...documentSets,
  ...extendedSets,
  ...extensionSets,
};
