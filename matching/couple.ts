/** Which uncoupled records are the same, decided from the keys that they share. Pure; imports nothing of ours. */

/** Uncoupled records of both sides that share one key of a match group. */
export interface Candidates {
  readonly key: string;
  readonly erp: readonly string[];
  readonly crm: readonly string[];
}

/** Two records that are the same; `group` is the number of the match group that says so, from 0. */
export interface Pair {
  readonly erp: string;
  readonly crm: string;
  readonly group: number;
  readonly key: string;
}

/** An uncoupled record for a person to look at, and the records of the other side that it could be. */
export interface Unclear {
  readonly side: "erp" | "crm";
  readonly id: string;
  readonly group: number;
  readonly candidates: readonly string[];
}

/** What came out of {@link couple}; no record stands in more than one of the three lists. */
export interface Coupled {
  readonly pairs: readonly Pair[];
  /** Records with several candidates, or whose one candidate has several. */
  readonly ambiguous: readonly Unclear[];
  /** Records all of whose candidates were coupled with others, by this group or one before it. */
  readonly taken: readonly Unclear[];
}

/**
 * Couples two records when a key is theirs alone; groups in order of priority. Where a key has candidates on both
 * sides and more than one on either, all its records are ambiguous and no later group is asked about them: a second
 * opinion must not choose between two that the first could not tell apart. Records coupled by an earlier group no
 * longer count. The outcome depends on the order of the groups only.
 */
export function couple(groups: readonly (readonly Candidates[])[]): Coupled {
  const pairs: Pair[] = [];
  const ambiguous: Unclear[] = [];
  const shut = new Map<string, Unclear>(); // whose candidates were all taken
  const done = { erp: new Set<string>(), crm: new Set<string>() };

  groups.forEach((keys, group) => {
    for (const { key, erp: allErp, crm: allCrm } of keys) {
      const erp = allErp.filter((id) => !done.erp.has(id));
      const crm = allCrm.filter((id) => !done.crm.has(id));
      if (erp.length === 1 && crm.length === 1) {
        pairs.push({ erp: erp[0]!, crm: crm[0]!, group, key });
        done.erp.add(erp[0]!);
        done.crm.add(crm[0]!);
      } else if (erp.length > 0 && crm.length > 0) {
        for (const id of erp) ambiguous.push({ side: "erp", id, group, candidates: crm });
        for (const id of crm) ambiguous.push({ side: "crm", id, group, candidates: erp });
        erp.forEach((id) => done.erp.add(id));
        crm.forEach((id) => done.crm.add(id));
      } else {
        if (allCrm.length > 0) { for (const id of erp) shutOut({ side: "erp", id, group, candidates: allCrm }); }
        if (allErp.length > 0) { for (const id of crm) shutOut({ side: "crm", id, group, candidates: allErp }); }
      }
    }
  });
  const taken = [...shut.values()].filter(({ side, id }) => !done[side].has(id)); // a later group may have found it
  return { pairs, ambiguous, taken };

  function shutOut(record: Unclear): void {
    const name = `${record.side} ${record.id}`;
    if (!shut.has(name)) shut.set(name, record);
  }
}
