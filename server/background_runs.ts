/** At most one synchronization in the background, with its progress and a way to cancel it. */
import type { Run } from "../store/store.ts";

/** Starts a run that tells of every change; its promise ends when the run has ended. */
export type Synchronize = (options: { signal: AbortSignal; onChange: (run: Run) => void }) => Promise<Run>;

export interface BackgroundRuns {
  /**
   * Resolves as soon as the run has an id, with null when another one is under way, and after
   * stop(). Rejects when the run ended before
   * it had one: the services or the definitions stand in its way.
   */
  start(): Promise<Run | null>;
  /** False when no run with this id is under way. */
  cancel(runId: string): boolean;
  /** The run that is under way, as of its last change. */
  current(): Run | null;
  /** Cancels what is under way and waits for its end; nothing starts after that. */
  stop(): Promise<void>;
}

/** `onFailure` is told of an error that ended a run after it had an id; nobody waits for it any more. */
export function backgroundRuns(synchronize: Synchronize, onFailure: (error: unknown) => void): BackgroundRuns {
  let isStopped = false;
  let current: Run | null = null;
  let underWay: { readonly controller: AbortController; readonly ended: Promise<void> } | null = null;

  function start(): Promise<Run | null> {
    if (isStopped || underWay !== null) return Promise.resolve(null);
    const controller = new AbortController();
    const first = Promise.withResolvers<Run>();
    const running = synchronize({
      signal: controller.signal,
      onChange: (run) => {
        current = run;
        first.resolve(run);
      },
    });
    const ended = running.then(first.resolve, (error: unknown) => {
      if (current === null) first.reject(error);
      else onFailure(error);
    }).finally(() => {
      current = null;
      underWay = null;
    });
    underWay = { controller, ended };
    return first.promise;
  }

  return {
    start,
    cancel: (runId) => {
      if (underWay === null || current?.runId !== runId) return false;
      underWay.controller.abort(new DOMException("The run was cancelled", "AbortError"));
      return true;
    },
    current: () => current,
    stop: async () => {
      isStopped = true;
      underWay?.controller.abort(new DOMException("The server stops", "AbortError"));
      await underWay?.ended;
    },
  };
}
