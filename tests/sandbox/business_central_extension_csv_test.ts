/** Loading what only the extension shows: price groups, price lists, resources and units of items. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadData, LoadError } from "../../sandbox/load.ts";
import { type Sandbox, startSandbox } from "../../sandbox/mod.ts";
import type { Row } from "../../sandbox/tables.ts";
import { sharedData, sharedTest } from "../shared.ts";

async function withSandbox(work: (sandbox: Sandbox, folder: (files: Record<string, string>) => string) => void) {
  const dir = await Deno.makeTempDir();
  const sandbox = await startSandbox({ dir: `${dir}/state` });
  let made = 0;
  try {
    work(sandbox, (files) => {
      const path = `${dir}/data${++made}`;
      Deno.mkdirSync(path);
      for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${path}/${name}`, text);
      return path;
    });
  } finally {
    await sandbox.stop();
    await Deno.remove(dir, { recursive: true });
  }
}
function rows(sandbox: Sandbox, table: string): Row[] {
  return [...sandbox.erp.table(table).all()];
}

const company = {
  "unitsOfMeasure.csv": "code,displayName\nPCS,Piece\nSET,Set\nHOUR,Hour\n",
  "customerPriceGroups.csv": "code,displayName,priceIncludesTax,allowLineDiscount\nRETAIL,List price,false,true\n",
  "customers.csv": "number,displayName,customerPriceGroup\nC1,Ægir,RETAIL\nC2,Rán,TRADE\n",
  "items.csv": "number,displayName,baseUnitOfMeasureCode\nA,Chair,PCS\nB,Table,PCS\n",
  "resources.csv":
    "number,type,displayName,jobTitle,baseUnitOfMeasureCode,unitCost,unitPrice\nLINA,Person,Lina,,HOUR,66,120\n",
  "itemUnitsOfMeasure.csv": "itemNumber,code,qtyPerUnitOfMeasure\nA,PCS,1\nA,SET,4\n",
  "priceListLines.csv":
    "priceListCode,assignToType,assignToNumber,assetType,assetNumber,unitOfMeasureCode,minimumQuantity," +
    "currencyCode,unitPrice,lineDiscountPercent,startingDate,endingDate\n" +
    "S-RETAIL,Customer Price Group,RETAIL,Item,A,PCS,0,,33.6442,,2022-05-30,2023-05-29\n" +
    "S-RETAIL,Customer Price Group,RETAIL,Resource,LINA,HOUR,0,,110,,,\n" +
    "S-SALE,All Customers,,Item,B,,10,,,5,,\n",
};

Deno.test("loadData() puts price groups, price lists, resources and units into the company", () =>
  withSandbox((sandbox, folder) => {
    const loaded = loadData(sandbox, { erp: folder(company) });
    assertEquals([loaded.ignoredFiles, loaded.ignoredColumns], [[], []]);
    const { customerPriceGroups, resources, itemUnitsOfMeasure, priceListHeaders, priceListLines } = loaded.erp;
    assertEquals([customerPriceGroups, resources, itemUnitsOfMeasure, priceListHeaders, priceListLines], [
      2,
      1,
      2,
      2,
      3,
    ]);

    const groups = new Map(rows(sandbox, "customerPriceGroups").map((row) => [row.id, row["code"]]));
    const ofCustomers = rows(sandbox, "customers").map((row) => groups.get(String(row["customerPriceGroupId"])));
    assertEquals(ofCustomers, ["RETAIL", "TRADE"]);
    assertEquals(rows(sandbox, "itemUnitsOfMeasure").map((row) => row["quantityPerUnitOfMeasure"]), ["1", "1", "4"]);
    assertEquals(rows(sandbox, "unitGroups").length, 3);
    const headers = rows(sandbox, "priceListHeaders").map((row) => {
      return [row["code"], row["description"], row["status"], row["sourceType"], row["sourceNumber"] ?? ""];
    });
    assertEquals(headers, [
      ["S-RETAIL", "List price", "Active", "Customer Price Group", "RETAIL"],
      ["S-SALE", "S-SALE", "Active", "All Customers", ""],
    ]);
    const lines = rows(sandbox, "priceListLines").map((row) => {
      return [row["lineNumber"], row["description"], row["amountType"], row["unitPrice"] ?? "", row["status"]];
    });
    assertEquals(lines, [
      [10000, "Chair", "Price", "33.6442", "Active"],
      [20000, "Lina", "Price", "110", "Active"],
      [10000, "Table", "Discount", "", "Active"],
    ]);
  }));

Deno.test.each([
  [
    { "priceListLines.csv": "priceListCode,assetType,assetNumber\nS,Item,X\n" },
    'column "assetNumber": items has no "X"',
  ],
  [{ "priceListLines.csv": "priceListCode,assetType,assetNumber\n,Item,A\n" }, 'column "priceListCode": it is blank'],
  [{ "itemUnitsOfMeasure.csv": "itemNumber,code\nA,BAG\n" }, 'column "code": unitsOfMeasure has no "BAG"'],
  [{ "resources.csv": "number,displayName\n,Lina\n" }, 'column "number": it is blank'],
])("loadData() refuses %o: %s", (files, message) =>
  withSandbox((sandbox, folder) => {
    const error = assertThrows(() => loadData(sandbox, { erp: folder({ ...company, ...files }) }), LoadError);
    assert(error.message.includes(message), error.message);
  }));

sharedTest(
  "loadData() takes the price lines of adventureworks, and the resources and units of contoso",
  () =>
    withSandbox((sandbox) => {
      const { erp } = loadData(sandbox, { erp: `${sharedData}/adventureworks` });
      assertEquals([erp["priceListLines"], erp["priceListHeaders"], erp["customerPriceGroups"]], [628, 2, 2]);
      assertEquals(rows(sandbox, "unitGroups").length, 504);
      const discounts = rows(sandbox, "priceListLines").filter((row) => row["amountType"] === "Discount");
      assertEquals(discounts.length, 233);
    }).then(() =>
      withSandbox((sandbox) => {
        const { erp, ignoredColumns } = loadData(sandbox, { erp: `${sharedData}/contoso-bc` });
        assertEquals([erp["resources"], erp["itemUnitsOfMeasure"]], [7, 30]);
        const stray = "itemUnitsOfMeasure.csv: 5 rows of items that are not there";
        assert(ignoredColumns.includes(stray), `${ignoredColumns}`);
        const sets = rows(sandbox, "itemUnitsOfMeasure").filter((row) => row["quantityPerUnitOfMeasure"] === "4");
        assert(sets.length >= 5, `${sets.length}`);
      })
    ),
);
