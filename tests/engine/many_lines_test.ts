/** A plan of many lines is made, compared and carried out in bounded memory. */
import { assert, assertEquals } from "@std/assert";

async function peakOf(count: number): Promise<{ moved: number; written: number; listed: number; megabytes: number }> {
  const dir = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "-q", "--v8-flags=--expose-gc"],
        ...[new URL("many_lines.ts", import.meta.url).pathname, String(count), dir],
      ],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a plan holds no more in memory for more lines than a page of them", async () => {
  const few = await peakOf(1000);
  const many = await peakOf(4000);
  assertEquals([few.moved, few.written, few.listed], [0, 1000, 0]);
  assertEquals([many.moved, many.written, many.listed], [0, 4000, 0]);
  // What is under way when it is weighed differs a little.
  assert(many.megabytes < few.megabytes + 2, `${few.megabytes} MB for 1000, ${many.megabytes} MB for 4000`);
});
