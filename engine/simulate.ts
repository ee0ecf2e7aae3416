/** What a rehearsal takes for the answers of the services: nothing is sent, and what they choose has a placeholder. */
import type { AnyEntity, Connector, Fields, Opened, Outcome, Part, Row, Value } from "../connectors/connector.ts";
import type { Change, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { isInDoubt } from "./intents.ts";
import { headOf, partsIn } from "./parts.ts";
import { placeholderOf } from "./placeholder.ts";
import { accessOf } from "./rules.ts";
import { isBlank } from "./same.ts";

/** The connector without any way to write: what would throws. */
export function readOnly(connector: Connector): Connector {
  const refuse = () => Promise.reject(new TypeError("Cannot write in a rehearsal: it only reads; this is a fault"));
  return {
    service: connector.service,
    identity: (signal) => connector.identity(signal),
    requests: () => connector.requests(),
    open: (entity, parts): Opened => {
      const opened = connector.open(entity, parts);
      return {
        read: (options) => opened.read(options),
        requests: () => opened.requests(),
        cost: (writes) => opened.cost(writes),
        write: refuse,
        recall: refuse,
        ...(opened.lateFor === undefined ? {} : { lateFor: opened.lateFor }),
        ...(opened.batchSize === undefined ? {} : { batchSize: opened.batchSize }),
      };
    },
  };
}

/** Whether a change of the rehearsal `run` is a write of it: not what earlier runs were refused, or left without an answer. */
export function isSimulated(run: string, change: Change): boolean {
  // What is not sent again yet has the id of the run that was refused.
  return change.id.startsWith(`${run} `) && change.op !== "none" && !isInDoubt(change);
}

/** The outcomes of a batch of one side as if the service had stored every value as it was sent. */
export async function simulate(context: StepContext, changes: readonly Change[]): Promise<Outcome[]> {
  const { store, connection, step } = context;
  const side = changes[0]!.side;
  const ids = changes.flatMap(({ op, target }) => op === "insert" || target === null ? [] : [target]);
  const found = ids.length === 0
    ? []
    : await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  const known = new Map(found.map((record) => [record.id, record]));
  return changes.map((change): Outcome => {
    if (change.op === "delete" || change.op === "uncouple") return { kind: "deleted" };
    if (change.op === "insert") return { kind: "ok", row: created(context, change) };
    const record = known.get(change.target!);
    return record === undefined ? { kind: "missing" } : { kind: "ok", row: updated(change, record) };
  });
}

function created(context: StepContext, change: Change): Row {
  const entity = context.step.extract[change.side];
  const parts = context.compiled.parts?.step.extract[change.side] ?? null;
  const data = newRow(entity, change);
  return {
    ...{ id: idOf(entity, change), version: versionOf(change), modifiedAt: change.at, data },
    ...(parts === null ? {} : { parts: partsOf(new Map(), change.after, parts) }),
  };
}

/** The id of the record that a creation makes. */
export function idOf(entity: AnyEntity, { target, source }: Change): string {
  return target ?? placeholderOf(entity.name, source);
}

/** All fields that a new record has. */
export function newRow(entity: AnyEntity, { after, source }: Change): Fields {
  const data: Record<string, Value> = {};
  for (const field of Object.keys(entity.fields)) data[field] = null;
  Object.assign(data, entity.initial, headOf(after));
  for (const field of new Set([entity.key, ...entity.carries])) {
    const isChosen = field !== entity.key || entity.creation !== "derived id" || accessOf(entity, field) === "never";
    if (isChosen && isBlank(data[field])) data[field] = placeholderOf(entity.name, source, field);
  }
  return data;
}

function updated(change: Change, { id, data, frozen }: StoredRecord): Row {
  const parts = [...partsIn(data)];
  return {
    ...{ id, version: versionOf(change), modifiedAt: change.at, data: { ...headOf(data), ...headOf(change.after) } },
    ...(frozen === null ? {} : { frozen }),
    ...(Object.keys({ ...data, ...change.after }).some((name) => name.endsWith("/"))
      ? { parts: partsOf(new Map(parts), change.after, null) }
      : {}),
  };
}

/** Parts after a change that says "create", "update" or "delete" of them. */
function partsOf(before: ReadonlyMap<string, Fields>, after: Fields, entity: AnyEntity | null): Part[] {
  const parts = new Map(before);
  for (const [name, word] of Object.entries(after)) {
    if (!name.endsWith("/")) continue;
    const key = name.slice(0, -1);
    if (word === "delete") parts.delete(key);
    else parts.set(key, { ...entity?.initial as Fields | undefined, ...parts.get(key), ...fieldsOf(after, name) });
  }
  return [...parts].map(([key, data]) => ({ key, data }));
}

function fieldsOf(after: Fields, name: string): Fields {
  const own = Object.entries(after).filter(([other]) => other.startsWith(name) && other !== name);
  return Object.fromEntries(own.map(([other, value]) => [other.slice(name.length), value]));
}

/** Another one after each change, as a service has it. */
function versionOf({ id }: Change): string {
  return `planned ${id}`;
}

/** Whether a record with these values lies in the filter of a handle. */
export function isInside(entity: AnyEntity, data: Fields): boolean {
  return Object.entries(entity.filter as Fields).every(([field, value]) => data[field] === value);
}
