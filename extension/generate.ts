/**
 * Writes the AL objects that follow from the description: pages, the query, the permission set and the subscribers that
 * note deletions. Run it after every change of the description: `deno run --allow-write=extension extension/generate.ts`.
 * The other objects under app/src are written by hand.
 */
import { recordedTables } from "./other_pages.ts";
import type { Computed, Lines, Page, PageAction, PageField } from "./page.ts";
import { pages, route } from "./pages.ts";

const all: readonly Page[] = Object.values(pages);

/** Texts of the generated files by their path below extension/. */
export function generate(): ReadonlyMap<string, string> {
  const files = all.map((page): [string, string] => {
    const kind = page.query ? "Query" : "Page";
    return [`app/src/${page.name.replaceAll(" ", "")}.${kind}.al`, page.query ? query(page) : apiPage(page)];
  });
  return new Map([
    ...files,
    ["app/src/TengingNoteDeletions.Codeunit.al", noteDeletions()],
    ["app/src/TengingIntegration.PermissionSet.al", permissionSet()],
  ]);
}

// Text

/** Lines under each other, those of an inner list four columns further in. */
type Block = readonly (string | Block)[];

function text(block: Block, depth = 0): string {
  return block.map((part) => {
    if (typeof part !== "string") return text(part, depth + 1);
    return part === "" ? "\n" : `${" ".repeat(4 * depth)}${part}\n`;
  }).join("");
}
/** A name as AL writes it where it may hold spaces. */
function name(of: string): string {
  return /^System[A-Z]\w+$/.test(of) ? of : `"${of}"`;
}
/** "unitPrice" as people read it. */
function caption(property: string): string {
  const words = property.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
function object(head: string, body: Block): Block {
  return [head, "{", body, "}"];
}
function trigger(head: string, variables: Readonly<Record<string, string>>, lines: Block): Block {
  const declared = Object.entries(variables).map(([variable, type]) => `${variable}: ${type};`);
  return [head, ...(declared.length === 0 ? [] : ["var", declared]), "begin", lines, "end;", ""];
}
function generated(page: Page, block: Block): string {
  const lines = text(["// Generated from the description of the pages; change that and generate again.", ...block]);
  return page.symbol === undefined ? lines : `#if ${page.symbol}\n${lines}#endif\n`;
}
function api({ entity, set }: Page): Lines {
  return [
    `APIPublisher = '${route.publisher}';`,
    `APIGroup = '${route.group}';`,
    `APIVersion = '${route.version}';`,
    `EntityName = '${entity}';`,
    `EntitySetName = '${set}';`,
  ];
}

// Pages

function apiPage(page: Page): string {
  const fields = Object.entries(page.fields);
  const computed = fields.flatMap(([, field]) => field.computed === undefined ? [] : [{ field, made: field.computed }]);
  const { insert, modify, remove = false, view } = page;
  const properties = [
    "PageType = API;",
    ...api(page),
    `Caption = '${page.name}', Locked = true;`,
    `SourceTable = ${name(page.table)};`,
    ...(view === undefined ? [] : [`SourceTableView = ${view};`]),
    "ODataKeyFields = SystemId;",
    "DelayedInsert = true;",
    "Extensible = false;",
    ...Object.entries({ InsertAllowed: insert, ModifyAllowed: modify, DeleteAllowed: remove })
      .flatMap(([property, allowed]) => allowed ? [] : [`${property} = false;`]),
  ];
  const layout: Block = object(
    "layout",
    object("area(content)", object("repeater(records)", fields.flatMap((field) => control(page, field)))),
  );
  const triggers: Block = [
    ...(page.completed === undefined ? [] : trigger("trigger OnOpenPage()", {}, page.completed)),
    ...(computed.length === 0 ? [] : trigger("trigger OnAfterGetRecord()", {}, ["Compute();"])),
    ...(insert ? inserting(page, computed.length > 0) : []),
    ...(modify ? modifying(page, computed.length > 0) : []),
    ...(insert ? beginning(page, computed.map(({ field }) => field.source)) : []),
    ...(page.actions ?? []).flatMap((action) => bound(page, action)),
    ...(computed.length === 0
      ? []
      : trigger("local procedure Compute()", {}, computed.flatMap(({ made }) => [...made.get]))),
    ...(page.template ? registering(page) : []),
  ];
  const variables = variablesOf(page, computed.map(({ field, made }) => [field.source, made] as const));
  const declared: Block = Object.keys(variables).length === 0
    ? []
    : ["var", Object.entries(variables).map(([variable, type]) => `${variable}: ${type};`)];
  const blocks = [properties, [""], layout, [""], triggers, declared].flat();
  while (blocks.at(-1) === "") blocks.pop();
  return generated(page, object(`page ${page.object} ${name(page.name)}`, blocks));
}

function control(page: Page, [property, field]: readonly [string, PageField]): Block {
  const { computed, edit, source } = field;
  const shown = computed === undefined ? `Rec.${name(source)}` : source;
  const column = computed === undefined ? source : computed.column;
  const isOwn = column !== undefined && !column.startsWith("System");
  const lines: Lines = edit === "never" ? [] : [
    ...(computed?.set ?? []),
    ...(page.template && isOwn ? [`RegisterFieldSet(Rec.FieldNo(${name(column)}));`] : []),
  ];
  const validated = lines.length === 0 ? [] : trigger("trigger OnValidate()", {}, lines).slice(0, -1);
  return object(`field(${property === "code" ? '"code"' : property}; ${shown})`, [
    `Caption = '${caption(property)}', Locked = true;`,
    ...(edit === "never" ? ["Editable = false;"] : []),
    ...(validated.length === 0 ? [] : ["", ...validated]),
  ]);
}

function variablesOf(page: Page, computed: readonly (readonly [string, Computed])[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [source, { type, uses }] of computed) Object.assign(variables, { [source]: type }, uses);
  Object.assign(variables, page.variables);
  if (page.template) {
    variables["TempFieldSet"] = "Record Field temporary";
    variables["GraphMgtGeneralTools"] = 'Codeunit "Graph Mgt - General Tools"';
  }
  return variables;
}

/** New records have the SystemId that was sent, if one was, and are completed by the company's template. */
function inserting(page: Page, isComputed: boolean): Block {
  const hasId = page.fields["id"]?.edit === "create";
  const isHandled = hasId || page.template === true || page.saved !== undefined || isComputed;
  if (!isHandled) return [];
  const filled = Object.values(page.fields).filter((field) => field.filled === true && field.edit === "always");
  return trigger(
    "trigger OnInsertRecord(BelowxRec: Boolean): Boolean",
    page.template ? { Inserted: "RecordRef" } : {},
    [
      ...filled.map(({ source }) => `Rec.TestField(${name(source)});`),
      ...(hasId
        ? ["if IsNullGuid(Rec.SystemId) then", ["Rec.Insert(true)"], "else", ["Rec.Insert(true, true);"]]
        : ["Rec.Insert(true);"]),
      ...(page.template
        ? [
          "Inserted.GetTable(Rec);",
          "GraphMgtGeneralTools.ProcessNewRecordFromAPI(Inserted, TempFieldSet, CurrentDateTime());",
          "Inserted.SetTable(Rec);",
          "Rec.Modify(true);",
        ]
        : []),
      ...page.saved ?? [],
      ...(isComputed ? ["Compute();"] : []),
      "exit(false);",
    ],
  );
}

/** What is given on creation stays. */
function modifying(page: Page, isComputed: boolean): Block {
  const kept = Object.values(page.fields).flatMap(({ edit, source, computed }) => {
    const column = computed === undefined ? source : computed.column;
    return edit === "create" && column !== undefined && column !== "SystemId" ? [column] : [];
  });
  if (kept.length === 0 && page.saved === undefined && !isComputed) return [];
  return trigger(
    "trigger OnModifyRecord(): Boolean",
    kept.length === 0 ? {} : { Stored: `Record ${name(page.table)}` },
    [
      ...(kept.length === 0 ? [] : ["Stored.GetBySystemId(Rec.SystemId);"]),
      ...kept.map((column) => `Rec.TestField(${name(column)}, Stored.${name(column)});`),
      "Rec.Modify(true);",
      ...page.saved ?? [],
      ...(isComputed ? ["Compute();"] : []),
      "exit(false);",
    ],
  );
}

function beginning(page: Page, computed: readonly string[]): Block {
  const lines = [
    ...computed.map((variable) => `Clear(${variable});`),
    ...(page.template ? ["TempFieldSet.DeleteAll();"] : []),
  ];
  return lines.length === 0 ? [] : trigger("trigger OnNewRecord(BelowxRec: Boolean)", {}, lines);
}

function registering(page: Page): Block {
  return trigger("local procedure RegisterFieldSet(FieldNo: Integer)", {}, [
    `if TempFieldSet.Get(Database::${name(page.table)}, FieldNo) then`,
    ["exit;"],
    "TempFieldSet.Init();",
    `TempFieldSet.TableNo := Database::${name(page.table)};`,
    'TempFieldSet.Validate("No.", FieldNo);',
    "TempFieldSet.Insert(true);",
  ]);
}

function bound(page: Page, action: PageAction): Block {
  return [
    "[ServiceEnabled]",
    ...trigger(`procedure ${action.name}(var ActionContext: WebServiceActionContext)`, action.variables, [
      ...action.lines,
      "ActionContext.SetObjectType(ObjectType::Page);",
      `ActionContext.SetObjectId(Page::${name(page.name)});`,
      "ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);",
      "ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);", // answered 204, as Microsoft's actions are
    ]),
  ];
}

// The other objects

function query(page: Page): string {
  const columns = Object.entries(page.fields).flatMap(([property, { source, method }]) =>
    object(`column(${property}; ${name(source)})`, [
      `Caption = '${caption(property)}', Locked = true;`,
      ...(method === undefined ? [] : [`Method = ${method};`]),
    ])
  );
  return generated(
    page,
    object(`query ${page.object} ${name(page.name)}`, [
      "QueryType = API;",
      ...api(page),
      `Caption = '${page.name}', Locked = true;`,
      "",
      ...object("elements", object(`dataitem(entries; ${name(page.table)})`, columns)),
    ]),
  );
}

function noteDeletions(): string {
  const subscribers = recordedTables.flatMap((recorded) => {
    const { table, number } = recorded;
    const only = "only" in recorded ? ` and (${recorded.only})` : "";
    return [
      `[EventSubscriber(ObjectType::Table, Database::${name(table)}, 'OnAfterDeleteEvent', '', false, false)]`,
      ...trigger(
        `local procedure After${table.replaceAll(/[^A-Za-z]/g, "")}Deleted(var Rec: Record ${
          name(table)
        }; RunTrigger: Boolean)`,
        {},
        [
          `if (not Rec.IsTemporary())${only} then`,
          [`DeletedRecord.Note(Database::${name(table)}, Rec.SystemId, Rec.${name(number)});`],
        ],
      ),
    ];
  });
  return text([
    "// Generated from the description of the pages; change that and generate again.",
    ...object('codeunit 50165 "Tenging Note Deletions"', [
      "Access = Internal;",
      "",
      ...subscribers,
      "var",
      ['DeletedRecord: Record "Tenging Deleted Record";'],
    ]),
  ]);
}

function permissionSet(): string {
  const usable = all.filter(({ symbol }) => symbol === undefined);
  const objects = usable.map((page) => `${page.query ? "query" : "page"} ${name(page.name)} = X`);
  // Code that asks whether it may write a table (WritePermission) is told so by all three rights only.
  const rights = ({ table, insert, modify, remove, completed }: Page) => {
    const used = `${insert ? "I" : ""}${modify ? "M" : ""}${remove ? "D" : ""}`;
    return `tabledata ${name(table)} = R${completed !== undefined ? "IMD" : used}`;
  };
  const tables = usable.map(rights);
  const optional = all.filter(({ symbol }) => symbol !== undefined).flatMap((page) => [
    `#if ${page.symbol}`,
    `        page ${name(page.name)} = X,`,
    `        ${rights(page)},`,
    "#endif",
  ]);
  const lines = text(object('permissionset 50166 "Tenging Integration"', [
    "Assignable = true;",
    "Caption = 'Tenging Integration', Locked = true;",
    "Permissions =",
    [
      "@optional",
      ...[...objects, ...tables].map((line, at, { length }) => at === length - 1 ? `${line};` : `${line},`),
    ],
  ]));
  return "// Generated from the description of the pages; change that and generate again.\n" +
    lines.replace("        @optional\n", optional.map((line) => `${line}\n`).join(""));
}

if (import.meta.main) {
  for (const [path, content] of generate()) await Deno.writeTextFile(new URL(path, import.meta.url), content);
}
