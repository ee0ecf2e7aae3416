/** Orders beside the standard page, stock by location, and what was deleted. */
import { choice, code, codeOf, decimal, flag, guid, id, integer, modified, type Page, text } from "./page.ts";

const never = { edit: "never" } as const;
const release = { ReleaseSalesDocument: 'Codeunit "Release Sales Document"' } as const;

export const salesOrders = {
  object: 50152,
  name: "Tenging Sales Orders",
  purpose: "What the standard page of sales orders lacks, with their status in the table's words, release and reopen.",
  table: "Sales Header",
  view: 'where("Document Type" = const(Order))',
  entity: "salesOrder",
  set: "salesOrders",
  insert: false,
  modify: true,
  fields: {
    id: id("never"),
    number: code("No.", 20, never),
    customerNumber: codeOf("customers", "Sell-to Customer No.", 20, never),
    externalDocumentNumber: code("External Document No.", 35),
    yourReference: text("Your Reference", 35),
    workDescription: text("WorkDescription", 2048, {
      computed: {
        type: "Text",
        get: ["WorkDescription := Rec.GetWorkDescription();"],
        set: ["IsWorkDescriptionSet := true;"],
      },
    }),
    quoteNumber: code("Quote No.", 20, never),
    shippingAgentCode: codeOf("shippingAgents", "Shipping Agent Code", 10),
    status: choice("Status", ["Open", "Released", "Pending Approval", "Pending Prepayment"], never),
    /** The action `reopen` opened it, and nobody released it since. */
    openedForChange: flag("OpenedForChange", {
      edit: "never",
      computed: {
        type: "Boolean",
        get: ["OpenedForChange := OpenedOrder.IsNoted(Rec.SystemId);"],
        uses: { OpenedOrder: 'Record "Tenging Opened Order"' },
      },
    }),
    lastModifiedDateTime: modified,
  },
  variables: { IsWorkDescriptionSet: "Boolean" },
  // A text that is longer than a field is kept apart from the record, which must exist before.
  saved: ["if IsWorkDescriptionSet then", "    Rec.SetWorkDescription(WorkDescription);"],
  actions: [
    { name: "release", variables: release, lines: ["ReleaseSalesDocument.PerformManualRelease(Rec);"] },
    {
      name: "reopen",
      variables: { ...release, WasOpen: "Boolean" },
      lines: [
        "WasOpen := Rec.Status = Rec.Status::Open;",
        "ReleaseSalesDocument.PerformManualReopen(Rec);",
        "if not WasOpen then",
        "    OpenedOrder.Note(Rec.SystemId);",
      ],
    },
  ],
} as const satisfies Page;

export const inventoryByLocation = {
  object: 50153,
  name: "Tenging Inventory by Location",
  purpose: "How many of an item lie at each location.",
  query: true,
  table: "Item Ledger Entry",
  entity: "inventoryAtLocation",
  set: "inventoryByLocation",
  insert: false,
  modify: false,
  fields: {
    itemNumber: codeOf("items", "Item No.", 20, never),
    locationCode: code("Location Code", 10, never),
    inventory: { ...decimal("Quantity", never), method: "Sum" },
  },
} as const satisfies Page;

export const deletedRecords = {
  object: 50154,
  name: "Tenging Deleted Records",
  purpose: "Which records were deleted: the standard API says nothing of that.",
  table: "Tenging Deleted Record",
  entity: "deletedRecord",
  set: "deletedRecords",
  insert: false,
  modify: false,
  fields: {
    id: id("never"),
    entryNumber: integer("Entry No.", never),
    tableNumber: integer("Table No.", never),
    recordSystemId: guid("Record System Id", never),
    number: code("No.", 20, never),
    deletedAt: { source: "Deleted At", kind: "datetime", edit: "never" },
    lastModifiedDateTime: modified,
  },
} as const satisfies Page;

/** Tables whose deletions are recorded, with the field that people call a record by. */
export const recordedTables = [
  { table: "Customer", number: "No." },
  { table: "Contact", number: "No." },
  { table: "Item", number: "No." },
  { table: "Resource", number: "No." },
  { table: "Salesperson/Purchaser", number: "Code" },
  { table: "Currency", number: "Code" },
  { table: "Unit of Measure", number: "Code" },
  { table: "Unit Group", number: "Source No." },
  { table: "Item Unit of Measure", number: "Item No." },
  { table: "Resource Unit of Measure", number: "Resource No." },
  { table: "Customer Price Group", number: "Code" },
  { table: "Price List Header", number: "Code" },
  { table: "Price List Line", number: "Price List Code" },
  { table: "Shipping Agent", number: "Code" },
  { table: "Sales Header", number: "No.", only: 'Rec."Document Type" = Rec."Document Type"::Order' },
] as const;
