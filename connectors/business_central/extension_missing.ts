/** The error for a company without the extension, where the service or the configuration says so. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Opened, Page } from "../connector.ts";

const service = "business_central";

/** The error for a handle whose page, or action, the company lacks. */
export function extensionMissing({ name }: AnyEntity, cause?: unknown): ServiceError {
  return new ServiceError(
    `Cannot use "${name}" of "${service}": the company has no page of that name, which the extension brings; install ` +
      'the app of extension/ and give the account its permission set, or say "extension": false in tenging.json',
    { service, code: "extension_missing", status: 404, ...(cause === undefined ? {} : { cause }) },
  );
}

/** The same error in place of one that means it: an address of the extension's API that isn't there. */
export function orMissing(error: unknown, entity: AnyEntity): unknown {
  return error instanceof ServiceError && error.status === 404 ? extensionMissing(entity, error) : error;
}

/**
 * A handle that throws ServiceError "extension_missing" where it uses the extension's API and the company lacks it: by
 * configuration before anything is sent, else when the service says so.
 */
export function withExtension(
  opened: Opened,
  entity: AnyEntity,
  { installed, used }: { readonly installed: boolean; readonly used: boolean },
): Opened {
  if (!used) return opened;
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    if (!installed) throw extensionMissing(entity);
    try {
      return await work();
    } catch (error) {
      throw orMissing(error, entity);
    }
  }
  async function* pages(asked: Parameters<Opened["read"]>[0]): AsyncGenerator<Page> {
    if (!installed) throw extensionMissing(entity);
    try {
      yield* opened.read(asked);
    } catch (error) {
      throw orMissing(error, entity);
    }
  }
  return {
    ...opened,
    read: pages,
    write: (writes, asked) => guarded(() => opened.write(writes, asked)),
    recall: (writes, asked) => guarded(() => opened.recall(writes, asked)),
  };
}
