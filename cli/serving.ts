/** How commands find a `serve` that holds the store, and ask it. */
import { z } from "zod";
import { ServiceError } from "../errors.ts";
import { jsonOf, textOf, writeWhole } from "./files.ts";

/**
 * `id` is a new one for every `serve`: another home's may have got the port that a killed one had. `store` is the name
 * of the store that it works on.
 */
const note = z.object({ pid: z.number(), port: z.number(), id: z.string(), store: z.string() });
export type Serving = z.infer<typeof note>;

/** The `serve` that works on this home; null when none answers (what a killed one left behind counts for nothing). */
export async function findServing(home: string): Promise<Serving | null> {
  const parsed = note.safeParse(jsonOf(textOf(`${home}/serve.json`)));
  if (!parsed.success) return null;
  try {
    const response = await ask(parsed.data, "/health");
    const answer = await response.json();
    return response.ok && answer?.id === parsed.data.id ? parsed.data : null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException) return null;
    throw error;
  }
}

/** Tells other commands where this process serves, with the id that /health answers; returns how to take it back. */
export function announceServing(home: string, { port, id, store }: Omit<Serving, "pid">): () => void {
  Deno.mkdirSync(home, { recursive: true });
  writeWhole(`${home}/serve.json`, JSON.stringify({ pid: Deno.pid, port, id, store }) + "\n");
  return () => {
    try {
      Deno.removeSync(`${home}/serve.json`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  };
}

/** The JSON that `serve` answers with. Throws ServiceError with the code that it gives. */
export async function askServing<T>(serving: Serving, path: string): Promise<T> {
  const response = await ask(serving, path);
  if (!response.ok) throw await refusal(serving, response);
  return await response.json();
}

/** The text that `serve` answers with, in pieces. */
export async function* readServing(serving: Serving, path: string): AsyncGenerator<string, void, void> {
  const response = await fetch(`${addressOf(serving)}${path}`, { redirect: "manual" });
  if (!response.ok || response.body === null) throw await refusal(serving, response);
  yield* response.body.pipeThrough(new TextDecoderStream("utf-8", { ignoreBOM: true }));
}

export function addressOf(serving: Serving): string {
  return `http://127.0.0.1:${serving.port}`;
}

function ask(serving: Serving, path: string): Promise<Response> {
  return fetch(`${addressOf(serving)}${path}`, { redirect: "manual", signal: AbortSignal.timeout(20_000) });
}

async function refusal(serving: Serving, response: Response): Promise<ServiceError> {
  const body = await response.json().catch(() => null);
  const said = body?.error?.message ?? `it answered ${response.status}`;
  return new ServiceError(
    `Cannot ask serve (process ${serving.pid}, port ${serving.port}): ${said}; stop it and try again`,
    { service: "store", code: body?.error?.code ?? "serve_refused", status: response.status },
  );
}
