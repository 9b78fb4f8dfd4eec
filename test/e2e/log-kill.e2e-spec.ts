import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { hello } from '../support/builders.js';
import { ChildGateway } from '../support/child-gateway.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN } from '../support/gateway.js';

/** `LOG_KILLS=10` is the whole proof. */
const KILLS = Number(process.env['LOG_KILLS'] ?? 1);
const CALLS_A_SECOND = 500;
const UNDER_LOAD_MS = 1_500;
const ENOUGH_CALLS = 50;
const TICK_MS = 10;

/** Calls the gateway at its rate until it is killed in the middle of it. Returns the ids of those whose answer came whole. */
async function callUntilKilled(gateway: ChildGateway): Promise<string[]> {
  const answered: string[] = [];
  const calls: Promise<void>[] = [];
  const call = async (stream: boolean): Promise<void> => {
    const response = await fetch(`${gateway.origin}/v1/default/default/compat/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ model: 'sandbox/echo', ...hello, stream }),
    });
    const text = await response.text();
    if (response.ok && (stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}')))
      answered.push(response.headers.get('cf-aig-log-id') ?? '');
  };
  const started = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - started) / 1000) * CALLS_A_SECOND;
      // What was under way when it was killed fails; what came whole before counts.
      while (calls.length < due) calls.push(call(calls.length % 4 === 0).catch(() => undefined));
      if (performance.now() - started < UNDER_LOAD_MS || answered.length < ENOUGH_CALLS) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await gateway.kill();
  await Promise.all(calls);
  return answered;
}

const listSchema = z.object({
  result: z.array(z.object({ id: z.string() })),
  result_info: z.object({ total_count: z.number() }),
});

async function loggedIds(gateway: ChildGateway): Promise<{ ids: string[]; total: number }> {
  const ids: string[] = [];
  for (let page = 1; ; page++) {
    const response = await fetch(
      `${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/default/logs?per_page=50&page=${page}`,
      { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
    );
    const { result, result_info } = listSchema.parse(await response.json());
    if (result.length === 0) return { ids, total: result_info.total_count };
    ids.push(...result.map(({ id }) => id));
  }
}

const sumsSchema = z.object({ result: z.object({ totals: z.object({ requests: z.number() }) }) });

/** How many calls there are in the sums that charts are drawn of. */
async function countedCalls(gateway: ChildGateway): Promise<number> {
  const response = await fetch(
    `${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/default/analytics?interval=1h`,
    { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
  );
  return sumsSchema.parse(await response.json()).result.totals.requests;
}

describe('a gateway that is killed under load', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'aig-kill-'));
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it(
    'has exactly one log of every call whose answer came whole, when it is there again, and counts each once',
    async () => {
      const answered = new Set<string>();
      for (let kill = 0; kill < KILLS; kill++) {
        const gateway = await ChildGateway.start({}, dataDir);
        const before = answered.size;
        for (const id of await callUntilKilled(gateway)) answered.add(id);
        expect(answered.size - before).toBeGreaterThanOrEqual(ENOUGH_CALLS);
      }

      const gateway = await ChildGateway.start({}, dataDir);
      // A call of this process has its log after all that were left.
      const last = await callOnce(gateway);
      await waitForLog(gateway, last);
      const { ids, total } = await loggedIds(gateway);
      await eventually(async () => (await countedCalls(gateway)) === total, 30_000);
      await gateway.close();

      expect(new Set(ids).size).toBe(ids.length);
      expect(total).toBe(ids.length);
      const logged = new Set(ids);
      expect([...answered].filter((id) => !logged.has(id))).toEqual([]);
    },
    180_000 + KILLS * 60_000,
  );
});

async function callOnce(gateway: ChildGateway): Promise<string> {
  const response = await fetch(`${gateway.origin}/v1/default/default/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ model: 'sandbox/echo', ...hello }),
  });
  await response.text();
  return response.headers.get('cf-aig-log-id') ?? '';
}

/** The log API waits for a log that is on its way. */
async function waitForLog(gateway: ChildGateway, id: string): Promise<void> {
  const response = await fetch(`${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/default/logs/${id}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  expect(response.status).toBe(200);
}
