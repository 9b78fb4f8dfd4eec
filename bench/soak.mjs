/**
 * `npm run soak`: does the gateway hold its memory and its handles over time? Everything is on (limits, budgets, cache, logs with payload, metrics) and
 * the calls are mixed: JSON, some of it from the cache, streams, callers who leave, providers that fail, requests that are wrong. It passes when resident memory
 * grows by 1 MB a minute at the most after the warm-up, handles do not grow, and every call ended as it had to.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { ADMIN_TOKEN } from './lib/keys.mjs';
import { median, slopeOf } from './lib/statistics.mjs';
import { startGateway, startMock } from './lib/targets.mjs';

const HELP = `npm run soak -- [--minutes 20] [--rate CALLS_A_SECOND] [--share 0.7]
  --minutes  how long, the warm-up (a third of it) included
  --rate     calls a second; not given: --share of what a short calibration finds
DATABASE_URL: this empty database of Postgres in place of the embedded database`;
const MAX_MB_A_MINUTE = 1;
/** Connections to a database and to callers come and go. */
const MAX_MORE_HANDLES = 10;
const SAMPLE_MS = 5_000;
const CALIBRATION_MS = 10_000;
const CALIBRATION_CALLERS = 32;
const MB = 2 ** 20;
/** Full before the warm-up is over: what fills up is no leak. */
const STATE_MEMORY_BYTES = 16 * MB;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string' },
    share: { type: 'string', default: '0.7' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

/** Of a hundred calls, and what becomes of each. A caller who leaves reads the first piece. */
const KINDS = [
  { share: 50, name: 'JSON', model: 'mock', status: 200 },
  { share: 10, name: 'JSON, the same again', model: 'mock', status: 200, isSame: true },
  { share: 25, name: 'stream', model: 'mock-c20-i20', status: 200, stream: true },
  { share: 6, name: 'stream, caller leaves', model: 'mock-c200-i20', status: 200, stream: true, leaves: true },
  { share: 5, name: 'provider fails', model: 'mock-x400', status: 400 },
  { share: 4, name: 'wrong request', model: 'nobody/knows', status: 400 },
];
const kindOf = (number) => {
  let left = (number * 37) % 100;
  return KINDS.find(({ share }) => (left -= share) < 0);
};

const database = process.env.DATABASE_URL;
const mock = await startMock();
const gateway = await startGateway(mock, fileURLToPath(new URL('../dist/main.js', import.meta.url)), [], {
  STATE_MEMORY_BYTES: String(STATE_MEMORY_BYTES),
  ...(database === undefined ? {} : { DATABASE_URL: database }),
});
const origin = `http://127.0.0.1:${gateway.port}`;
const pool = new Pool(origin, { connections: 512, bodyTimeout: 60_000 });
const headers = { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` };

let number = 0;
const ends = new Map();
const wrong = [];

async function call() {
  const own = number++;
  const kind = kindOf(own);
  const model = kind.model.includes('/') ? kind.model : `openai/${kind.model}`;
  const content = kind.isSame ? 'the same' : `number ${own} ${'x'.repeat(500)}`;
  const body = JSON.stringify({ model, stream: kind.stream === true, messages: [{ role: 'user', content }] });
  const answer = await pool.request({ method: 'POST', path: gateway.everythingPath, headers, body });
  if (kind.leaves && answer.statusCode === kind.status) {
    for await (const _piece of answer.body) break;
  } else {
    const text = await answer.body.text();
    const isWhole = answer.statusCode !== 200 || (kind.stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}'));
    if (answer.statusCode !== kind.status || !isWhole) throw new Error(`${answer.statusCode} ${text.slice(0, 200)}`);
  }
  ends.set(kind.name, (ends.get(kind.name) ?? 0) + 1);
}
const noted = () => call().catch((error) => wrong.push(String(error)));

async function calibrate() {
  const until = performance.now() + CALIBRATION_MS;
  const before = number;
  const caller = async () => {
    while (performance.now() < until) await noted();
  };
  await Promise.all(Array.from({ length: CALIBRATION_CALLERS }, caller));
  return ((number - before) / CALIBRATION_MS) * 1000;
}

async function sample() {
  const { body } = await pool.request({
    method: 'GET',
    path: '/metrics',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const text = await body.text();
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  return {
    minutes: performance.now() / 60_000,
    residentMb: value('process_resident_memory_bytes') / MB,
    heapMb: value('nodejs_heap_size_used_bytes') / MB,
    files: value('process_open_fds'),
    handles: value('nodejs_active_handles_total'),
  };
}

const rate = options.rate === undefined ? (await calibrate()) * Number(options.share) : Number(options.rate);
const minutes = Number(options.minutes);
console.log(
  `${rate.toFixed(0)} calls a second for ${minutes} minutes, ${database === undefined ? 'embedded database' : 'Postgres'}`,
);

const began = performance.now();
const samples = [];
const underWay = new Set();
let due = 0;
let sampledAt = 0;
while (performance.now() - began < minutes * 60_000) {
  for (const now = ((performance.now() - began) / 1000) * rate; due < now; due++) {
    const one = noted();
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  }
  if (performance.now() - sampledAt > SAMPLE_MS) {
    sampledAt = performance.now();
    samples.push(await sample());
  }
  await sleep(10);
}
await Promise.all(underWay);

const warm = samples.slice(Math.floor(samples.length / 3));
const slope = (what) => slopeOf(warm.map((one) => [one.minutes, one[what]]));
const quarter = Math.ceil(warm.length / 4);
const growth = (what) =>
  median(warm.slice(-quarter).map((one) => one[what])) - median(warm.slice(0, quarter).map((one) => one[what]));
const result = {
  calls: Object.fromEntries(ends),
  wrong: wrong.length,
  /** Once a minute. */
  residentMb: samples.filter((_one, i) => i % (60_000 / SAMPLE_MS) === 0).map((one) => Math.round(one.residentMb)),
  residentMbAMinute: Number(slope('residentMb').toFixed(2)),
  heapMbAMinute: Number(slope('heapMb').toFixed(2)),
  moreFiles: growth('files'),
  moreHandles: growth('handles'),
};
console.log(JSON.stringify(result, null, 2));
for (const one of wrong.slice(0, 5)) console.log(one);
await pool.destroy();
await gateway.stop();
const passes =
  wrong.length === 0 &&
  result.residentMbAMinute <= MAX_MB_A_MINUTE &&
  result.moreFiles <= MAX_MORE_HANDLES &&
  result.moreHandles <= MAX_MORE_HANDLES;
console.log(passes ? 'passed' : 'FAILED');
process.exit(passes ? 0 : 1);
