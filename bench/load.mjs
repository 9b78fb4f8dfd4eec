/**
 * The load generator: HTTP/1.1 over bare sockets, cheaper than anything it measures. Started by `run.mjs` with one argument, the plan as
 * JSON (`lib/slot.mjs` writes it), it prints one line of JSON: what it saw, and what the target spent meanwhile.
 *
 * closed: N connections, each asks again as soon as it has its answer.
 * rate:   so many calls a second, each at its time, on an idle connection or a new one: a slow answer delays no other call.
 * held:   N streams are opened and kept; when all have begun, the window is measured.
 *
 * Every answer is checked against what the mock is known to send: status, bytes, events, the end of a stream.
 */
import net from 'node:net';
import { answerOf } from './lib/answers.mjs';
import { AnswerReader } from './lib/answer-reader.mjs';
import { cpuOf, machineBusy, residentOf } from './lib/procfs.mjs';
import { median, percentile } from './lib/statistics.mjs';

/** How long answers under way may still take after the window, and a held stream to begin. */
const GRACE_MS = 10_000;
const MAX_ERRORS = 1000;
const DONE = 'data: [DONE]\n\n';

const plan = JSON.parse(process.argv[2]);
const expected = answerOf(plan.mockModel);
const body = JSON.stringify({
  model: plan.model,
  ...(plan.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  temperature: 0.2,
  messages: [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: 'x'.repeat(plan.pad) },
  ],
});
const head = [`POST ${plan.path} HTTP/1.1`, `host: 127.0.0.1:${plan.port}`, ...plan.headers];
const request = Buffer.from([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
/** Where a number stands that makes each body another one; -1: all are the same. */
const numberAt = plan.unique ? request.indexOf('x'.repeat(16)) : -1;
let next = Date.now() * 1000;

function nextRequest() {
  if (numberAt === -1) return request;
  const own = Buffer.from(request);
  own.write(String(next++), numberAt, 'latin1');
  return own;
}

const seen = { sent: 0, calls: 0, errors: 0, samples: [], lostEvents: 0, events: 0, latencies: [], firstEvents: [] };
/** The first translated answer. */
let like = null;
let isMeasuring = false;
let isStopping = false;
const connections = new Set();
const idle = [];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function fail(reason) {
  seen.errors += 1;
  if (seen.samples.length < 3) seen.samples.push(reason);
}

class Connection {
  constructor(onIdle) {
    this.onIdle = onIdle;
    this.reader = new AnswerReader();
    this.isBusy = false;
    this.isGone = false;
    this.sentAt = 0;
    this.firstAt = 0;
    this.eventsBefore = 0;
    this.socket = net.connect({ port: plan.port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (bytes) => this.read(bytes));
    this.socket.on('error', (error) => this.leave(error.message));
    this.socket.on('close', () => this.leave('the connection was closed'));
    connections.add(this);
  }

  ask() {
    this.isBusy = true;
    this.reader.reset();
    this.firstAt = 0;
    seen.sent += 1;
    this.sentAt = performance.now();
    this.socket.write(nextRequest());
  }

  read(bytes) {
    const { reader } = this;
    if (!this.isBusy) {
      fail('bytes nobody asked for');
      this.leave('');
      return;
    }
    const eventsBefore = reader.events;
    let isWhole;
    try {
      isWhole = reader.push(bytes);
    } catch (error) {
      this.leave(error.message);
      return;
    }
    if (isMeasuring) seen.events += reader.events - eventsBefore;
    if (this.firstAt === 0 && reader.events > 0) this.firstAt = performance.now();
    if (!isWhole) return;
    this.isBusy = false;
    this.check();
    this.onIdle(this);
  }

  check() {
    const { reader } = this;
    const now = performance.now();
    if (reader.status !== 200) fail(`status ${reader.status}`);
    else if (plan.isTranslated) this.checkTranslated(now);
    else if (expected.events.length > 0 && reader.events !== expected.events.length) {
      seen.lostEvents += Math.max(0, expected.events.length - reader.events);
      fail(`${reader.events} events instead of ${expected.events.length}`);
    } else if (reader.bytes !== expected.bytes) fail(`${reader.bytes} bytes instead of ${expected.bytes}`);
    else if (expected.events.length > 0 && reader.tail !== DONE) fail(`a stream that ends with ${reader.tail}`);
    else this.count(now);
  }

  checkTranslated(now) {
    const { events, bytes, tail } = this.reader;
    like ??= { events, bytes };
    if (events < expected.spec.c) fail(`${events} events of ${expected.spec.c} chunks`);
    else if (events !== like.events) fail(`${events} events, and ${like.events} before`);
    else if (expected.spec.c > 0 && tail !== DONE) fail(`a stream that ends with ${tail}`);
    else if (expected.spec.c === 0 && bytes < expected.spec.s) fail(`${bytes} bytes for ${expected.spec.s} of text`);
    else this.count(now);
  }

  count(now) {
    if (!isMeasuring) return;
    seen.calls += 1;
    seen.latencies.push(now - this.sentAt);
    if (this.firstAt > 0) seen.firstEvents.push(this.firstAt - this.sentAt);
  }

  leave(reason) {
    if (this.isGone) return;
    this.isGone = true;
    connections.delete(this);
    this.socket.destroy();
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
    if (this.isBusy) {
      fail(reason);
      if (!isStopping && plan.closed > 0 && seen.errors < MAX_ERRORS) startClosed();
    }
  }
}

function startClosed() {
  new Connection((connection) => {
    if (!isStopping && seen.errors < MAX_ERRORS) connection.ask();
  }).ask();
}

function startAtRate() {
  const from = performance.now();
  let sent = 0;
  const tick = () => {
    if (isStopping || seen.errors >= MAX_ERRORS) return;
    const due = ((performance.now() - from) * plan.rate) / 1000;
    for (; sent < due; sent += 1) (idle.pop() ?? new Connection((connection) => idle.push(connection))).ask();
    setTimeout(tick, 1);
  };
  tick();
}

/** Opens the streams, a few every 10 ms, and waits until each has begun. */
async function hold() {
  const deadline = performance.now() + plan.rampMs + GRACE_MS;
  const perTick = Math.ceil((plan.held * 10) / plan.rampMs);
  for (let open = 0; open < plan.held;) {
    for (let n = 0; n < perTick && open < plan.held; n += 1, open += 1)
      new Connection(() => fail('a stream ended early')).ask();
    await sleep(10);
  }
  while ([...connections].some(({ firstAt }) => firstAt === 0) && performance.now() < deadline) await sleep(20);
  for (const { firstAt } of connections) if (firstAt === 0) fail('a stream did not begin');
}

/** Each held stream must have brought the events that are due in the window, give or take the one at either end. */
function checkHeld(seconds) {
  const due = Math.floor((seconds * 1000) / expected.spec.i) - 1;
  for (const connection of connections) {
    const got = connection.reader.events - connection.eventsBefore;
    if (got < due) {
      seen.lostEvents += due - got;
      fail(`a held stream with ${got} events instead of ${due}`);
    }
  }
}

const snapshot = () => ({
  at: process.hrtime.bigint(),
  target: plan.targetPid === null ? { all: NaN, main: NaN } : cpuOf(plan.targetPid),
  mock: cpuOf(plan.mockPid).all,
  others: plan.otherPids.reduce((sum, pid) => sum + cpuOf(pid).all, 0),
  self: cpuOf(process.pid).all,
  busy: machineBusy(),
});

async function window() {
  const resident = [];
  for (const connection of connections) connection.eventsBefore = connection.reader.events;
  const before = snapshot();
  isMeasuring = true;
  const until = performance.now() + plan.windowMs;
  while (performance.now() < until) {
    await sleep(Math.min(250, Math.max(1, until - performance.now())));
    if (plan.targetPid !== null) resident.push(residentOf(plan.targetPid));
  }
  isMeasuring = false;
  const after = snapshot();
  return { before, after, seconds: Number(after.at - before.at) / 1e9, resident: median(resident) };
}

async function drain() {
  const deadline = performance.now() + GRACE_MS;
  while ([...connections].some(({ isBusy }) => isBusy) && performance.now() < deadline) await sleep(5);
  for (const { isBusy } of connections) if (isBusy) fail('no answer in time');
}

const distribution = (values) => {
  const sorted = Float64Array.from(values).toSorted();
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
};

if (plan.held > 0) await hold();
else if (plan.rate > 0) startAtRate();
else for (let n = 0; n < plan.closed; n += 1) startClosed();
await sleep(plan.warmMs);
const { before, after, seconds, resident } = await window();
isStopping = true;
if (plan.held > 0) checkHeld(seconds);
else await drain();
const live = connections.size;
for (const connection of connections) {
  connection.isBusy = false;
  connection.leave('');
}

const ours =
  (plan.targetPid === null ? 0 : after.target.all - before.target.all) +
  (after.mock - before.mock) +
  (after.others - before.others) +
  (after.self - before.self);
const report = {
  seconds,
  sent: seen.sent,
  calls: seen.calls,
  events: seen.events,
  errors: seen.errors,
  lostEvents: seen.lostEvents,
  samples: seen.samples,
  live,
  latencyMs: distribution(seen.latencies),
  firstEventMs: distribution(seen.firstEvents),
  targetCpuNs: { all: after.target.all - before.target.all, main: after.target.main - before.target.main },
  mockCpuNs: after.mock - before.mock,
  loadCpuNs: after.self - before.self,
  /** CPUs' worth of work that other processes of the machine did meanwhile. */
  foreignCpus: Math.max(0, (after.busy - before.busy - ours) / (seconds * 1e9)),
  residentBytes: resident,
  fromNs: String(before.at),
  toNs: String(after.at),
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
