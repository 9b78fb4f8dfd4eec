/** What Linux knows about processes. Times are nanoseconds of CPU, as the scheduler counts them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const hasProcfs = () => existsSync(`/proc/${process.pid}/task/${process.pid}/schedstat`);

const read = (file) => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // A thread or process that has ended meanwhile.
    return '';
  }
};

/** CPU of a process so far: of `all` its threads, and of the `main` one. */
export function cpuOf(pid) {
  let all = 0;
  let main = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const spent = Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]);
    all += spent;
    if (Number(thread) === pid) main = spent;
  }
  return { all, main };
}

/** Resident memory in bytes. */
export function residentOf(pid) {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`));
  return kilobytes === null ? NaN : Number(kilobytes[1]) * 1024;
}

/** Time that all CPUs together have not been idle, in nanoseconds (counted in steps of 10 ms; stolen time included). */
export function machineBusy() {
  const [user, nice, system, , , irq, softirq, steal] = read('/proc/stat')
    .split('\n', 1)[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + (steal ?? 0)) * 1e7;
}
