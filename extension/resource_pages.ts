/** Resources, and units of items and resources with the groups that they form; shipping agents. */
import { choice, code, codeOf, decimal, flag, guid, id, identifier, modified, type Page, text } from "./page.ts";

const filled = { edit: "create", filled: true } as const;
const never = { edit: "never" } as const;

export const resources = {
  object: 50140,
  name: "Tenging Resources",
  purpose: "People and machines whose time is sold.",
  table: "Resource",
  entity: "resource",
  set: "resources",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    number: identifier("No.", 20),
    name: text("Name", 100),
    name2: text("Name 2", 50),
    type: choice("Type", ["Person", "Machine"]),
    jobTitle: text("Job Title", 30),
    baseUnitOfMeasureCode: codeOf("unitsOfMeasure", "Base Unit of Measure", 10),
    directUnitCost: decimal("Direct Unit Cost"),
    unitCost: decimal("Unit Cost"),
    unitPrice: decimal("Unit Price"),
    capacity: decimal("Capacity", never),
    vendorNumber: code("Vendor No.", 20),
    resourceGroupNumber: code("Resource Group No.", 20),
    generalProductPostingGroupCode: code("Gen. Prod. Posting Group", 20),
    blocked: flag("Blocked"),
    lastModifiedDateTime: modified,
  },
} as const satisfies Page;

export const unitGroups = {
  object: 50145,
  name: "Tenging Unit Groups",
  purpose: "One group of units for each item and each resource.",
  table: "Unit Group",
  entity: "unitGroup",
  set: "unitGroups",
  insert: false,
  modify: false,
  fields: {
    id: id("never"),
    sourceType: choice("Source Type", ["Item", "Resource"], never),
    sourceId: guid("Source Id", never),
    sourceNumber: code("Source No.", 20, { edit: "never", filled: true }),
    /** As Microsoft's own connector calls the group in the CRM. */
    name: text("GroupName", 50, {
      edit: "never",
      computed: { type: "Text[50]", get: ["GroupName := UnitGroups.NameOf(Rec);"] },
    }),
    baseUnitOfMeasureCode: codeOf("unitsOfMeasure", "BaseUnit", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ['BaseUnit := UnitGroups.BaseUnitOf(Rec."Source Type", Rec."Source Id");'] },
    }),
    lastModifiedDateTime: modified,
  },
  completed: ["UnitGroups.CompleteMissing();"],
  variables: { UnitGroups: 'Codeunit "Tenging Unit Groups"' },
} as const satisfies Page;

export const itemUnitsOfMeasure = {
  object: 50146,
  name: "Tenging Item Units of Measure",
  purpose: "Units that an item is counted in.",
  table: "Item Unit of Measure",
  entity: "itemUnitOfMeasure",
  set: "itemUnitsOfMeasure",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    itemNumber: codeOf("items", "Item No.", 20, filled),
    code: codeOf("unitsOfMeasure", "Code", 10, filled),
    quantityPerUnitOfMeasure: decimal("Qty. per Unit of Measure"),
    baseUnitOfMeasureCode: codeOf("unitsOfMeasure", "BaseUnit", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ['BaseUnit := UnitGroups.BaseUnitOfItem(Rec."Item No.");'] },
    }),
    lastModifiedDateTime: modified,
  },
  variables: { UnitGroups: 'Codeunit "Tenging Unit Groups"' },
} as const satisfies Page;

export const resourceUnitsOfMeasure = {
  object: 50147,
  name: "Tenging Resource Units",
  purpose: "Units that a resource's time is counted in.",
  table: "Resource Unit of Measure",
  entity: "resourceUnitOfMeasure",
  set: "resourceUnitsOfMeasure",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    resourceNumber: codeOf("resources", "Resource No.", 20, filled),
    code: codeOf("unitsOfMeasure", "Code", 10, filled),
    quantityPerUnitOfMeasure: decimal("Qty. per Unit of Measure"),
    relatedToBaseUnitOfMeasure: flag("Related to Base Unit of Meas."),
    baseUnitOfMeasureCode: codeOf("unitsOfMeasure", "BaseUnit", 10, {
      edit: "never",
      computed: { type: "Code[10]", get: ['BaseUnit := UnitGroups.BaseUnitOfResource(Rec."Resource No.");'] },
    }),
    lastModifiedDateTime: modified,
  },
  variables: { UnitGroups: 'Codeunit "Tenging Unit Groups"' },
} as const satisfies Page;

export const shippingAgents = {
  object: 50148,
  name: "Tenging Shipping Agents",
  purpose: "Carriers.",
  table: "Shipping Agent",
  entity: "shippingAgent",
  set: "shippingAgents",
  insert: true,
  modify: true,
  fields: {
    id: id("never"),
    code: identifier("Code", 10),
    name: text("Name", 50),
    internetAddress: text("Internet Address", 250),
    accountNumber: text("Account No.", 30),
    lastModifiedDateTime: modified,
  },
} as const satisfies Page;
