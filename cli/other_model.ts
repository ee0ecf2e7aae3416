/** A home keeps the model that it was used with: records of two models would stand for the same things twice. */
import { DefinitionError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { Pipeline } from "./pipeline.ts";

/** Throws DefinitionError "other_model" where the store has couplings of a model that is not in use. */
export async function refuseOtherModel(
  store: Store,
  connection: string,
  { otherModels, database }: Pick<Pipeline, "otherModels"> & { readonly database: string | null },
): Promise<void> {
  for (const [step, inUse] of otherModels) {
    const { coupled } = await store.step(connection, step);
    if (coupled === 0) continue;
    throw new DefinitionError(
      "other_model",
      `Cannot use "${inUse}": this home has ${coupled} records coupled by "${step}", a step of the other ` +
        `model; choose that one in tenging.json again, or set TENGING_HOME to another folder` +
        `${database === null ? "" : " and DATABASE_URL to another database"} to couple everything anew`,
    );
  }
}
