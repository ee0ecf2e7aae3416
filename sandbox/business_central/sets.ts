/** Every entity set of both APIs, by a name that is unique. */
import type { SetFact } from "./facts.ts";
import { extendedSets, extensionSets } from "./extension.ts";
import { standardSets } from "./fields.ts";

export const sets: Readonly<Record<string, SetFact>> = { ...standardSets, ...extendedSets, ...extensionSets };
