/** How many writes a connector is given at once. */
import { assertEquals } from "@std/assert";
import type { Connector, Opened } from "../../connectors/connector.ts";
import { world } from "./world.ts";

/** The sizes of the batches that 250 new customers come in, of a CRM that says this. */
async function sizes(batchSize?: number): Promise<number[]> {
  const seen: number[] = [];
  const { sync, erp } = world((port) => {
    const connector = port as unknown as Connector;
    if (connector.service !== "dataverse") return port;
    const open: Connector["open"] = (entity, parts) => {
      const opened = connector.open(entity, parts);
      const write: Opened["write"] = (writes, asked) => {
        seen.push(writes.length);
        return opened.write(writes, asked);
      };
      return { ...opened, write, ...(batchSize === undefined ? {} : { batchSize }) };
    };
    return { ...port, open };
  });
  for (let n = 0; n < 1_250; n++) erp.put("customers", `e${n}`, { number: `N${n}`, name: `Name ${n}` });
  await sync();
  return seen.toSorted((a, b) => b - a);
}

Deno.test("sync gives a connector 100 writes at once, or as many as it says that it takes", async () => {
  assertEquals(await sizes(), [...Array(12).fill(100), 50]);
  assertEquals(await sizes(500), [500, 500, 250]);
  assertEquals(await sizes(2_000), [1_250]);
});
