/** The commands as data: what `help` prints and what the command line is read by. Imports nothing heavy. */

export interface CommandOption {
  readonly type: "boolean" | "string";
  /** What stands for the value in the usage line. */
  readonly value?: string;
  readonly about: string;
  /** May be given several times. */
  readonly multiple?: boolean;
}
export interface Command {
  readonly about: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Name of the one word that may follow the command. */
  readonly word?: string;
  /** What a second word names. */
  readonly object?: string;
  /** What a third word names. */
  readonly partner?: string;
  /** The permission set (in deno.json) that it runs with, where that is another command's. */
  readonly set?: string;
  readonly more?: string;
}

const json: CommandOption = { type: "boolean", about: "print one JSON document instead of text" };
const data: CommandOption = {
  type: "string",
  value: "DIR",
  about: "fill the new sandbox's ERP from a folder of CSV files",
};
const crmData: CommandOption = { type: "string", value: "DIR", about: "fill its CRM from a folder of CSV files" };
const localCurrency: CommandOption = {
  type: "string",
  value: "CODE",
  about: "the new sandbox's local currency (USD)",
};
const allow: CommandOption = {
  type: "string",
  value: "BRAKE",
  about: "let a brake pass that stopped a step",
  multiple: true,
};
const rebase: CommandOption = { type: "boolean", about: "go on with a copied or restored environment: all meets anew" };
const full: CommandOption = { type: "boolean", about: "read everything again, not only what changed" };
const onlyCoupled: CommandOption = { type: "boolean", about: "couple and update, create nothing" };
const select: CommandOption = {
  type: "string",
  value: "S",
  about: "only some steps: customers, +customers, customers+, or one record: customers/C00010",
  multiple: true,
};
const yes: CommandOption = {
  type: "boolean",
  about: "confirm the first run with real services, and one after a changed definition",
};

/** How a run is made, which `plan` is told alike. */
const runOptions = {
  full,
  allow,
  rebase,
  "only-coupled": onlyCoupled,
  select,
  data,
  "crm-data": crmData,
  "local-currency": localCurrency,
  json,
} as const;

export const commands: Readonly<Record<string, Command>> = {
  sync: {
    about: "Couple and synchronize the ERP and the CRM, every step after the steps it depends on",
    options: {
      ...runOptions,
      yes,
    },
    word: "PLAN",
    more:
      "With the file of a plan it does what the plan says and nothing else: where something moved since, it writes " +
      "nothing and says what. Without a connection in tenging.json it works on a built-in sandbox. Run it again at any time: what a stop " +
      "left undone is done then.",
  },
  plan: {
    about: "Show what sync would do, step by step, and what it would cost",
    options: {
      out: { type: "string", value: "FILE", about: "write the plan under exports/ for sync FILE as well" },
      limit: { type: "string", value: "N", about: "print so many changes of each kind and step (5)" },
      "exit-code": { type: "boolean", about: "end with 10 when there are changes" },
      ...runOptions,
    },
    more:
      "It reads both sides and writes to neither. What a service chooses when it makes a record, such as a number, is " +
      "shown as planned:…. A home without a sandbox gets one, and says so.",
  },
  check: {
    about: "Check the definitions; with STEP, show some real records through it, both ways",
    options: {
      sample: { type: "string", value: "N", about: "how many records of each side (5)" },
      json,
    },
    word: "STEP",
    more: "Writes nothing to either side. A home without a sandbox gets one with the demo company, and says so.",
  },
  graph: {
    about: "Print the steps in the order in which they run",
    options: { mermaid: { type: "boolean", about: "as a Mermaid flowchart" }, json },
  },
  status: {
    about: "Show where every step stands, the last runs and what waits for a person",
    options: { json },
  },
  report: {
    about: "Print as CSV every record of both sides, coupled or why not; or the conflicts, or the failures",
    options: {
      out: {
        type: "string",
        value: "FILE",
        about: "write a file under exports/ (or TENGING_HOME) instead of printing",
      },
      only: { type: "string", value: "STATE", about: "couplings: only lines with this coupling_state, or listed" },
      excel: { type: "boolean", about: "for spreadsheets: byte order mark and semicolons" },
    },
    word: "couplings|conflicts|failures",
  },
  why: {
    about: "Say all that is known of one record: what blocks it, what decides, what was written",
    options: { json },
    word: "RECORD",
    set: "status",
    more: "RECORD is STEP/KEY as for sync --select: a number or an id of either side.",
  },
  conflicts: {
    about: "List the conflicts, show one with all its values, or say which value counts",
    options: {
      keep: { type: "string", value: "SIDE", about: "resolve: erp, crm, or another value for both (=erp: the word)" },
      field: { type: "string", value: "UNIT", about: "resolve: the field or group, where the record has several" },
      decided: { type: "boolean", about: "list: values that lost a conflict" },
      json,
    },
    word: "list|show|resolve",
    object: "RECORD",
    set: "status",
    more: "RECORD is STEP/KEY as for sync --select: a number or an id of either side. The next sync carries it out.",
  },
  skip: {
    about: "Leave a record alone until it changes, and say why",
    options: { reason: { type: "string", value: "TEXT", about: "why; it stays with the record" }, json },
    word: "RECORD",
    set: "status",
    more: "RECORD is STEP/KEY as for sync --select. deno task retry --select RECORD takes it back.",
  },
  retry: {
    about: "Try again at once what is listed, then synchronize the steps concerned",
    options: {
      select: {
        type: "string",
        value: "S",
        about: "only these: as for sync, result:failed|blocked|conflict|skipped, or reason:CODE",
        multiple: true,
      },
      json,
      yes,
    },
    set: "sync",
  },
  couple: {
    about: "Say that two records are the same thing",
    options: { json },
    word: "STEP",
    object: "ERP",
    partner: "CRM",
    set: "status",
    more:
      "ERP and CRM are a number or an id of each side. Fields that differ are listed as conflicts by the next sync.",
  },
  uncouple: {
    about: "Part two records for good: neither is created or coupled by its keys again",
    options: { json },
    word: "RECORD",
    set: "status",
  },
  rebuild: {
    about: "Restore the couplings of a lost store from both services; creations wait until --confirm",
    options: {
      confirm: { type: "boolean", about: "let the next sync create what is left without a partner" },
      json,
    },
    set: "sync",
    more:
      "It reads both sides and writes to neither. What it can't restore, the next sync lists (unconfirmed) instead of " +
      "creating it: couple what has a partner, then confirm.",
  },
  serve: {
    about: "Serve the status endpoint on loopback until it is stopped",
    options: { port: { type: "string", value: "N", about: "the port (4280; 0: any free one)" }, yes },
  },
  sandbox: {
    about: "Run the local imitations of Business Central and Dataverse until they are stopped",
    options: {
      data,
      "crm-data": crmData,
      "local-currency": localCurrency,
      "erp-port": { type: "string", value: "N", about: "the ERP's port (any free one)" },
      "crm-port": { type: "string", value: "N", about: "the CRM's port (any free one)" },
      empty: { type: "boolean", about: "start without the demo company" },
    },
    word: "load-orders",
    object: "DIR",
    more:
      "load-orders DIR takes no option and starts nothing that stays: it puts the sales orders of DIR/salesOrders.csv and " +
      "DIR/salesOrderLines.csv into the CRM of this home's sandbox, as submitted orders. Customers, products and " +
      "currencies must be there: run sync first. Orders that are there already are left as they are.",
  },
  help: { about: "List the commands, or explain one", options: {}, word: "COMMAND" },
};

/** The text of `help`: all commands, or one with its options. Ends without a line break. */
export function helpText(name: string | null): string {
  const command = name === null ? undefined : commands[name];
  if (name === null || command === undefined) {
    const rows = Object.entries(commands).map(([name, { about }]) => [name, about] as const);
    return [
      "Keeps an ERP and a CRM in step.",
      "",
      "Usage: deno task COMMAND [options]",
      "",
      ...columns(rows),
      "",
      "deno task help COMMAND explains one.",
    ].join("\n");
  }
  const options = Object.entries(command.options).map(([name, option]) =>
    [option.value === undefined ? `--${name}` : `--${name} ${option.value}`, option.about] as const
  );
  const taken = [command.word, command.object, command.partner].filter((word) => word !== undefined).join(" ");
  const words = [taken === "" ? "" : ` [${taken}]`, options.length === 0 ? "" : " [options]"];
  return [
    `${command.about}.`,
    "",
    `Usage: deno task ${name}${words.join("")}`,
    ...(options.length === 0 ? [] : ["", ...columns(options)]),
    ...(command.more === undefined ? [] : ["", command.more]),
  ].join("\n");
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
