import { assertEquals, assertRejects } from "@std/assert";
import { queued } from "../../engine/side_by_side.ts";

/** Works that end when they are told to, and what was begun and ended of them. */
function works() {
  const seen: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const work = (name: string) => () => {
    seen.push(`begin ${name}`);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    return end.promise.finally(() => seen.push(`end ${name}`));
  };
  return {
    seen,
    work,
    end: (name: string) => ends.get(name)!.resolve(),
    fail: (name: string) => ends.get(name)!.reject(new Error(name)),
  };
}
const turns = async () => {
  for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve));
};

Deno.test("queued() works in order, one at a time, with two that are not waited for", async () => {
  const { seen, work, end } = works();
  const all = queued(async (add) => {
    for (const name of ["1", "2", "3"]) {
      seen.push(`make ${name}`);
      await add(work(name));
    }
    seen.push("made");
  }).then(() => seen.push("done"));
  await turns();
  assertEquals(seen, ["make 1", "begin 1", "make 2", "make 3"]);
  end("1");
  await turns();
  assertEquals(seen.slice(4), ["end 1", "begin 2", "made"]);
  end("2");
  await turns();
  end("3");
  await all;
  assertEquals(seen.slice(7), ["end 2", "begin 3", "end 3", "done"]);
});

Deno.test("queued() begins nothing after an error, and throws it when the work under way has ended", async () => {
  const { seen, work, fail } = works();
  const all = queued(async (add) => {
    for (const name of ["1", "2", "3", "4"]) await add(work(name));
  });
  const rejected = assertRejects(() => all, Error, "1");
  await turns();
  fail("1");
  await rejected;
  assertEquals(seen, ["begin 1", "end 1"]);
});

Deno.test("queued() waits for the work under way where the next can't be made", async () => {
  const { seen, work, end } = works();
  const all = queued(async (add) => {
    await add(work("1"));
    throw new Error("made");
  }).catch(({ message }) => seen.push(message));
  await turns();
  assertEquals(seen, ["begin 1"]);
  end("1");
  await all;
  assertEquals(seen, ["begin 1", "end 1", "made"]);
});
