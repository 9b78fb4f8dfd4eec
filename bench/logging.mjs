/**
 * `node bench/logging.mjs`: what logging costs a call. The same gateway, the same load, logs and payloads on or off by a request header, a
 * round of each in turn. At a rate, not saturated: the database must keep up, or its share would be missing from the figures.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopAll } from './lib/processes.mjs';
import { measure } from './lib/slot.mjs';
import { median } from './lib/statistics.mjs';
import { startGateway, startMock } from './lib/targets.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** Calls a second. */
    rate: { type: 'string', default: '2000' },
    /** A Postgres server; else the embedded database. */
    database: { type: 'string' },
    gateway: { type: 'string', default: fileURLToPath(new URL('../dist/main.js', import.meta.url)) },
  },
});

const SCENARIOS = [
  { id: 'JSON, 1 KB each way', model: 'mock', pad: 700 },
  { id: 'SSE, 100 chunks at once', figure: 'events', model: 'mock-c100', pad: 700, rate: Number(options.rate) / 4 },
];
/** What is waiting when a round ends is not the next one's. */
const DRAIN_MS = 1500;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const windowMs = Number(options.seconds) * 1000;

let exitCode = 0;
try {
  const mock = await startMock();
  const gateway = await startGateway(mock, options.gateway, [], options.database && { DATABASE_URL: options.database });
  const targets = [
    { ...gateway, name: 'off', headers: [...gateway.headers, 'cf-aig-collect-log: false'] },
    { ...gateway, name: 'on' },
  ];
  process.stdout.write('| | logs off | logs on | more | more, main thread |\n| --- | ---: | ---: | ---: | ---: |\n');
  for (const part of SCENARIOS) {
    const scenario = { rate: Number(options.rate), figure: 'call', ...part };
    const context = { mock, others: [], windowMs };
    for (const target of targets) {
      await measure({ ...scenario, rate: 0, closed: 16 }, target, { ...context, windowMs: 4000 });
      await sleep(DRAIN_MS * 2);
    }
    const seen = { off: [], on: [] };
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        const slot = await measure(scenario, target, context);
        if (slot.errors > 0) throw new Error(`${scenario.id}, ${target.name}: ${slot.samples.join('; ')}`);
        seen[target.name].push(slot.cpuPerCall);
        await sleep(DRAIN_MS);
      }
    }
    const more = (figure) =>
      `${((median(seen.on.map((on, i) => on[figure] / seen.off[i][figure])) - 1) * 100).toFixed(0)} %`;
    const [off, on] = ['off', 'on'].map((name) => `${median(seen[name].map(({ all }) => all)).toFixed(1)} µs`);
    process.stdout.write(
      `| ${scenario.id}, ${scenario.rate} a second | ${off} | ${on} | ${more('all')} | ${more('main')} |\n`,
    );
  }
  await gateway.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  exitCode = 1;
} finally {
  await stopAll();
}
process.exit(exitCode);
