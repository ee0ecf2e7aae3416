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
  const few = await peakOf(2000);
  const many = await peakOf(3500);
  assertEquals([few.moved, few.written, few.listed], [0, 2000, 0]);
  assertEquals([many.moved, many.written, many.listed], [0, 3500, 0]);
  assert(many.megabytes < few.megabytes + 1, `${few.megabytes} MB for 2000, ${many.megabytes} MB for 3500`);
});
