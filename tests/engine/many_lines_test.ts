/** A plan of many lines is made, compared and carried out in bounded memory, most of which is the store's. */
import { assert, assertEquals } from "@std/assert";

async function peakOf(count: number): Promise<{ moved: number; written: number; listed: number; megabytes: number }> {
  const dir = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "-q", new URL("many_lines.ts", import.meta.url).pathname, String(count), dir],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test(
  "a plan of ten times as many lines takes little more memory",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    const few = await peakOf(250);
    const many = await peakOf(2500);
    assertEquals([few.moved, few.written, few.listed], [0, 250, 0]);
    assertEquals([many.moved, many.written, many.listed], [0, 2500, 0]);
    assert(many.megabytes < 1.5 * few.megabytes, `${few.megabytes} MB for 250, ${many.megabytes} MB for 2500`);
  },
);
