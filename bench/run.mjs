/**
 * `npm run bench`: the built gateway beside a bare Node proxy, in front of the same mock, by the same load, in the same minutes.
 * docs/performance.md says how to read it. Exit code 1: an answer was not whole. 2: it could not be run.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { canPin, stopAll } from './lib/processes.mjs';
import { cpuOf, hasProcfs, residentOf } from './lib/procfs.mjs';
import { faultsOf, rowsOf, toMarkdown } from './lib/report.mjs';
import { SCENARIOS } from './lib/scenarios.mjs';
import { measure } from './lib/slot.mjs';
import { direct, startBare, startGateway, startMock } from './lib/targets.mjs';

const USAGE = `npm run bench -- [options]
  --rounds N        rounds of each scenario (5)
  --seconds S       a measurement's length (2.5)
  --only a,b        scenarios: ${SCENARIOS.map(({ id }) => id).join(', ')}
  --gateway FILE    the built main.js (dist/main.js)
  --foreign C       measure again where other processes took more than C CPUs (0.25)
  --minutes M       begin nothing new after so long (20)
  --json FILE       every measurement, as JSON
  --smoke           one short round: are the answers whole? No verdict on speed`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2.5' },
    only: { type: 'string' },
    gateway: { type: 'string', default: fileURLToPath(new URL('../dist/main.js', import.meta.url)) },
    foreign: { type: 'string', default: '0.25' },
    minutes: { type: 'string', default: '20' },
    json: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const MAX_REPEATS = 2;
const WARM_UP_CALLS = 25_000;
const MAX_WARM_UP_MS = 12_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text) => process.stderr.write(`${text}\n`);

if (options.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
if (!hasProcfs()) {
  say('The benchmark reads the CPU time of threads from /proc/<pid>/task/*/schedstat, which only Linux has.');
  process.exit(2);
}

const isSmoke = options.smoke;
const rounds = isSmoke ? 1 : Number(options.rounds);
const windowMs = isSmoke ? 500 : Number(options.seconds) * 1000;
const warmUpMs = isSmoke ? 300 : 2500;
const deadline = Date.now() + Number(options.minutes) * 60_000;
const wanted = options.only?.split(',') ?? SCENARIOS.map(({ id }) => id);
const unknown = wanted.filter((id) => !SCENARIOS.some((scenario) => scenario.id === id));
if (unknown.length > 0 || !(rounds > 0) || !(windowMs > 0)) {
  say(`${unknown.length > 0 ? `There is no scenario ${unknown.join(', ')}.\n` : ''}${USAGE}`);
  process.exit(2);
}
const isHeld = ({ held }) => held !== undefined;
const scenarios = SCENARIOS.filter(({ id }) => wanted.includes(id)).map((scenario) =>
  isSmoke && isHeld(scenario) ? { ...scenario, held: 100 } : scenario,
);

const slots = [];
const keep = (slot) => {
  slots.push(slot);
  const mark = slot.foreignCpus > Number(options.foreign) ? ' *' : '';
  const cost = slot.scenario.startsWith('json') ? slot.cpuPerCall.all : slot.cpuPer1000Events.all;
  const rate = (slot.calls / slot.seconds).toFixed(0);
  say(
    `${slot.scenario} ${slot.round + 1} ${slot.target}: ${rate}/s, CPU ${cost.toFixed(2)}, ${slot.latencyMs.p50 === null ? `${slot.live} open` : `p50 ${slot.latencyMs.p50.toFixed(2)} ms`}, foreign ${slot.foreignCpus.toFixed(2)}, mock ${share(slot.mockCpuNs, slot)} load ${share(slot.loadCpuNs, slot)}${mark}`,
  );
};
const share = (ns, { seconds }) => `${((ns / (seconds * 1e9)) * 100).toFixed(0)} %`;

/** Measures again while others disturb, as often as it makes sense; the quietest counts. */
async function quietest(scenario, target, context) {
  let best = null;
  for (let repeat = 0; repeat <= MAX_REPEATS; repeat += 1) {
    const slot = await measure(scenario, target, context);
    if (slot.errors > 0) return slot;
    if (best === null || slot.foreignCpus < best.foreignCpus) best = slot;
    if (isSmoke || best.foreignCpus <= Number(options.foreign) || Date.now() > deadline) break;
  }
  return best;
}

/** The load generator must notice what is broken, or its zeros mean nothing. */
async function proveTheLoad(mock) {
  const target = direct(mock);
  const context = { mock, others: [], windowMs: 200 };
  const broken = [
    { id: 'self-test: a stream cut off', model: 'mock-c10-a5', figure: 'events' },
    { id: 'self-test: errors', model: 'mock-x503', figure: 'call' },
  ];
  for (const part of broken) {
    const { errors } = await measure({ ...part, pad: 100, closed: 4, warmMs: 50 }, target, context);
    if (errors === 0) throw new Error(`${part.id} was not noticed by the load generator`);
  }
  const refused = { ...target, headers: ['content-type: application/json', 'authorization: Bearer another-key'] };
  const { errors } = await measure(
    { id: 'self-test: key', model: 'mock', figure: 'call', pad: 100, closed: 4 },
    refused,
    context,
  );
  if (errors === 0) throw new Error('The mock takes any key.');
}

/** Until V8 has compiled what is hot: that takes calls, not seconds. */
async function warmUp(scenario, target, context) {
  const busy = {
    ...scenario,
    rate: 0,
    closed: scenario.closed ?? 16,
    warmMs: 0,
    model: scenario.model.replace(/-[id]\d+/g, ''),
  };
  const until = Date.now() + MAX_WARM_UP_MS;
  for (let calls = 0; calls < WARM_UP_CALLS && Date.now() < until;) {
    const slot = await measure(busy, target, { ...context, windowMs: warmUpMs });
    if (slot.errors > 0) throw new Error(`${scenario.id}, ${target.name}, warm-up: ${slot.samples.join('; ')}`);
    if (isSmoke) break;
    calls += slot.calls;
  }
}

async function runOpenAndClosed(mock, list) {
  const targets = [direct(mock), await startBare(mock), await startGateway(mock, options.gateway)];
  const gateway = targets[2];
  say(`gateway: listens after ${gateway.readyMs.toFixed(0)} ms`);
  await sleep(isSmoke ? 100 : 2000);
  const from = cpuOf(gateway.pid);
  await sleep(isSmoke ? 100 : 2000);
  const to = cpuOf(gateway.pid);
  const perSecond = isSmoke ? 10 : 0.5;
  const idle = {
    residentMb: residentOf(gateway.pid) / 2 ** 20,
    cpuMsPerSecond: { all: ((to.all - from.all) / 1e6) * perSecond, main: ((to.main - from.main) / 1e6) * perSecond },
    readyMs: gateway.readyMs,
  };
  try {
    for (const scenario of list) {
      const involved = needsDirect(scenario) ? targets : targets.slice(1);
      for (const target of involved.filter(({ pid }) => pid !== null))
        await warmUp(scenario, target, { mock, others: targets });
      for (let round = 0; round < rounds && Date.now() < deadline; round += 1) {
        const order = round % 2 === 0 ? involved : involved.toReversed();
        for (const target of order) {
          const slot = await quietest(scenario, target, { mock, others: targets, windowMs });
          keep({ ...slot, round });
        }
      }
    }
  } finally {
    for (const target of targets) await target.stop();
  }
  return idle;
}
const needsDirect = ({ figure, addsFirstEvent }) => figure === 'added' || addsFirstEvent === true;

/** Each target anew for each round: a heap that has grown before hides what streams take. */
async function runHeld(mock, scenario) {
  const busy = { ...scenario, held: undefined, model: 'mock-c5', closed: 8 };
  for (let round = 0; round < rounds && Date.now() < deadline; round += 1) {
    const starts = [() => startBare(mock), () => startGateway(mock, options.gateway)];
    for (const begin of round % 2 === 0 ? starts : starts.toReversed()) {
      const target = await begin();
      try {
        const context = { mock, others: [], windowMs: Math.max(windowMs, 2500) };
        await measure(busy, target, { ...context, windowMs: warmUpMs });
        await sleep(500);
        const before = residentOf(target.pid);
        const slot = await measure(scenario, target, context);
        let { open } = await mock.stats();
        for (let wait = 0; open > 0 && wait < 30; wait += 1) {
          await sleep(100);
          ({ open } = await mock.stats());
        }
        keep({ ...slot, round, bytesPerStream: (slot.residentBytes - before) / scenario.held, leftOpen: open });
      } finally {
        await target.stop();
      }
    }
  }
}

let exitCode = 0;
try {
  const mock = await startMock();
  await proveTheLoad(mock);
  const [held, others] = [scenarios.filter(isHeld), scenarios.filter((scenario) => !isHeld(scenario))];
  const idle = others.length > 0 ? await runOpenAndClosed(mock, others) : null;
  for (const scenario of held) await runHeld(mock, scenario);
  const rows = scenarios.flatMap((scenario) => rowsOf(scenario, slots));
  const faults = faultsOf(slots);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, pinned: canPin };
  const disturbed = slots.filter(({ foreignCpus }) => foreignCpus > Number(options.foreign)).length;
  process.stdout.write(
    [
      `${new Date().toISOString().slice(0, 10)}, ${machine.cpus} CPUs${canPin ? ', target on a core of its own' : ' (not pinned: read the ratios with care)'}, Node ${process.versions.node}; ${rounds} rounds of ${windowMs / 1000} s`,
      '',
      toMarkdown(isSmoke ? rows.map((row) => ({ ...row, bar: null, met: null })) : rows),
      '',
      idle === null || isSmoke
        ? ''
        : `Idle, with the embedded database: ${idle.residentMb.toFixed(0)} MB, ${idle.cpuMsPerSecond.all.toFixed(1)} ms of CPU a second (main thread ${idle.cpuMsPerSecond.main.toFixed(1)}).`,
      disturbed > 0 ? `${disturbed} of ${slots.length} measurements were disturbed by other processes.` : '',
      faults.length === 0 ? 'Every answer was whole.' : `Not every answer was whole:\n${faults.join('\n')}`,
      '',
    ].join('\n'),
  );
  if (options.json !== undefined)
    writeFileSync(
      options.json,
      JSON.stringify({ at: new Date().toISOString(), machine, idle, rows, faults, slots }, null, 1),
    );
  if (faults.length > 0) exitCode = 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  exitCode = 2;
} finally {
  await stopAll();
}
process.exit(exitCode);
