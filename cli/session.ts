/** What every command is given. */
import type { Clock } from "../connectors/connector.ts";
import type { Output } from "./output.ts";
import type { Project } from "./permissions.ts";

export interface Session {
  readonly clock: Clock;
  readonly output: Output;
  readonly project: Project;
  readonly env: (name: string) => string | undefined;
}
