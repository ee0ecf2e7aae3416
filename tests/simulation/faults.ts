/** What can go wrong at a call, by the place where it happens. */
import type { Outcome, ReadOptions, Write } from "../../connectors/connector.ts";
import type { PageSave, Settlement } from "../../store/store.ts";
import { type Call, unavailable } from "./schedule.ts";

/** What a fault needs of the world. */
export interface Place {
  /** Ends the run as a person would. */
  stop(): void;
  /** The clock of the process jumps by so many milliseconds. */
  jump(ms: number): void;
  /** Something comes about after so many milliseconds. */
  later(ms: number, work: () => void): void;
  /** A user edits the record of this entity; false where there is none. */
  edit(call: Call, write: Write): boolean;
  /** The service finds that the cursor is known no more, or lists nothing. */
  set(call: Call, what: "expire" | "hide"): void;
  /** Whether the program knows all records of this entity. */
  isKnown(call: Call): boolean;
  reached(situation: string): void;
}

type End = "goes on" | "killed" | "stalled";
interface Kind {
  readonly name: string;
  readonly fits?: (call: Call, place: Place) => boolean;
  readonly happens: (call: Call, place: Place) => Promise<End>;
}

const killedBefore: Kind = { name: "killed before", happens: () => Promise.resolve("killed") };
const killedAfter: Kind = {
  name: "killed after",
  happens: async (call) => {
    await answerOf(call);
    return "killed";
  },
};
const stalledBefore: Kind = {
  name: "stalled before",
  happens: (call) => {
    resume.set(call, () => goOn(call));
    return Promise.resolve("stalled");
  },
};
const stalledAfter: Kind = {
  name: "stalled after",
  happens: async (call) => {
    const answer = await answerOf(call);
    resume.set(call, () => (answer(), Promise.resolve()));
    return "stalled";
  },
};
const fails: Kind = { name: "fails", happens: (call) => (call.reject(unavailable(call)), goesOn) };
const stopped: Kind = { name: "stopped", happens: (call, place) => (place.stop(), goOn(call).then(() => "goes on")) };
const goesOn = Promise.resolve("goes on" as const);

const jumps: Kind = {
  name: "clock jumps",
  happens: async (call, place) => {
    place.jump(call.given.length % 2 === 0 ? -60 * 60_000 : 5 * 60_000);
    await goOn(call);
    return "goes on";
  },
};

const atSaves: readonly Kind[] = [
  ...[killedBefore, killedAfter, killedBefore, killedAfter, fails, stalledBefore, stalledAfter, stopped, jumps],
  {
    name: "commit unanswered",
    happens: async (call) => {
      await answerOf(call);
      call.reject(unavailable(call));
      return "goes on";
    },
  },
];
const atStoreReadings: readonly Kind[] = [killedBefore, fails, stalledBefore, stopped, jumps];
const nothingListed: Kind = {
  name: "nothing listed",
  fits: (call, place) => isWholeReading(call) && place.isKnown(call),
  happens: async (call, place) => {
    place.set(call, "hide");
    await goOn(call);
    return "goes on";
  },
};
const atReadings: readonly Kind[] = [
  ...[fails, killedBefore, killedAfter, stalledBefore, stopped],
  {
    name: "cursor expired",
    fits: ({ given }) => (given[0] as ReadOptions).since !== undefined,
    happens: async (call, place) => {
      place.set(call, "expire");
      await goOn(call);
      return "goes on";
    },
  },
  ...[nothingListed, nothingListed, nothingListed],
];
const atWrites: readonly Kind[] = [
  ...[killedBefore, killedAfter, killedAfter, fails, stalledAfter, stalledBefore, stopped],
  { name: "request lost", happens: (call) => (call.resolve(unknown(call)), goesOn) },
  { name: "answer lost", happens: (call) => answerLost(call) },
  { name: "answer lost", happens: (call) => answerLost(call) },
  {
    name: "takes effect later",
    happens: (call, place) => {
      // Within the time for which the service says that it may be at work on a creation.
      place.later((1 + writesOf(call).length % 8) * 60_000, () => void call.run());
      call.resolve(unknown(call));
      return goesOn;
    },
  },
  {
    name: "killed amid a batch",
    fits: (call) => writesOf(call).length > 1,
    happens: async (call) => {
      await call.run(writesOf(call).slice(0, 1));
      return "killed";
    },
  },
  {
    name: "answer to half lost",
    fits: (call) => writesOf(call).length > 1,
    happens: async (call) => {
      const answers = await call.run() as Outcome[];
      call.resolve(answers.map((answer, at) => at % 2 === 0 ? answer : unknown(call)[0]));
      return "goes on";
    },
  },
  {
    name: "edited before",
    fits: (call) => writesOf(call).some(({ op }) => op !== "create"),
    happens: async (call, place) => {
      const edited = writesOf(call).filter(({ op }) => op !== "create").filter((write) => place.edit(call, write));
      if (edited.length > 0) place.reached("a user edited a record between decision and write");
      await goOn(call);
      return "goes on";
    },
  },
];
const elsewhere: readonly Kind[] = [killedBefore, fails, stopped];

/** How a call that stalled goes on. */
export const resume = new WeakMap<Call, () => Promise<void>>();

/** Lets the call take effect, and answers it. */
export async function goOn(call: Call): Promise<void> {
  (await answerOf(call))();
}

/** Lets the call take effect; what is returned answers it. */
async function answerOf(call: Call): Promise<() => void> {
  try {
    const result = await call.run();
    return () => call.resolve(result);
  } catch (error) {
    return () => call.reject(error);
  }
}

/** The kinds that fit a call. */
export function kindsAt(call: Call, place: Place): readonly Kind[] {
  const all = call.port === "store"
    ? call.saves ? atSaves : atStoreReadings
    : call.method === "read"
    ? atReadings
    : call.method === "write"
    ? atWrites
    : elsewhere;
  return all.filter(({ fits }) => fits === undefined || fits(call, place));
}

/** Saves that something hangs on, in the words of {@link doingOf}. */
export const weightySaves: readonly string[] = [
  ...["the cursor", "the intent", "the mark of what is sent", "the coupling", "the outcome"],
];

/** What a call does, in the words of the situations. */
export function doingOf({ port, method, given }: Call): string {
  if (port !== "store") return method === "write" ? "a remote write" : method === "read" ? "a page" : method;
  if (method === "saveRun") return "the run's record";
  if (method === "savePage") return (given[3] as PageSave).cursor !== undefined ? "the cursor" : "a page's records";
  if (method !== "save") return "a look into the store";
  const { changes = [], turned = [], couplings = [], definition, lease } = given[2] as Settlement;
  if (changes.some(({ state, op }) => state === "intended" && op !== "none")) return "the intent";
  if (turned.some(({ state }) => state === "sent")) return "the mark of what is sent";
  if (couplings.some(({ how }) => how.startsWith("created"))) return "the coupling";
  if (turned.some(({ state }) => state === "done")) return "the outcome";
  if (definition !== undefined) return "the definition";
  return lease !== undefined && Object.keys(given[2] as object).length === 1 ? "the lease" : "a decision";
}

export function writesOf({ given }: Call): readonly Write[] {
  return given[0] as readonly Write[];
}

function unknown(call: Call): Outcome[] {
  return writesOf(call).map((): Outcome => ({ kind: "unknown", message: "No answer came" }));
}

async function answerLost(call: Call): Promise<End> {
  await call.run();
  call.resolve(unknown(call));
  return "goes on";
}

/** Of a reading: it asks for a page of all records. */
export function isWholeReading({ given }: Call): boolean {
  const { since, ids, only } = given[0] as ReadOptions;
  return since === undefined && ids === undefined && only === undefined;
}
