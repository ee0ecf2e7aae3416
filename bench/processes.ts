/** Programs as processes of their own: how long they took, and how much memory. All end with the benchmark. */

/** The folder of the project, with a slash at its end. */
export const project = new URL("../", import.meta.url).pathname;

export interface Ended {
  readonly code: number;
  /** Milliseconds from its start to its end. */
  readonly ms: number;
  /** Most memory that it had, in MB (VmHWM, asked for every 50 ms: growth after the last time is missed); 0: not known. */
  readonly peak: number;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<Deno.ChildProcess>();
let isOver = false;

/** Starts a program that {@link endAll} ends; throws after that. */
export function start(program: string, options: Deno.CommandOptions): Deno.ChildProcess {
  if (isOver) throw new Error(`Cannot start "${program}": the benchmark has ended`);
  const child = new Deno.Command(program, { stdin: "null", cwd: project, ...options }).spawn();
  running.add(child);
  child.status.then(() => running.delete(child));
  return child;
}

/** Ends all that run, at once, for good. */
export async function endAll(): Promise<void> {
  isOver = true;
  const children = [...running];
  for (const child of children) {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has just ended by itself
    }
  }
  await Promise.all(children.map((child) => child.status));
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; in the project, if not given. */
  readonly dir?: string;
  /** With which it ends well; 0, if not given. */
  readonly codes?: readonly number[];
}

/** Runs a program to its end, and throws what was said when it fails. */
export async function runWell(
  program: string,
  args: readonly string[],
  { env = {}, dir = project, codes = [0] }: RunOptions = {},
): Promise<Ended> {
  const began = performance.now();
  const child = start(program, { args: [...args], env: { ...env }, cwd: dir, stdout: "piped", stderr: "piped" });
  let peak = 0;
  const polled = setInterval(() => peak = Math.max(peak, memoryOf(child.pid)), 50);
  const texts = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const { code } = await child.status;
  const ms = performance.now() - began;
  clearInterval(polled);
  const [stdout, stderr] = await texts;
  if (codes.includes(code)) return { code, ms, peak, stdout, stderr };
  const said = `${stderr}\n${stdout}`.trim().slice(-2000);
  const shown = [program, ...args].join(" ").replace(/:[^:@ ]+@/g, "@").slice(0, 300);
  throw new Error(`Cannot measure: "${shown}" ended with ${code}: ${said}`);
}

function memoryOf(pid: number): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return Number(kilobytes ?? 0) / 1000;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || Object(error).code === "ESRCH") return 0; // it has ended
    throw error;
  }
}

/** The flags that run a file of ours which may do anything. */
export const ours = ["run", "-q", "-A", "--no-prompt"] as const;
