/** Plays a history: the real engine on a store and two services of the simulation, users and faults in between. */
import { endInterrupted } from "../../cli/interrupted_runs.ts";
import { brakes } from "../../engine/brakes.ts";
import { runPipeline } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Coupling, Run, Store } from "../../store/store.ts";
import { canonical } from "./canonical.ts";
import { chance } from "./chance.ts";
import { pipelineOf } from "./company.ts";
import { doingOf, goOn, isWholeReading, kindsAt, type Place, resume, weightySaves, writesOf } from "./faults.ts";
import type { Act, Fault, History, Round } from "./history.ts";
import { type Oracle, oracles, type Violation } from "./oracles.ts";
import { type Call, type Schedule, schedule } from "./schedule.ts";
import { lateFor, service } from "./service.ts";
import { situationsOf } from "./situations.ts";
import { type Happening, tables as makeTables } from "./tables.ts";
import { users as makeUsers } from "./users.ts";

export interface Played {
  readonly violations: readonly Violation[];
  /** Faults that happened. */
  readonly faults: readonly string[];
  readonly situations: ReadonlySet<string>;
  /** Every call with what became of it, and what users did; empty unless asked for. */
  readonly log: readonly string[];
  /** What both services were sent, and what the store holds in the end. */
  readonly outcome: () => Promise<string>;
}

/** A call that a run makes. */
export interface Met {
  /** Of the run, from 0. */
  readonly round: number;
  /** Its number in the run, from 1. */
  readonly call: number;
  /** So many kinds of faults fit there. */
  readonly kinds: number;
  /** It writes to a service, or is a save that something hangs on. */
  readonly isStep: boolean;
}

export interface PlayOptions {
  readonly store?: Store;
  /** The connection in it. */
  readonly connection?: string;
  readonly isLogged?: boolean;
  /** Told of every call. */
  readonly onCall?: (met: Met) => void;
  /** Oracles that are left out. */
  readonly without?: ReadonlySet<Oracle>;
}

/** A run that is under way, or was left so. */
interface Running {
  readonly schedule: Schedule;
  readonly work: Promise<Run>;
  readonly controller: AbortController;
  ended: Run | null;
  error: unknown;
  calls: number;
  readings: number;
  writes: number;
  steps: number;
  faults: number;
  stalledAt: Call | null;
  /** Of a run that went on after it stood still: to which entities it has written since, and whether it was too late. */
  wentOn: { readonly wrote: Set<string>; readonly isTooLate: boolean } | null;
  stalledSince: number;
}

/** Whether a run that went on writes to this entity for the first time since. */
function isFirst({ wentOn }: Running, { port, entity }: Call): boolean {
  const place = `${port} ${entity}`;
  if (wentOn === null || wentOn.wrote.has(place)) return false;
  wentOn.wrote.add(place);
  return true;
}

function wordsOf({ by, op, row, fields }: Happening): string {
  return `${by} ${op} ${row.entity.name} ${row.id} (thing ${row.thing}) ${canonical(fields)}`;
}

/** A run that a person has asked for after a fault was mended. */
const healthy = { acts: [], full: false, faults: [], during: [] } satisfies Omit<Round, "pause">;

export async function play(history: History, options: PlayOptions = {}): Promise<Played> {
  const plain = options.store ?? memoryStore();
  // What is saved is what the program knows.
  const store: Store = {
    ...plain,
    save: async (connection, step, settlement) => {
      await plain.save(connection, step, settlement);
      watch.saved(step, settlement);
    },
    match: async (connection, step, matching) => {
      const matched = await plain.match(connection, step, matching);
      const couplings: Coupling[] = [];
      for await (const lines of plain.report(connection, [step])) {
        for (const { coupling } of lines) {
          if (coupling === null) continue;
          couplings.push({ ...coupling, base: null, seen: { erp: null, crm: null }, resolution: null });
        }
      }
      watch.saved(step, { couplings });
      return matched;
    },
  };
  const connection = options.connection ?? "c";
  const log: string[] = [];
  let told = 0;
  const say = (line: () => string) => {
    if (!options.isLogged) return;
    for (; told < tables.happened.length; told++) log.push(`  ${wordsOf(tables.happened[told]!)}`);
    log.push(line());
  };
  const tables = makeTables();
  const services = { erp: service(tables, "erp"), crm: service(tables, "crm") };
  const draw = chance(history.seed ^ 0x5bd1e995, history.number);
  const steps: readonly Step[] = pipelineOf(history.policies);
  const faults: string[] = [];
  const situations = new Set<string>();
  const reached = (situation: string) => void situations.add(situation);
  const due: { at: number; work: () => void }[] = [];
  const later = (ms: number, work: () => void) => void due.push({ at: tables.now + ms, work });
  const watch = oracles({
    tables,
    store,
    connection,
    policies: history.policies,
    without: options.without ?? new Set(),
  });
  const people = makeUsers({
    ...{ tables, later, reached, isCoupled: (row) => watch.isCoupled(row) },
    isVeryLate: history.policies.sweepEvery !== "week",
  });
  let rounds = 0;
  let skew = 0;
  let ids = 0;

  for (const side of ["erp", "crm"] as const) {
    const emails = side === "erp"
      ? [["S1", "a@x.is"], ["S2", "b@x.is"], ["S9", null]]
      : [["m1", "a@x.is"], ["m2", "b@x.is"]];
    for (const [id, email] of emails) {
      const fields = side === "erp" ? { code: id!, email: email! } : { email: email! };
      tables.create(tables.entity(side, side === "erp" ? "sellers" : "users"), id!, fields, { by: "user" });
    }
  }
  watch.seen();
  for (const act of history.setup) userActs(act);
  let stalled: Running | null = null;
  for (const round of history.rounds) {
    pass(stalled === null ? round.pause : Math.min(round.pause, 10 * 60_000));
    // A run that stands still has read what it works on: what users make on both sides meanwhile it would double.
    const isDoubled = ({ name }: Act) => stalled !== null && name === "create on both sides";
    for (const act of round.acts) if (!isDoubled(act)) userActs(act);
    const before = stalled;
    stalled = null;
    const running = await start(round);
    if (before !== null) await goOnWith(before);
    if (running.stalledAt !== null) stalled = running;
  }
  if (stalled !== null) await goOnWith(stalled);
  await settle();
  situationsOf({ reached, report: await watch.report(), run: null });
  say(() => "the end");
  return { violations: watch.violations, faults, situations, log, outcome: () => watch.outcome() };

  /** Faults are over and users rest: in a few runs all must be well, and one more must find nothing to do. */
  async function settle(): Promise<void> {
    skew = 0;
    const before = tables.happened.length;
    for (const one of due.splice(0)) one.work();
    watch.onItsWay(before);
    const minute = 60_000;
    // Without a look at all records everything must be well but deletions that nobody told.
    for (const pause of [minute, lateFor + minute]) if (!await finish(pause)) return;
    // A service that lists nothing hides what is new until then.
    const isHidden = faults.some((fault) => fault.startsWith("nothing listed"));
    if (history.policies.sweepEvery === "week" && !isHidden) await watch.soon();
    for (const pause of [8 * 24 * 60 * minute, minute]) if (!await finish(pause)) return;
    await watch.quiet(() => finish(minute));
  }

  async function finish(pause: number): Promise<boolean> {
    pass(pause);
    const { ended, error } = await start({ ...healthy, pause }, true);
    const faulty = ended?.steps.find((step) => step.error !== undefined);
    if (ended !== null && faulty === undefined) return true;
    const why = ended === null ? String(error) : `${faulty!.step}: ${faulty!.error!.message}`;
    watch.violated("ends", `a run without faults ended with ${why}`);
    return false;
  }

  function pass(ms: number): void {
    tables.now += ms;
    const before = tables.happened.length;
    for (let at = 0; at < due.length; at++) {
      if (due[at]!.at <= tables.now) due.splice(at--, 1)[0]!.work();
    }
    if (tables.happened.length > before) watch.onItsWay(before);
    watch.seen();
  }

  function userActs(act: Act): void {
    people.act(act);
    say(() => `user: ${act.name} ${act.pick} ${act.more}`);
    watch.seen();
  }

  async function start(round: Round, isLast = false): Promise<Running> {
    rounds++;
    for (const one of Object.values(services)) Object.assign(one, { expire: false, hide: null });
    const controller = new AbortController();
    const plan = schedule(draw, { store, ...services });
    const clock = {
      now: () => tables.now + skew,
      sleep: () => Promise.resolve(),
      random: () => draw.next(),
      uuid: () => `run-${String(++ids).padStart(3, "0")}`,
    };
    const common = {
      connection,
      kind: "sandbox" as const,
      steps,
      clock,
      store: plan.store,
      erp: plan.erp,
      crm: plan.crm,
    };
    const work = (async () => {
      await endInterrupted(plan.store, connection);
      const allow = isLast || draw.happens(0.3) ? new Set(brakes) : new Set<never>();
      return await runPipeline({ ...common, allow, full: round.full, signal: controller.signal });
    })();
    const running: Running = {
      ...{
        schedule: plan,
        work,
        controller,
        ended: null,
        error: null,
        calls: 0,
        readings: 0,
        writes: 0,
        steps: 0,
        faults: 0,
        stalledAt: null,
        wentOn: null,
        stalledSince: 0,
      },
    };
    await drive(running, round);
    return running;
  }

  async function drive(running: Running, round: Round): Promise<void> {
    const left = [...round.faults];
    const during = [...round.during].sort((a, b) => a.at - b.at);
    const place: Place = {
      stop: () => running.controller.abort(new DOMException("stopped", "AbortError")),
      jump: (ms) => void (skew += ms),
      later,
      edit: (call, write) => {
        const row = tables.entity(call.port as "erp" | "crm", call.entity).rows.get(write.id!);
        if (row === undefined || row.isGone || row.uncommitted !== null) return false;
        people.edit(row);
        return true;
      },
      set: (call, what) => {
        const one = services[call.port as "erp" | "crm"];
        if (what === "expire") one.expire = true;
        else one.hide = call.entity;
      },
      isKnown: ({ port, entity }) =>
        [...tables.entity(port as "erp" | "crm", entity).rows.values()].every((row) =>
          row.isGone || watch.isCoupled(row)
        ),
      reached,
    };
    const before = tables.happened.length;
    const commits = tables.commits();
    const outcome = await running.schedule.drive(running.work, async (call) => {
      running.calls++;
      pass(100 + draw.below(900));
      while (during[0] !== undefined && during[0].at <= running.calls) {
        userActs(during.shift()!.act);
        reached("a user worked during a run");
      }
      const isWrite = call.method === "write";
      if (options.onCall !== undefined) {
        const isStep = isWrite || weightySaves.includes(doingOf(call));
        options.onCall({ round: rounds - 1, call: running.calls, kinds: kindsAt(call, place).length, isStep });
      }
      const isStep = isWrite || weightySaves.includes(doingOf(call));
      const isWhole = call.method === "read" && isWholeReading(call);
      if (isWhole) running.readings++;
      if (isWrite) running.writes++;
      if (isStep) running.steps++;
      const now = left.findIndex(({ where, at }) =>
        where === "calls"
          ? at <= running.calls
          : where === "readings"
          ? isWhole && at <= running.readings
          : where === "writes"
          ? isWrite && at <= running.writes
          : isStep && at <= running.steps
      );
      const fault = now < 0 ? null : left.splice(now, 1)[0]!;
      if (fault !== null) running.faults++;
      const since = tables.happened.length;
      const end = fault === null ? await plainly(call) : await faulty(call, fault, place);
      if (end === "stalled") Object.assign(running, { stalledAt: call, stalledSince: tables.now });
      // In each step it had noted at most one batch as sent before it stood still: that one no lease holds back.
      if (isWrite && isFirst(running, call)) watch.onItsWay(since, running.wentOn!);
      watch.seen();
      return end;
    });
    if (outcome === "ended") {
      await running.work.then((run) => running.ended = run, (error) => running.error = error);
    }
    if (running.faults > 0 || running.ended === null) watch.unsure(before);
    if (running.ended !== null) {
      const users = tables.happened.slice(before).some(({ by }) => by === "user");
      const isClean = running.faults === 0 && running.ended.status === "Finished" && !users &&
        tables.commits() === commits;
      watch.ended(running.ended, isClean && !tables.isHeld());
      situationsOf({ reached, report: null, run: running.ended });
    }
    say(() => `run: ${running.ended?.status ?? String(running.error)}`);
  }

  async function plainly(call: Call): Promise<"goes on"> {
    say(() => `${call.port} ${call.method} ${call.entity}: ${doingOf(call)}`);
    await goOn(call);
    return "goes on";
  }

  async function faulty(call: Call, { kind }: Fault, place: Place): Promise<"goes on" | "killed" | "stalled"> {
    const fitting = kindsAt(call, place);
    const chosen = fitting[Math.floor(kind * fitting.length)]!;
    const name = `${chosen.name}: ${doingOf(call)}`;
    faults.push(name);
    reached(name);
    say(() =>
      `${call.port} ${call.method} ${call.entity}: ${name}${
        call.method === "write" ? ` of ${writesOf(call).length}` : ""
      }`
    );
    return await chosen.happens(call, place);
  }

  /** A run that stood still goes on: what others took from it meanwhile it must not touch. */
  async function goOnWith(running: Running): Promise<void> {
    const call = running.stalledAt!;
    running.stalledAt = null;
    say(() => "the stalled run goes on");
    const before = tables.happened.length;
    running.wentOn = { wrote: new Set(), isTooLate: tables.now - running.stalledSince > lateFor };
    if (call.method === "write") isFirst(running, call);
    await resume.get(call)!();
    watch.onItsWay(before, running.wentOn);
    await drive(running, { ...healthy, pause: 0 });
    if (running.error !== null) watch.onItsWay(before);
    if (running.ended?.steps.some(({ error }) => error?.code === "lease_lost")) reached("a stalled run was fenced");
  }
}
