/** A folder of CSV files with the connector to it, and what a person does there with an editor. */
import { openCsvFolder } from "../../connectors/csv/client.ts";
import type { Connector } from "../../connectors/connector.ts";
import { testClock } from "./stub.ts";

export interface CsvWorld extends AsyncDisposable {
  readonly dir: string;
  readonly connector: Connector;
  /** Lines of a file without its header, split at commas. */
  lines(name: string): Promise<string[][]>;
  /** Puts a file there: its header, and its lines. */
  put(name: string, header: string, lines: readonly (readonly string[])[]): Promise<void>;
}

export async function openCsvWorld(pageSize = 2): Promise<CsvWorld> {
  const dir = await Deno.makeTempDir();
  return {
    dir,
    connector: openCsvFolder({ dir, clock: testClock(), pageSize }),
    async lines(name) {
      const text = await Deno.readTextFile(`${dir}/${name}.csv`);
      return text.trimEnd().split("\r\n").slice(1).map((line) => line.split(","));
    },
    put: (name, header, lines) =>
      Deno.writeTextFile(`${dir}/${name}.csv`, [header, ...lines.map((line) => line.join(","))].join("\r\n") + "\r\n"),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
