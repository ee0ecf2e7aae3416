import { assertEquals, assertStringIncludes } from "@std/assert";
import { type BuiltInSandbox, startFilled } from "../../cli/built_in_sandbox.ts";
import { nothingToFill } from "../../cli/fill_sandbox.ts";
import type { SampledField } from "../../engine/sample.ts";
import { startSandbox } from "../../sandbox/mod.ts";
import { inWorld } from "./world.ts";

const filling = { ...nothingToFill, isEmpty: true };

/** A sandbox of this home, stopped, with a customer and a product; and a folder with two orders for them. */
async function prepare(dir: string): Promise<{ sandbox: string; orders: string }> {
  const sandbox = `${dir}/.tenging/sandbox`;
  await (await startFilled(sandbox, { filling })).stop();
  const opened = await startSandbox({ dir: sandbox });
  const [unit] = [...opened.crm.table("uoms").all()];
  opened.addCrmRow("accounts", { name: "Fjall", accountnumber: "C1" });
  const units = { defaultuomscheduleid: unit!.uomscheduleid!, defaultuomid: unit!.id, quantitydecimal: 2 };
  opened.addCrmRow("products", { ...units, name: "Chair", productnumber: "P1", statecode: 0 });
  await opened.stop();
  const orders = `${dir}/orders`;
  Deno.mkdirSync(orders);
  Deno.writeTextFileSync(`${orders}/salesOrders.csv`, "number,customerNumber\nO1,C1\nO2,C1\n");
  Deno.writeTextFileSync(
    `${orders}/salesOrderLines.csv`,
    "documentNumber,lineObjectNumber,quantity,unitPrice\nO1,P1,1,10\nO2,P1,2,10\nO2,P1,1,5\n",
  );
  return { sandbox, orders };
}

Deno.test("sandbox load-orders loads into a sandbox that is stopped, and says what it left alone", () =>
  inWorld(async ({ dir, run }) => {
    const { sandbox, orders } = await prepare(dir);
    const first = await run(["sandbox", "load-orders", orders]);
    assertEquals([first.code, first.out], [
      0,
      "Loaded 2 orders with 3 lines into the CRM\n" +
      "  2 orders of the application user: no salesperson is named, or no enabled user has the e-mail address that " +
      "salespeople.csv has for it\n" +
      "  1 price list made, where a currency had none: USD orders\n",
    ]);
    assertStringIncludes(first.err, "Next: deno task sync");
    const again = await run(["sandbox", "load-orders", orders]);
    assertEquals([again.code, again.out], [
      0,
      "Loaded 0 orders with 0 lines into the CRM\n  2 orders left as they were, since they are there already\n",
    ]);
    const opened = await startSandbox({ dir: sandbox });
    assertEquals([...opened.crm.table("salesorders").all()].map((row) => row.statecode), [1, 1]);
    await opened.stop();
  }));

Deno.test("check orders shows lines apart, and the account that freight would be booked on", () =>
  inWorld(async ({ dir, run }) => {
    const { orders } = await prepare(dir);
    Deno.writeTextFileSync(`${orders}/salesOrders.csv`, "number,customerNumber,freightAmount\nO1,C1,5\n");
    Deno.writeTextFileSync(
      `${orders}/salesOrderLines.csv`,
      "documentNumber,lineObjectNumber,quantity,unitPrice\nO1,P1,1,1\n",
    );
    await run(["sandbox", "load-orders", orders]);
    const { out } = await run(["check", "orders", "--sample", "1", "--json"]);
    const [{ fields }] = JSON.parse(out).records;
    const created = fields.filter((field: SampledField) => field.created);
    assertEquals(created.map(({ part, erp, to }: SampledField) => [part, erp, to]), [
      [undefined, "yourReference", "O1"],
      ["freight", "lineObject", "Account 6910"],
    ]);
    const amounts = fields.filter((field: SampledField) => field.erp === "unitPrice");
    assertEquals(amounts.map(({ crm, to }: SampledField) => [crm, to]), [["priceperunit", "1"], ["priceperunit", "5"]]);
  }));

Deno.test("sandbox load-orders loads into a sandbox that runs, which goes on", () =>
  inWorld(async ({ dir, run }) => {
    const { sandbox, orders } = await prepare(dir);
    const running: BuiltInSandbox = await startFilled(sandbox, { filling: nothingToFill });
    try {
      const { code, out } = await run(["sandbox", "load-orders", orders]);
      assertEquals([code, out.split("\n")[0]], [0, "Loaded 2 orders with 3 lines into the CRM"]);
      const answer = await fetch(new URL("/sandbox/requests", running.crmUrl));
      const log: { path: string; status: number }[] = await answer.json();
      assertEquals(log.at(-1)?.path.endsWith("/$batch"), true);
    } finally {
      await running.stop();
    }
  }));

const mistakes: readonly (readonly [args: readonly string[], code: string, said: string])[] = [
  [["load-order", "x"], "bad_arguments", 'did you mean "load-orders DIR"?'],
  [["load-orders"], "bad_arguments", "no folder is named"],
  [["load-orders", "x", "y"], "bad_arguments", 'takes no word "y"'],
  [["load-orders", "x", "--empty"], "bad_arguments", "Cannot load orders with --empty"],
  [["load-orders", "x"], "sandbox_missing", "run deno task sync first"],
];
for (const [args, code, said] of mistakes) {
  Deno.test(`sandbox ${args.join(" ")} is refused without a sandbox: ${code}`, () =>
    inWorld(async ({ dir, run }) => {
      const ended = await run(["sandbox", ...args]);
      assertEquals(ended.code, 2);
      assertStringIncludes(ended.err, said);
      assertStringIncludes(ended.err, `[${code}]`);
      assertEquals([...Deno.readDirSync(dir)].some((entry) => entry.name === ".tenging"), false);
    }));
}

Deno.test("sandbox load-orders names the cell that can't be loaded", () =>
  inWorld(async ({ dir, run }) => {
    const { orders } = await prepare(dir);
    Deno.writeTextFileSync(`${orders}/salesOrders.csv`, "number,customerNumber\nO1,C1\nO2,C2\n");
    const { code, err } = await run(["sandbox", "load-orders", orders]);
    assertEquals(code, 2);
    assertStringIncludes(err, '"salesOrders.csv" line 3, column "customerNumber": the CRM has no customer "C2"');
    assertStringIncludes(err, "[orders_before_sync]");
  }));

Deno.test("help sandbox explains load-orders", () =>
  inWorld(async ({ run }) => {
    const { out } = await run(["help", "sandbox"]);
    assertStringIncludes(out, "Usage: deno task sandbox [load-orders DIR] [options]");
    assertStringIncludes(out, "DIR/salesOrderLines.csv");
  }));
