import { assertEquals } from "@std/assert";
import { createDatabase, postgresTest } from "../postgres.ts";
import { boundaries } from "./home.ts";
import { killMany } from "./kills.ts";

const whole = { duplicates: 0, lost: 0, orphans: 0 };
const each = (kills: number) => Object.fromEntries(boundaries.map((name) => [name, kills]));

Deno.test("sync and report lose and double nothing when they are killed at any boundary", async () => {
  const places = [{ name: "embedded", database: null }];
  const killed = await killMany({ kills: 9, seed: 1, places, onProgress: () => {} });
  assertEquals(killed, { kills: 9, ...whole, boundaries: each(1) });
});

postgresTest("on a server: sync and report lose and double nothing when they are killed at any boundary", async () => {
  const database = await createDatabase();
  try {
    const places = [{ name: "server", database: database.url }];
    const killed = await killMany({ kills: 9, seed: 2, places, onProgress: () => {} });
    assertEquals(killed, { kills: 9, ...whole, boundaries: each(1) });
  } finally {
    await database.drop();
  }
});
