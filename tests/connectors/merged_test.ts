/** Rows of Dataverse that a user merged into others, as every kind of reading tells of them. */
import { assertEquals } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import type { Opened, Page, ReadOptions } from "../../connectors/connector.ts";
import { openWorld, type World } from "./dataverse_world.ts";

const customers = dv.accounts.where({ customertypecode: 3, statecode: 0 });
const fields = ["name"];

async function mergeOf(world: World, into: string, id: string): Promise<void> {
  const row = (accountid: string) => ({ "@odata.type": "Microsoft.Dynamics.CRM.account", accountid });
  await world.api("POST", "Merge", { Target: row(into), Subordinate: row(id), PerformParentingChecks: false });
}
async function read(opened: Opened, options: Partial<ReadOptions> = {}): Promise<Page[]> {
  return await Array.fromAsync(opened.read({ fields, ...options }));
}
/** Ids of rows, what left, what was merged. */
function told(pages: readonly Page[]): unknown[] {
  return [
    pages.flatMap(({ rows }) => rows.map(({ id }) => id)),
    pages.flatMap(({ left }) => left),
    pages.flatMap(({ merged }) => merged ?? []),
  ];
}

for (const tracking of [true, false]) {
  Deno.test(`read() tells a merged account from one that left, change tracking ${tracking ? "on" : "off"}`, async () => {
    await using world = await openWorld();
    await world.set("dataverse", { changeTracking: { accounts: tracking } });
    const kept = await world.add("accounts", { name: "Kept", customertypecode: 3 });
    world.clock.pass(600_000);
    const [gone, other] = [
      await world.add("accounts", { name: "Gone", customertypecode: 3 }),
      await world.add("accounts", { name: "Other", customertypecode: 3 }),
    ];
    const accounts = world.crm.open(customers);
    const first = await read(accounts);
    assertEquals([first.at(-1)!.merged, told(first)], [undefined, [[kept, gone, other], [], []]]);
    world.clock.pass(600_000);
    await mergeOf(world, kept, gone);
    await world.api("PATCH", `accounts(${other})`, { statecode: 1 });
    const merged = [{ id: gone, into: kept }];
    assertEquals(told(await read(accounts, { since: first.at(-1)!.cursor! })), [[], [other], merged]);
    assertEquals(told(await read(accounts, { ids: [gone, kept] })), [[kept], [], merged]);
    assertEquals(told(await read(world.crm.open(dv.accounts))), [[kept, other], [], merged]);
    const [sweep] = await read(world.crm.open(dv.accounts), { only: "ids" });
    assertEquals([sweep!.met!.map(({ id }) => id), sweep!.merged], [[kept, other], merged]);
  });
}
