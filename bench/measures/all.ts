/** All measures, in the order in which they run. */
import type { Measure } from "../bench.ts";
import { firstSync } from "./first_sync.ts";

export const measures: readonly Measure[] = [firstSync];
