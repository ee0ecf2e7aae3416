/** Faults on request: what goes wrong between the services and their client, decided by rules that are set over HTTP. */

const KINDS = [
  ...["429", "503", "reset", "lost_reply", "expired_token", "latency", "kill"] as const,
  ...["truncated", "html", "forbidden"] as const,
] as const;
export type FaultKind = typeof KINDS[number];

/**
 * One rule. Without `service`, `method` and `match` it means every request.
 * 429, 503: that answer instead of the real one, nothing takes effect. reset: the answer breaks off in the middle of its
 * body. lost_reply: the request takes effect, then the connection closes without an answer. expired_token: 401, and no
 * token given so far is valid any longer. latency: the answer takes `ms` longer. kill: the process ends when the
 * `writes`-th write that the rule meets is in the file, before it is answered. truncated: the request takes effect, and
 * its body ends in the middle although status and length say that all is well. html: a page of somebody on the way, with
 * status 200, instead of the answer; nothing takes effect. forbidden: 403, also for requests inside a batch; a
 * permission stays taken away until the rules are cleared, or for `times` requests.
 */
export interface FaultRule {
  readonly service?: "business_central" | "dataverse" | "token";
  readonly method?: string;
  /** Part of the path and query. */
  readonly match?: string;
  readonly kind: FaultKind;
  /** How many matching requests (kill: writes) are spared first; 0 by default. */
  readonly after?: number;
  /** How many are hit then; 1 by default, and forbidden: all. */
  readonly times?: number;
  /** 429 and 503: seconds, "date" for an HTTP date two seconds ahead; absent: the header is absent. */
  readonly retryAfter?: number | "date";
  /** latency: milliseconds, at most 60,000. */
  readonly ms?: number;
  /** kill: which write it is, 1 for the first; the same as `after` one less. */
  readonly writes?: number;
}

interface FaultTarget {
  readonly service: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
}

export interface Faults {
  /** Adds rules. Throws TypeError, naming the rule and the property, when one isn't what {@link FaultRule} says. */
  add(rules: unknown): void;
  /** The rules with how many requests each has met and hit. */
  list(): readonly (FaultRule & { readonly met: number; readonly hit: number })[];
  clear(): void;
  /** The rules that hit this request; each counts it. `kill` rules are never among them. */
  strike(target: FaultTarget): readonly FaultRule[];
  /** Counts a request inside a batch; true when a forbidden rule hits it. */
  denies(target: FaultTarget): boolean;
  /** Counts a write of this request that is now in the file; true when a kill rule says that it was the last. */
  kills(target: FaultTarget): boolean;
}

export function createFaults(): Faults {
  let rules: { rule: FaultRule; met: number; hit: number }[] = [];
  const hits = (target: FaultTarget, wanted: (kind: FaultKind) => boolean): FaultRule[] =>
    rules.filter((entry) => {
      if (!wanted(entry.rule.kind) || !matches(entry.rule, target)) return false;
      entry.met++;
      const spared = entry.rule.after ?? (entry.rule.writes ?? 1) - 1;
      if (entry.met <= spared || entry.hit >= (entry.rule.times ?? usually(entry.rule.kind))) return false;
      entry.hit++;
      return true;
    }).map((entry) => entry.rule);
  return {
    add(more) {
      if (!Array.isArray(more)) {
        throw new TypeError("Cannot set faults: the body isn't a list; send a JSON list of rules");
      }
      rules = [...rules, ...more.map((rule, at) => ({ rule: checked(rule, at), met: 0, hit: 0 }))];
    },
    list: () => rules.map(({ rule, met, hit }) => ({ ...rule, met, hit })),
    clear: () => void (rules = []),
    strike: (target) => hits(target, (kind) => kind !== "kill"),
    denies: (target) => hits(target, (kind) => kind === "forbidden").length > 0,
    kills: (target) => hits(target, (kind) => kind === "kill").length > 0,
  };
}

function usually(kind: FaultKind): number {
  return kind === "forbidden" ? Infinity : 1;
}

function matches(rule: FaultRule, target: FaultTarget): boolean {
  return (rule.service === undefined || rule.service === target.service) &&
    (rule.method === undefined || rule.method.toUpperCase() === target.method) &&
    (rule.match === undefined || target.path.includes(rule.match));
}

const counts = (value: unknown) => typeof value === "number" && Number.isInteger(value) && value >= 0;
const properties: Readonly<Record<string, (value: unknown) => boolean>> = {
  service: (value) => ["business_central", "dataverse", "token"].includes(String(value)),
  method: (value) => typeof value === "string",
  match: (value) => typeof value === "string",
  kind: (value) => (KINDS as readonly unknown[]).includes(value),
  after: counts,
  times: counts,
  retryAfter: (value) => value === "date" || counts(value),
  ms: (value) => counts(value) && (value as number) <= 60_000,
  writes: (value) => counts(value) && value !== 0,
};

function checked(rule: unknown, at: number): FaultRule {
  if (typeof rule !== "object" || rule === null || !("kind" in rule)) {
    throw new TypeError(`Cannot set fault ${at + 1}: it has no "kind"; give one of ${KINDS.join(", ")}`);
  }
  for (const [name, value] of Object.entries(rule)) {
    const accepts = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (accepts === undefined) {
      throw new TypeError(
        `Cannot set fault ${at + 1}: "${name}" isn't known; use ${Object.keys(properties).join(", ")}`,
      );
    }
    if (!accepts(value)) {
      throw new TypeError(`Cannot set fault ${at + 1}: "${name}" can't be ${JSON.stringify(value)}; correct the rule`);
    }
  }
  return rule as FaultRule;
}
