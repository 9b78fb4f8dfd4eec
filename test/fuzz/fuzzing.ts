import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { expect, jest } from '@jest/globals';
import fc from 'fast-check';

/** How long each target is fuzzed. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 2);
/** The same inputs in the same order for the same seed; how many of them there are is a matter of time. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123);

/** What one input may take of the processor: a thousand times what it does take, and a small part of a hang. */
const MAX_CPU_MS = 5_000;
/** What may be held when all inputs are gone, and the garbage is collected. */
const MAX_RETAINED_BYTES = 256 * 1024 * 1024;
/** An input that takes so long takes for ever. */
const HANG_MS = 60_000;

jest.setTimeout(SECONDS * 5_000 + 120_000);

/**
 * A test that gives a target inputs until its time is over. It fails on the first that throws (what a target is supposed to refuse, the
 * property itself takes for granted), takes too long, or leaves too much behind; fast-check then says which input, and by which seed and
 * path it is found again: `FUZZ_SEED`.
 */
export const fuzzed =
  <Inputs extends [unknown, ...unknown[]]>(
    inputs: { readonly [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> },
    property: (...given: Inputs) => void,
  ) =>
  (): void => {
    const name = expect.getState().currentTestName ?? '';
    const before = retainedBytes();
    const watchdog = new Watchdog(name);
    let runs = 0;
    let slowest = 0;
    const timed = (...given: Inputs): void => {
      watchdog.begins(++runs);
      const from = process.cpuUsage();
      property(...given);
      const { user, system } = process.cpuUsage(from);
      slowest = Math.max(slowest, (user + system) / 1000);
      if (slowest > MAX_CPU_MS) throw new Error(`It took ${Math.round(slowest)} ms of the processor.`);
    };
    try {
      fc.assert(fc.property(...inputs, timed), {
        seed: SEED,
        numRuns: 1_000_000_000,
        interruptAfterTimeLimit: SECONDS * 1000,
        // Looking for the smallest input that fails has an end, too.
        skipAllAfterTimeLimit: SECONDS * 4000,
      });
    } finally {
      watchdog.stop();
    }
    const retained = retainedBytes() - before;
    process.stdout.write(
      `fuzz: ${name}: ${runs} inputs, seed ${SEED}, slowest ${slowest.toFixed(0)} ms, ${(retained / 1e6).toFixed(1)} MB kept\n`,
    );
    expect(runs).toBeGreaterThan(0);
    expect(retained).toBeLessThan(MAX_RETAINED_BYTES);
  };

/** Runs what may refuse an input, in its own words only. Null: it has been refused. */
export function unlessRefused<Result>(
  run: () => Result,
  ...refusals: readonly (abstract new (...args: never[]) => Error)[]
): Result | null {
  try {
    return run();
  } catch (error) {
    if (refusals.some((Refusal) => error instanceof Refusal)) return null;
    throw error;
  }
}

/** A synchronous loop without an end cannot be interrupted from within: this ends the process, and says where it was. */
class Watchdog {
  private readonly beat = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker: Worker;

  constructor(name: string) {
    this.worker = new Worker(
      `const { workerData: { beat, name, ms, seed } } = require('node:worker_threads');
       let last = -1;
       setInterval(() => {
         const now = Atomics.load(beat, 0);
         if (now === last && now !== 0) {
           require('node:fs').writeSync(2, 'fuzz ' + name + ': input ' + now + ' of seed ' + seed + ' does not end\\n');
           process.kill(process.pid, 'SIGKILL');
         }
         last = now;
       }, ms);`,
      { eval: true, workerData: { beat: this.beat, name, ms: HANG_MS, seed: SEED } },
    );
    this.worker.unref();
  }

  begins(run: number): void {
    Atomics.store(this.beat, 0, run);
  }

  stop(): void {
    Atomics.store(this.beat, 0, 0);
    void this.worker.terminate();
  }
}

function retainedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
