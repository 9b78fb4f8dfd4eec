import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertToken } from '../support/second-account.js';
import { frame, json, type StubReply, StubUpstream } from '../support/stub-upstream.js';
import { WallClock } from '../support/wall-clock.js';

const HOUR = 3_600_000;
const JUMPS = [
  ['forward', 6 * HOUR],
  ['back', -6 * HOUR],
] as const;
const TIMEOUT_MS = 1_500;

let upstream: StubUpstream;
let gateway: RunningGateway;
let clock: WallClock;
let gateways = 0;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
    UPSTREAM_IDLE_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_HEADERS_TIMEOUT_MS: String(TIMEOUT_MS),
    CONFIG_POLL_MS: '200',
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.replies(json(200, aCompletion()));
  clock = new WallClock();
});
afterEach(() => clock.right());

/** A gateway of its own for each drill: counters do not meet. */
async function aGateway(options: Record<string, unknown> = {}): Promise<string> {
  const id = `clock-${gateways++}`;
  await gateway.admin('POST', '/ai-gateway/gateways', {
    id,
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
    authentication: true,
    ...options,
  });
  return id;
}

const post = (id: string, body: Record<string, unknown> = {}, token = ADMIN_TOKEN): Promise<Response> =>
  fetch(`${gateway.origin}/v1/default/${id}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${token}`, authorization: 'Bearer sk-own-0123456789' },
    body: JSON.stringify({ model: 'openai/gpt-4o', max_tokens: 10, ...hello, ...body }),
  });

/** A stream that stands still in the middle until it is let go. */
function heldStream(): { readonly reply: StubReply; readonly hasBegun: () => boolean; readonly go: () => void } {
  let go = (): void => undefined;
  let begun = false;
  const released = new Promise<void>((resolve) => (go = resolve));
  return {
    hasBegun: () => begun,
    go: () => go(),
    reply: async (response) => {
      const [first, second, ...rest] = aStream().map((event) => frame(event));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`${first}${second}`);
      begun = true;
      await released;
      response.end(rest.join(''));
    },
  };
}

describe.each(JUMPS)('The clock is put %s', (direction, jumpMs) => {
  it('and calls under way end as they would have', async () => {
    const id = await aGateway();
    const held = heldStream();
    upstream.replies(held.reply);
    const response = await post(id, { stream: true });
    const text = response.text();
    await eventually(held.hasBegun);

    clock.jump(jumpMs);
    // Longer than the attempts' timer takes to look.
    await new Promise((resolve) => setTimeout(resolve, 100));
    held.go();

    expect(await text).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('and a provider that hangs is still given up in time', async () => {
    const id = await aGateway();
    let asked = 0;
    upstream.replies(() => void asked++);
    const answer = post(id, {});
    await eventually(() => asked > 0);

    clock.jump(jumpMs);

    expect((await answer).status).toBe(504);
  }, 60_000);

  it.each(['fixed', 'sliding'])('and a %s rate limit neither opens at once nor stays closed', async (technique) => {
    const id = await aGateway({
      rate_limiting_limit: 2,
      rate_limiting_interval: 60,
      rate_limiting_technique: technique,
    });
    expect([(await post(id)).status, (await post(id)).status, (await post(id)).status]).toEqual([200, 200, 429]);

    clock.jump(jumpMs);

    // Forward, the window is over. Back, it is not, and says so in seconds that are a window's.
    const answer = await post(id);
    expect(answer.status).toBe(direction === 'forward' ? 200 : 429);
    if (direction === 'back') expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(62);
    clock.jump(63_000);
    expect((await post(id)).status).toBe(200);
  });

  it('and a budget is still a budget', async () => {
    const usage = { prompt_tokens: 100_000, completion_tokens: 0, total_tokens: 100_000 };
    upstream.replies(json(200, aCompletion('x', { usage })));
    const rule = { id: 'cap', limit: 0.2, limitType: 'cost', window: 3_600, technique: 'sliding' };
    const id = await aGateway({ spend_limits: { enabled: true, rules: [rule] } });
    expect((await post(id)).status).toBe(200);
    await eventually(async () => (await post(id)).status === 429);

    clock.jump(jumpMs);

    expect((await post(id)).status).toBe(direction === 'forward' ? 200 : 429);
    clock.jump(2 * HOUR);
    expect((await post(id)).status).toBe(200);
  });

  it('and a cached answer is not older than it may be', async () => {
    const id = await aGateway({ cache_ttl: 600 });
    expect((await post(id)).status).toBe(200);
    await eventually(async () => (await post(id)).headers.get('cf-aig-cache-status') === 'HIT');

    clock.jump(jumpMs);

    expect((await post(id)).headers.get('cf-aig-cache-status')).toBe('MISS');
    await eventually(async () => (await post(id)).headers.get('cf-aig-cache-status') === 'HIT');
    clock.jump(601_000);
    expect((await post(id)).headers.get('cf-aig-cache-status')).toBe('MISS');
  });

  it('and a token is valid by the time of day', async () => {
    const id = await aGateway();
    const token = await insertToken(gateway, { expiresOn: new Date(Date.now() + HOUR) });
    expect((await post(id, {}, token)).status).toBe(200);

    clock.jump(jumpMs);

    expect((await post(id, {}, token)).status).toBe(direction === 'forward' ? 401 : 200);
  });

  it('and logs are kept, and the gateway is ready', async () => {
    const id = await aGateway();

    clock.jump(jumpMs * 20);

    const logId = (await post(id)).headers.get('cf-aig-log-id');
    expect(await gateway.admin('GET', `/ai-gateway/gateways/${id}/logs/${logId}`)).toMatchObject({ id: logId });
    expect((await fetch(`${gateway.origin}/readyz`)).status).toBe(200);
  });
});
