import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { aChunk, aCompletion } from '../support/builders.js';
import { numbersOf } from '../support/chat-streams.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { heldBytes } from '../support/held-memory.js';
import { frame, json, StubUpstream, type ReceivedRequest, type StubReply } from '../support/stub-upstream.js';
import { allowPlans } from '../support/two-targets.js';

/** Two minutes in CI, a quarter of one elsewhere; the seed makes a run that failed one to repeat. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? (process.env['CI'] === undefined ? 15 : 120));
const SEED = Number(process.env['CHAOS_SEED'] ?? 20_261_123);
const CALLERS = 200;
const TIMEOUT_MS = 1_000;
/** Two attempts at each of two targets, their waits, and a machine that is busy with other suites. */
const HUNG_MS = 60_000;

const random = numbersOf(SEED);
const words = (nonce: string): string[] => Array.from({ length: 12 }, (_, i) => `${nonce}.${i} `);
const nonceOf = (request: ReceivedRequest): string =>
  (request.json() as { messages: { content: string }[] }).messages[0]!.content;
const isStreamed = (request: ReceivedRequest): boolean => (request.json() as { stream?: boolean }).stream === true;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers rightly, or not: the answer always belongs to the request that asked. */
const chaotic: StubReply = async (response, request) => {
  const nonce = nonceOf(request);
  const error = (status: number, headers: Record<string, string> = {}) =>
    json(
      status,
      { error: { message: `chaos ${status}`, type: 'chaos', param: null, code: null } },
      headers,
    )(response, request);
  const trouble = random(100);
  if (trouble < 6) return error(500);
  if (trouble < 10) return error(503);
  if (trouble < 14) return error(429, random(2) === 0 ? {} : { 'retry-after-ms': '20' });
  if (trouble < 17) return error(400);
  if (trouble < 20) return void response.socket?.resetAndDestroy();
  if (trouble < 22) return undefined; // silence
  if (!isStreamed(request)) {
    await pause(random(20));
    if (trouble < 25) return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": half');
    return json(200, aCompletion(words(nonce).join('')))(response, request);
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const all = words(nonce);
  const breakAt = trouble < 45 ? random(all.length) : all.length;
  for (const [i, word] of all.entries()) {
    if (response.destroyed) return undefined;
    if (i === breakAt) {
      const kind = random(5);
      if (kind === 0) return void response.destroy();
      if (kind === 1) return undefined; // it stalls
      if (kind === 2) return void response.end(frame('NOT JSON'));
      if (kind === 3) return void response.end(frame({ error: { message: 'chaos in-band', type: 'chaos' } }));
      return void response.end();
    }
    response.write(frame(aChunk(i === 0 ? { role: 'assistant', content: word } : { content: word })));
    if (random(4) === 0) await pause(random(15));
  }
  response.end(frame(aChunk({}, 'stop')) + frame('[DONE]'));
  return undefined;
};

interface Tally {
  right: number;
  refused: number;
  broken: number;
  left: number;
  wrong: string[];
  hung: string[];
}

let upstreams: StubUpstream[];
let gateway: RunningGateway;
let records = 0;

beforeAll(async () => {
  upstreams = [await StubUpstream.start(), await StubUpstream.start()];
  for (const upstream of upstreams) upstream.replies(chaotic);
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstreams[0]!.origin, mistral: upstreams[1]!.origin }),
    UPSTREAM_HEADERS_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_IDLE_TIMEOUT_MS: String(TIMEOUT_MS),
  });
  await gateway.storeKey('openai', 'sk-first-0123456789');
  await gateway.storeKey('mistral', 'sk-second-0123456789');
  allowPlans(gateway);
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe(() => records++);
});

afterAll(async () => {
  await gateway.close();
  for (const upstream of upstreams) await upstream.close();
});

async function oneCall(nonce: string, tally: Tally): Promise<void> {
  const streamed = random(2) === 0;
  const model = random(2) === 0 ? 'openai/gpt-4o' : 'plan:openai/gpt-4o|mistral/mistral-small-latest';
  const leaves = random(10) === 0;
  const controller = new AbortController();
  let answered = false;
  const leaving = leaves ? setTimeout(() => controller.abort(), random(60)) : undefined;
  const hung = setTimeout(() => {
    tally.hung.push(`${nonce}: ${model}${streamed ? ' streamed' : ''}, ${answered ? 'answered' : 'nothing came'}`);
    controller.abort();
  }, HUNG_MS);
  const whole = words(nonce).join('');
  try {
    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: {
        'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
        'cf-aig-max-attempts': '2',
        'cf-aig-retry-delay': '5',
        'cf-aig-backoff': 'exponential',
      },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: nonce }],
        ...(streamed ? { stream: true } : {}),
      }),
      signal: controller.signal,
    });
    answered = true;
    const body = await response.text();
    if (response.status !== 200) {
      const { error } = JSON.parse(body) as { error: { message: string } };
      if (error.message === '') tally.wrong.push(`${nonce}: an error without a message`);
      tally.refused++;
      return;
    }
    if (!streamed) {
      const { choices } = JSON.parse(body) as { choices: { message: { content: string } }[] };
      if (choices[0]?.message.content === whole) tally.right++;
      else tally.wrong.push(`${nonce}: ${body.slice(0, 200)}`);
      return;
    }
    const events = body
      .split('\n\n')
      .filter((event) => event.startsWith('data: '))
      .map((event) => event.slice('data: '.length));
    const isDone = events.at(-1) === '[DONE]';
    const parsed = (isDone ? events.slice(0, -1) : events).map(
      (event) => JSON.parse(event) as { error?: unknown; choices?: { delta: { content?: string } }[] },
    );
    const text = parsed.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('');
    const saysSo = parsed.at(-1)?.error !== undefined;
    if (isDone && !saysSo && text === whole) tally.right++;
    else if (!isDone && saysSo && whole.startsWith(text)) tally.broken++;
    else tally.wrong.push(`${nonce}: ${body.slice(-300)}`);
  } catch (error) {
    if (controller.signal.aborted) tally.left++;
    else tally.wrong.push(`${nonce}: ${String(error)}`);
  } finally {
    clearTimeout(leaving);
    clearTimeout(hung);
  }
}

describe('chaos', () => {
  it(
    `serves ${CALLERS} callers for ${SECONDS} s without a wrong answer, a hung call or a leak (seed ${SEED})`,
    async () => {
      const rejections: unknown[] = [];
      const note = (reason: unknown): void => void rejections.push(reason);
      process.on('unhandledRejection', note);
      const tally: Tally = { right: 0, refused: 0, broken: 0, left: 0, wrong: [], hung: [] };
      let calls = 0;
      const run = async (ms: number): Promise<void> => {
        const until = Date.now() + ms;
        const caller = async (id: number): Promise<void> => {
          for (let n = 0; Date.now() < until; n++) {
            await oneCall(`c${id}-${n}`, tally);
            calls++;
          }
        };
        await Promise.all(Array.from({ length: CALLERS }, (_, id) => caller(id)));
        // Whatever is left open now stays open: nobody is there to ask for it.
        await eventually(() => upstreams.every(({ openAnswers }) => openAnswers === 0));
        for (const upstream of upstreams) upstream.received.length = 0;
      };

      await run((SECONDS * 1000) / 4); // warm up: connections for all of them, compiled code
      const before = heldBytes();
      await run(SECONDS * 1000);
      const grownMb = (heldBytes() - before) / 1024 / 1024;
      process.off('unhandledRejection', note);

      console.log(JSON.stringify({ calls, records, ...tally, grownMb: Math.round(grownMb * 10) / 10 }));
      expect(tally.wrong).toEqual([]);
      expect(tally.hung).toEqual([]);
      expect(rejections).toEqual([]);
      expect(tally.right).toBeGreaterThan(calls / 10);
      expect(tally.broken).toBeGreaterThan(0);
      expect(tally.left).toBeGreaterThan(0);
      // A caller that leaves before its request has been read is no call; every other one has a record.
      await eventually(() => records >= calls - tally.left);
      expect(records).toBeGreaterThanOrEqual(calls - tally.left);
      expect(records).toBeLessThanOrEqual(calls);
      expect(grownMb).toBeLessThan(30);
      for (const upstream of upstreams) expect(upstream.openAnswers).toBe(0);
    },
    (SECONDS + 180) * 1000,
  );
});
