/**
 * Where the gateway's CPU goes: `node bench/profile.mjs [scenario …]` runs each under load with V8's sampling profiler and lists the
 * functions that took most of the measured window, by their own time, and the files. `--keep DIR` leaves the profiles there.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopAll } from './lib/processes.mjs';
import { SCENARIOS } from './lib/scenarios.mjs';
import { measure } from './lib/slot.mjs';
import { startBare, startGateway, startMock } from './lib/targets.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gateway: { type: 'string', default: fileURLToPath(new URL('../dist/main.js', import.meta.url)) },
    seconds: { type: 'string', default: '4' },
    top: { type: 'string', default: '10' },
    keep: { type: 'string' },
    bare: { type: 'boolean', default: false },
  },
});
const wanted = positionals.length > 0 ? positionals : ['json-1k', 'sse-burst'];
const scenarios = SCENARIOS.filter(({ id }) => wanted.includes(id));
if (scenarios.length < wanted.length) throw new Error(`The scenarios are ${SCENARIOS.map(({ id }) => id).join(', ')}.`);
const windowMs = Number(options.seconds) * 1000;

/** Microseconds by function and by file, of the samples between two times (µs of the monotonic clock). */
function selfTimes({ nodes, samples, timeDeltas, startTime }, from, to) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map();
  const files = new Map();
  let at = startTime;
  samples.forEach((id, index) => {
    const spent = timeDeltas[index];
    at += spent;
    if (at < from || at > to) return;
    const { functionName, url, lineNumber } = frames.get(id);
    if (functionName === '(idle)') return;
    const file = shorten(url) || functionName;
    const name = url === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + spent);
    files.set(file, (files.get(file) ?? 0) + spent);
  });
  return { functions, files };
}

const shorten = (url) => url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*\/(dist|bench)\//, '$1/');

function list(title, times, per, unit) {
  const total = [...times.values()].reduce((sum, spent) => sum + spent, 0);
  const top = [...times].toSorted((a, b) => b[1] - a[1]).slice(0, Number(options.top));
  const lines = top.map(
    ([name, spent]) => `| ${name} | ${((spent / total) * 100).toFixed(1)} % | ${(spent / per).toFixed(2)} |`,
  );
  process.stdout.write([`\n| ${title} | share | ${unit} |`, '| --- | ---: | ---: |', ...lines, ''].join('\n'));
}

async function profile(mock, scenario) {
  const directory = mkdtempSync(join(options.keep ?? tmpdir(), `${scenario.id}-`));
  const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=250'];
  const target = options.bare ? await startBare(mock, flags) : await startGateway(mock, options.gateway, flags);
  let slot;
  try {
    const context = { mock, others: [] };
    await measure(scenario, target, { ...context, windowMs: 4000 });
    slot = await measure(scenario, target, { ...context, windowMs });
  } finally {
    await target.stop();
  }
  // The name is CPU.<date>.<time>.<pid>.<thread>.<n>.cpuprofile; thread 0 is the main one.
  const file = readdirSync(directory).find((name) => name.split('.')[4] === '0');
  if (file === undefined) throw new Error(`${target.name} was stopped before it had written its profile.`);
  const data = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const { functions, files } = selfTimes(data, Number(slot.fromNs) / 1000, Number(slot.toNs) / 1000);
  const isStream = scenario.figure === 'events';
  const [per, unit] = isStream ? [slot.events, 'ms per 1,000 chunks'] : [slot.calls, 'µs a call'];
  process.stdout.write(`\n## ${target.name}, ${scenario.id}: ${slot.calls} calls, ${slot.errors} errors\n`);
  list('function', functions, per, unit);
  list('file', files, per, unit);
  if (options.keep === undefined) rmSync(directory, { recursive: true, force: true });
}

try {
  if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
  const mock = await startMock();
  for (const scenario of scenarios) await profile(mock, scenario);
} finally {
  await stopAll();
}
process.exit(0);
