/** What an open handle works with. */
import type { Clock, Limiter } from "../connector.ts";
import type { Http } from "../http.ts";
import type { Environment } from "./environment.ts";

export interface Context {
  readonly http: Http;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly limiter: Limiter;
  /** Rows of one page. */
  readonly pageSize: number;
  /** Writes of one batch. */
  readonly batchSize: number;
  /** The team that owns what we create without an owner. */
  readonly ownerTeam: string | undefined;
  /** The IANA name of the zone in which the account's user counts days. */
  readonly timeZone: string;
}
