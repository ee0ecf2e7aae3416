/**
 * Bugs that are planted in a copy of the sources, to see that the oracles catch them. The engine has no branch for them:
 * each is a change of its text.
 */

export interface Edit {
  readonly file: string;
  /** Stands there once. */
  readonly from: string;
  readonly to: string;
}

export interface Planted {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** In the SQL of the store: histories are played in memory and in the embedded database, and go otherwise there. */
  readonly isInSql?: boolean;
}

const send = "engine/propagate.ts";
const sentOut =
  "  const outcomes = await opened.write(changes.map((change) => writeOf(change, parts)), context.wanted(side));\n";

export const planted: readonly Planted[] = [
  {
    name: "no intent",
    edits: [{
      file: send,
      from: "const sent = await mark;\n",
      to:
        'const sent = await mark;\n    await store.save(connection, step.name, { changes: sent.map((one) => ({ ...one, state: "closed" })) });\n',
    }],
  },
  {
    name: "intent after the request",
    edits: [
      { file: send, from: "marked.then(() => noteSent(context, changes))", to: "Promise.resolve(changes)" },
      {
        file: send,
        from: "    const turn = last.then(",
        to: "    await noteSent(context, changes);\n    const turn = last.then(",
      },
    ],
  },
  {
    name: "no ETag on update",
    edits: [{
      file: "engine/document.ts",
      from: "    id: target,\n    version,\n",
      to: "    id: target,\n    version: null as typeof version,\n",
    }],
  },
  {
    name: "If-Match: *",
    edits: [{
      file: "engine/document.ts",
      from: "    id: target,\n    version,\n",
      to: '    id: target,\n    version: version === null ? null : "*",\n',
    }],
  },
  {
    name: "blind retry of an ambiguous create",
    edits: [{
      file: send,
      from: "outcome = left.get(change) ?? outcome;",
      to: "outcome = (await opened.write([writeOf(change, parts)], context.wanted(side)))[0]!;",
    }],
  },
  {
    name: "412 taken for success",
    edits: [{
      file: "engine/settle.ts",
      from: "  function one(change: Change, outcome: Outcome): void {\n",
      to: `  function one(change: Change, given: Outcome): void {
    const had = given.kind === "moved" ? known.pairs.get(change.target!)?.[side] : undefined;
    const outcome: Outcome = had === undefined || had === null
      ? given
      : { kind: "ok", row: { ...had, data: { ...had.data, ...change.after }, frozen: undefined as never } };
`,
    }],
  },
  {
    name: "412 forced",
    edits: [{
      file: send,
      from: sentOut,
      to: `${sentOut}  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.kind !== "moved") continue;
    const forced = { ...writeOf(changes[at]!, parts), version: null };
    outcomes[at] = (await opened.write([forced], context.wanted(side)))[0]!;
  }
`,
    }],
  },
  {
    name: "coupling before the write",
    edits: [{
      file: "engine/decide_creation.ts",
      from: "  if (context.rebuilt && replaces === null) {\n",
      to: `  if (change.target !== null && side === "crm") {
    saved.couplings.push({
      ...{ erpId: source.id, crmId: change.target, state: "coupled", base: null, written: null, resolution: null },
      ...{ seen: { erp: source.fingerprint, crm: null }, definition: compiled.hash, how: "created in the CRM" },
    });
  }
  if (context.rebuilt && replaces === null) {
`,
    }],
  },
  {
    name: "cursor before commit",
    edits: [{
      file: "engine/find.ts",
      from: "      await store.savePage(connection, step.name, side, save);\n",
      to:
        "      if (cursor !== null) {\n        await store.savePage(connection, step.name, side, { ...nothing, run, cursor: `${compiled.hash} ${cursor}` });\n      }\n" +
        "      await store.savePage(connection, step.name, side, save);\n",
    }],
  },
  {
    name: "cursor past a failed record",
    edits: [{
      file: "engine/settle.ts",
      from: 'saved.changes.push({ ...without, state: "open", reasons, at, retryAt: retryAt(change.attempts, at) });',
      to: 'saved.changes.push({ ...without, state: "closed", reasons, at, retryAt: retryAt(change.attempts, at) });',
    }],
  },
  {
    name: "cursor past a blocked record",
    edits: [{
      file: "engine/decide_pair.ts",
      from:
        "    const reasons = target.frozen === null ? [...decision.reasons[side], ...checked] : [...late, ...checked];\n",
      to:
        "    const reasons = (target.frozen === null ? [...decision.reasons[side], ...checked] : [...late, ...checked])\n" +
        '      .filter(({ code }) => code !== "waiting");\n',
    }],
  },
  {
    name: "base = sent value",
    edits: [{
      file: "engine/coupled_by.ts",
      from: "  const stored = valuesOf(rules, done, { erp: target.data, crm: target.data });\n",
      to:
        "  const as = { ...target.data, ...change.after };\n  const stored = valuesOf(rules, done, { erp: as, crm: as });\n",
    }],
  },
  {
    name: "base not updated when unchanged",
    edits: [{
      file: "engine/decide_pair.ts",
      from: "baseWith(compiled, base, valuesOf(rules, decision.agreed, {",
      to: "baseWith(compiled, base, valuesOf(rules, [], {",
    }],
  },
  {
    name: "echo not recognised",
    edits: [{
      file: "engine/coupled_by.ts",
      from: "base: baseWith(compiled, kept, values, data), seen, definition: hash,",
      to: "base: kept, seen, definition: hash,",
    }],
  },
  {
    name: "equal edits called a conflict",
    edits: [{
      file: "engine/reconcile.ts",
      from: "new Set(members.filter((one) => !one.equal).map(wantOf))",
      to: "new Set(members.filter((one) => !one.equal || (one.erpChanged && one.crmChanged)).map(wantOf))",
    }, {
      file: "engine/reconcile.ts",
      from: "    agree(members.filter((one) => one.equal));\n",
      to: "",
    }],
  },
  {
    name: "different fields called a conflict",
    edits: [{
      file: "engine/reconcile.ts",
      from: "    const name = `${rule.unit} ${rule.direction}`;\n",
      to: "    const name = rule.direction;\n",
    }],
  },
  {
    name: "loser's value not kept",
    edits: [{
      file: "engine/reconcile.ts",
      from: "    lost[side].push({ side, unit",
      to: "    if (over.length < 0) lost[side].push({ side, unit",
    }],
  },
  {
    name: "deletion inferred from an incremental page",
    edits: [
      {
        file: "engine/find.ts",
        from: "  if (whole && !isNew) await confirmUnseen(context, side, met);\n",
        to: "  await confirmUnseen(context, side, met);\n",
      },
      {
        file: "engine/find.ts",
        from:
          "  for await (const records of unseen) await readAgain(context, side, records.map((record) => record.id));\n",
        to: "  for await (const records of unseen) {\n    const deleted = records.map((record) => record.id);\n" +
          "    await store.savePage(connection, step.name, side, { ...nothing, run, deleted });\n  }\n",
      },
    ],
  },
  {
    name: "deletion inferred from an empty listing",
    edits: [
      { file: "engine/find.ts", from: "  if (met === 0) await refuseEmpty(context, side);\n", to: "" },
      {
        file: "engine/find.ts",
        from:
          "  for await (const records of unseen) await readAgain(context, side, records.map((record) => record.id));\n",
        to: "  for await (const records of unseen) {\n    const ids = records.map((record) => record.id);\n" +
          "    if (met > 0) await readAgain(context, side, ids);\n" +
          "    else await store.savePage(connection, step.name, side, { ...nothing, run, deleted: ids });\n  }\n",
      },
    ],
  },
  {
    name: "delete beats edit silently",
    edits: [
      { file: "engine/fate.ts", from: 'survivor === "changed" && policy', to: 'survivor === "left" && policy' },
      {
        file: "engine/decide_gone.ts",
        from: "    lost: lostOf(context, pair, side!),\n",
        to: "    lost: lostOf(context, pair, side!).slice(0, 0),\n",
      },
    ],
  },
  {
    name: "deleted record created again",
    edits: [{
      file: "engine/fate.ts",
      from: 'let policy: MissingPolicy = policies.missing[side] ?? "report";',
      to: 'let policy: MissingPolicy = policies.missing[side] === "report" ? "restore" : "report";',
    }],
  },
  {
    name: "lookup sent uncoupled",
    edits: [{
      file: "engine/lookups.ts",
      from: '    if (unresolved === "leave") return { leave: true };\n',
      to: "    if (unresolved === undefined) return { value };\n",
    }],
  },
  {
    name: "blocked record never released",
    edits: [{ file: "engine/decide.ts", from: "(!again || !isSeen(pair))", to: "!isSeen(pair)" }],
  },
  {
    name: "second holder not fenced",
    edits: [{
      file: "store/refusals.ts",
      from: '  throw leaseLost(`step "${step}"`, `${last.holder} took it over`);\n',
      to: "  return given;\n",
    }],
  },
  {
    name: "overlap window dropped",
    edits: [{
      file: "connectors/business_central/stamps.ts",
      from: "Date.parse(stamp) - overlapMs",
      to: "Date.parse(stamp) - 0 * overlapMs",
    }],
  },
];
