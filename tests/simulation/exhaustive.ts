/**
 * Every fault at every call of chosen histories, one at a time, and pairs of faults in two runs that follow each other at
 * the steps of writes. As histories with numbers, so that each can be played again.
 */
import { type Fault, type History, historyOf } from "./history.ts";
import { type Met, play } from "./play.ts";

/** Histories whose single faults are tried out, and of which the first one's pairs are as well. */
const bases = 4;
/** Of a pair so many of the kinds that fit, evenly spread: all of them would take hours. */
const kindsOfPairs = 3;

/** Histories with one fault each, then those with two. */
export async function exhaustive(seed: number): Promise<readonly History[]> {
  const found: History[] = [];
  for (let base = 0; base < bases; base++) found.push(...await singlesOf(withoutFaults(seed, base)));
  found.push(...await pairsOf(withoutFaults(seed, 0)));
  return found.map((history, number) => ({ ...history, number }));
}

/** Without users at work during runs, whose place would be another one after a fault; of three rounds. */
function withoutFaults(seed: number, number: number): History {
  const history = historyOf(seed, number);
  const rounds = history.rounds.slice(0, 3).map((round) => ({ ...round, faults: [], during: [] }));
  return { ...history, rounds };
}

async function metIn(history: History): Promise<readonly Met[]> {
  const met: Met[] = [];
  await play(history, { onCall: (one) => void met.push(one) });
  return met.filter(({ round }) => round < history.rounds.length);
}

async function singlesOf(history: History): Promise<History[]> {
  return (await metIn(history)).flatMap(({ round, call, kinds }) =>
    Array.from(
      { length: kinds },
      (_, kind) => withFaults(history, [{ round, fault: faultAt(call, (kind + 0.5) / kinds) }]),
    )
  );
}

async function pairsOf(history: History): Promise<History[]> {
  const steps = (await metIn(history)).filter(({ isStep }) => isStep);
  const spread = Array.from({ length: kindsOfPairs }, (_, kind) => (kind + 0.5) / kindsOfPairs);
  const found: History[] = [];
  for (const first of steps) {
    for (const second of steps.filter(({ round }) => round === first.round + 1)) {
      for (const one of spread) {
        for (const other of spread) {
          found.push(withFaults(history, [
            { round: first.round, fault: faultAt(first.call, one) },
            { round: second.round, fault: faultAt(second.call, other) },
          ]));
        }
      }
    }
  }
  return found;
}

function faultAt(call: number, kind: number): Fault {
  return { where: "calls", at: call, kind };
}

function withFaults(history: History, faults: readonly { round: number; fault: Fault }[]): History {
  const rounds = history.rounds.map((round, at) => ({
    ...round,
    faults: faults.filter(({ round }) => round === at).map(({ fault }) => fault),
  }));
  return { ...history, rounds };
}
