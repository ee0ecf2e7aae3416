/** All measures, in the order in which they run. */
import type { Measure } from "../bench.ts";
import { batches } from "./batches.ts";
import { embedded } from "./embedded.ts";
import { etl } from "./etl.ts";
import { firstSync } from "./first_sync.ts";
import { large } from "./large.ts";
import { perRow } from "./per_row.ts";
import { start } from "./start.ts";

export const measures: readonly Measure[] = [start, perRow, batches, firstSync, etl, embedded, large];
