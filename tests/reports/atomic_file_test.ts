import { assertEquals, assertRejects } from "@std/assert";
import { DefinitionError } from "../../errors.ts";
import { writeFileAtomically } from "../../reports/atomic_file.ts";

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
async function* pieces(...texts: readonly string[]): AsyncGenerator<string, void, void> {
  for (const text of texts) yield await Promise.resolve(text);
}
const names = (dir: string) => [...Deno.readDirSync(dir)].map((entry) => entry.name).sort();

Deno.test("writeFileAtomically() makes the folder and leaves only the file", () =>
  inFolder(async (dir) => {
    await writeFileAtomically(`${dir}/exports/a.csv`, pieces("ð,", "ł\r\n"), { id: "1" });
    assertEquals(Deno.readTextFileSync(`${dir}/exports/a.csv`), "ð,ł\r\n");
    assertEquals(names(`${dir}/exports`), ["a.csv"]);
  }));

Deno.test("writeFileAtomically() keeps the old file when the text ends in an error", () =>
  inFolder(async (dir) => {
    Deno.writeTextFileSync(`${dir}/a.csv`, "old");
    async function* broken() {
      yield* pieces("half");
      throw new RangeError("broken");
    }
    await assertRejects(() => writeFileAtomically(`${dir}/a.csv`, broken(), { id: "1" }), RangeError);
    assertEquals(Deno.readTextFileSync(`${dir}/a.csv`), "old");
    assertEquals(names(dir), ["a.csv"]);
  }));

Deno.test("writeFileAtomically() leaves nothing when it is aborted", () =>
  inFolder(async (dir) => {
    const signal = AbortSignal.abort(new RangeError("stop"));
    await assertRejects(() => writeFileAtomically(`${dir}/a.csv`, pieces("a"), { id: "1", signal }), RangeError);
    assertEquals(names(dir), []);
  }));

Deno.test("writeFileAtomically() refuses a folder as its file", () =>
  inFolder(async (dir) => {
    Deno.mkdirSync(`${dir}/a.csv`);
    const error = await assertRejects(
      () => writeFileAtomically(`${dir}/a.csv`, pieces("a"), { id: "1" }),
      DefinitionError,
    );
    assertEquals(error.code, "file_not_writable");
  }));
