import { openPostgres } from "../../store/postgres.ts";
import { storeSuite } from "../conformance/store.ts";
import { addressOf, createDatabase, postgresTest, type TestDatabase } from "../postgres.ts";
import type { Store } from "../../store/store.ts";

// One database for the suite: each test works in a connection of its own.
let shared: { readonly database: TestDatabase; readonly store: Store } | null = null;
Deno.test.afterAll(async () => {
  await shared?.store.close();
  await shared?.database.drop();
});

storeSuite("openPostgres()", async () => {
  if (shared === null) {
    const database = await createDatabase();
    shared = { database, store: await openPostgres(addressOf(database), "suite") };
  }
  return { store: shared.store, close: () => Promise.resolve() };
}, postgresTest);
