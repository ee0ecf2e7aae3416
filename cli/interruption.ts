/** Ctrl-C and SIGTERM: a clean stop at the first, an end at once at the second, or when the first takes too long. */
import type { Output } from "./output.ts";

export interface Interruption {
  readonly signal: AbortSignal;
  /** 130 or 143 once a signal came, else null. */
  exitCode(): number | null;
  /** Signals have their usual effect again. */
  stop(): void;
}

/** Milliseconds: one Ctrl-C reaches the program twice where npx or `deno task` stands between, and pass it on. */
const same = 500;

/** Milliseconds after which nobody waits for a clean stop any more: services that manage programs kill them then. */
const longest = 10_000;

/**
 * `what` completes "Stopping: …", said the moment the signal comes. What is not done `within` so many milliseconds is
 * given up: the process ends, as safely as if it were killed.
 */
export function listenForInterruption(
  output: Output,
  what: string,
  { within = longest }: { readonly within?: number } = {},
): Interruption {
  const controller = new AbortController();
  let code: number | null = null;
  let isAgain = false;
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const signals = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const;
  const handlers = signals.map((name) => {
    const handler = () => {
      if (isAgain) Deno.exit(code ?? 130);
      if (code !== null) return;
      Deno.unrefTimer(setTimeout(() => isAgain = true, same));
      code = name === "SIGINT" ? 130 : 143;
      output.message(`Stopping: ${what}; once more stops at once`);
      overdue = setTimeout(() => {
        output.message(
          `Stopped: what was under way took longer than ${within / 1000} s; the next run finds out what came of it`,
        );
        Deno.exit(code ?? 130);
      }, within);
      Deno.unrefTimer(overdue);
      controller.abort(new DOMException("The user stopped it", "AbortError"));
    };
    Deno.addSignalListener(name, handler);
    return { name, handler };
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    stop: () => {
      clearTimeout(overdue);
      for (const { name, handler } of handlers) Deno.removeSignalListener(name, handler);
    },
  };
}
