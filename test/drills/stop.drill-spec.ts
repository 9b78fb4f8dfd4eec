import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { type Replica, startReplica } from '../support/replica.js';
import { scratchDirectory } from '../support/scratch-directory.js';
import { frame, type StubReply, StubUpstream } from '../support/stub-upstream.js';
import { Traffic } from '../support/traffic.js';

const STARTS_MS = 240_000;
/** So many calls are under way when the stop comes, at least. */
const UNDER_WAY = 10;
/** What the provider takes for an answer, in pieces. */
const PIECE_MS = 60;

/** Answers slowly, so that a stop finds calls in every phase. */
const slowly: StubReply = async (response, request) => {
  const { stream } = request.json() as { stream: boolean };
  const pieces = stream ? aStream().map((event) => frame(event)) : [JSON.stringify(aCompletion())];
  await sleep(5 * PIECE_MS);
  response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
  for (const piece of pieces) {
    response.write(piece);
    await sleep(PIECE_MS);
  }
  response.end();
};

describe('A gateway that is stopped under traffic', () => {
  const scratch = scratchDirectory();
  let upstream: StubUpstream;
  let gateway: Replica;
  const start = (): Promise<Replica> =>
    startReplica({
      DATA_DIR: scratch.path,
      PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      SHUTDOWN_GRACE_MS: '60000',
    });
  beforeAll(async () => {
    upstream = await StubUpstream.start();
    upstream.replies(slowly);
    gateway = await start();
  }, STARTS_MS);
  afterAll(async () => {
    await gateway.kill();
    await upstream.close();
    scratch.remove();
  });

  it(
    'answers every call whole that it has taken, and has their logs when it is there again',
    async () => {
      const traffic = new Traffic(
        `${gateway.origin}/v1/default/default/compat/chat/completions`,
        { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: 'Bearer sk-own-0123456789' },
        () => ({ model: 'openai/gpt-4o', ...hello }),
        40,
      );
      await traffic.next(20);
      await eventually(() => upstream.openAnswers >= UNDER_WAY, 60_000);

      const code = await gateway.stop();
      await traffic.stop();

      expect(code).toBe(0);
      const answered = traffic.ends.filter(({ status }) => status === 200);
      expect(answered.filter(({ isWhole }) => !isWhole)).toEqual([]);
      // What the provider was asked, callers were told: the others were refused before anything was done for them.
      expect(answered).toHaveLength(upstream.received.length);
      expect(traffic.ends.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);

      gateway = await start();
      for (const { logId } of answered) {
        expect(await gateway.admin('GET', `/ai-gateway/gateways/default/logs/${logId}`)).toMatchObject({ id: logId });
      }
    },
    2 * STARTS_MS,
  );
});
