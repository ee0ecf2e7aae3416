/** Orders with their lines against the sandbox's imitation of Dataverse. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import { ServiceError } from "../../errors.ts";
import {
  line,
  newOrder,
  openOrders,
  openOrderWorld,
  part,
  shown,
  unitOf,
  wanted,
  writeOrder,
} from "./dataverse_order_world.ts";
import { chosen, readAll, rowIn } from "./dataverse_world.ts";

Deno.test("write() creates an order with its lines, freight and state at once", async () => {
  await using world = await openOrderWorld();
  const row = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  assertEquals(row.id, chosen(1));
  const { totalamount, totalexcludingtax, statecode, freightamount, ordernumber } = row.data;
  assertEquals([ordernumber, statecode, freightamount, totalamount, totalexcludingtax], [
    "S-001",
    1,
    "15",
    "225",
    "225",
  ]);
  assertEquals(
    shown(row, "linetype", "productid", "productdescription", "priceperunit", "linediscount", "extendedamount"),
    [
      [line(1), "product", world.product, null, "99.5", "9", "190"],
      [line(2), "write-in", null, "Engraving", "20", "0", "20"],
      ["freight", "freight", null, "Freight", "15", "0", "15"],
    ],
  );
  const again = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))), "exists");
  assertEquals([again.version, again.parts], [row.version, row.parts]);
});
