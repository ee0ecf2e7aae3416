/** Files that are either complete or not there. */
import { DefinitionError } from "../errors.ts";

/**
 * Writes the text beside `path` and renames it when all of it is on disk; a file that stood there is replaced then and
 * not before. On any error, and when `signal` is aborted, the half-written file is removed and `path` is untouched.
 */
export async function writeFileAtomically(
  path: string,
  chunks: AsyncIterable<string>,
  options: { readonly id: string; readonly signal?: AbortSignal },
): Promise<void> {
  const temporary = `${path}.${options.id}.tmp`;
  const file = await create(path, temporary);
  try {
    try {
      const encoder = new TextEncoder();
      for await (const chunk of chunks) {
        options.signal?.throwIfAborted();
        const bytes = encoder.encode(chunk);
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      }
      options.signal?.throwIfAborted();
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary);
    throw error;
  }
}

async function create(path: string, temporary: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(folderOf(path), { recursive: true });
    if ((await exists(path))?.isDirectory) throw new Deno.errors.IsADirectory("it is a folder");
    return await Deno.open(temporary, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DefinitionError(
      "file_not_writable",
      `Cannot write "${path}": ${error instanceof Error ? error.message : String(error)}; choose another file`,
      { cause: error },
    );
  }
}

function folderOf(path: string): string {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return at < 0 ? "." : at === 0 ? path[0] ?? "/" : path.slice(0, at);
}

async function exists(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
