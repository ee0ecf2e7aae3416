/** Creations that look like doubles: a record with the same match keys has a partner already. */
import type { Fields } from "../connectors/connector.ts";
import { matchKeys } from "../matching/keys.ts";
import type { Change, Pair, Side, StoredRecord } from "../store/store.ts";
import { otherSide, type StepContext } from "./context.ts";
import { unfitField } from "./decide_pair.ts";
import { kindOf } from "./keys.ts";
import { pagesOf } from "./paging.ts";
import { nameOf } from "./reasons.ts";
import { stands } from "./record.ts";

const page = 500;

/** A match group in the fields of one side. */
interface Group {
  readonly fields: readonly string[];
  readonly kinds: readonly ReturnType<typeof kindOf>[];
}

/** Tells `context.intended` of the creations of this run whose keys a coupled record of the same side has as well. */
export async function findCandidates(context: StepContext): Promise<void> {
  const { store, connection, step, run } = context;
  for (const side of context.sides) {
    const from = otherSide(side);
    const groups = groupsOf(context, from);
    const filter = { step: step.name, run, side, states: ["intended"] as const };
    const changes = pagesOf<Change>(page, ({ id }) => id, (keyset) => store.changes(connection, filter, keyset));
    for await (const some of changes) {
      const ids = some.filter(({ op }) => op === "insert").map(({ source }) => source);
      if (ids.length === 0) continue;
      const sources = await store.records(connection, step.name, from, { ids }, { limit: ids.length });
      for (const group of groups) await compare(context, from, group, sources);
    }
  }
}

async function compare(
  context: StepContext,
  from: Side,
  group: Group,
  sources: readonly StoredRecord[],
): Promise<void> {
  const { store, connection, step, compiled } = context;
  const left = new Set(sources.filter(({ data }) => keyOf(group, data) !== null));
  // The store finds values to the letter: one field that is the same to the letter is enough to compare the keys.
  for (const field of group.fields) {
    const values = [...new Set([...left].map(({ data }) => String(data[field])))];
    if (values.length === 0) return;
    const found = Map.groupBy(await store.lookup(connection, step.name, from, field, values), ({ value }) => value);
    for (const source of left) {
      const key = keyOf(group, source.data);
      const isLike = ({ pair }: { pair: Pair }) => {
        const other = pair[from];
        return other !== null && stands(other) && other.id !== source.id && keyOf(group, other.data) === key &&
          !(from === "erp" && unfitField(step, other) !== null);
      };
      const like = found.get(String(source.data[field]))?.find(isLike);
      if (like === undefined) continue;
      left.delete(source);
      context.intended.candidates.push(`"${nameOf(compiled, source)}" like "${nameOf(compiled, like.pair[from])}"`);
    }
  }
}

function keyOf({ fields, kinds }: Group, data: Fields): string | null {
  return matchKeys(fields.map((field) => data[field] ?? null), kinds);
}

/** Both records are of one side, so raw values are compared, made alike as for a match. */
function groupsOf({ step, compiled }: StepContext, from: Side): readonly Group[] {
  return step.match.flatMap((group): Group[] => {
    const rules = group.map((field) => compiled.rules.find((rule) => rule.crm === field)!);
    const fields = rules.map((rule) => rule[from]);
    if (fields.some((field) => field === null)) return [];
    const kinds = group.map((field) => kindOf(step.extract.crm.fields[field]!));
    return [{ fields: fields as string[], kinds }];
  });
}
