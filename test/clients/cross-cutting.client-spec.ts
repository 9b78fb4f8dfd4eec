import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatOpenAI } from '@langchain/openai';
import { generateText } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { aChunk, aCompletion, aStream, hello } from '../support/builders.js';
import { ChildGateway } from '../support/child-gateway.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { frame, json, sse, sseHang, StubUpstream } from '../support/stub-upstream.js';

/** What holds whichever client asks. */

const MiB = 1024 * 1024;
/** 200 are asked for; each fills two of the kernel's buffers, so fewer do where every test runs. */
const STREAMS = Number(process.env['CLIENT_STREAMS'] ?? 40);

let upstream: StubUpstream;
let gateway: RunningGateway;
let baseURL: string;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  upstream = await StubUpstream.start();
  gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
  await gateway.storeKey('openai', 'sk-stored-key-0123456789');
  baseURL = `${gateway.base}/compat`;
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const sdk = (): OpenAI => new OpenAI({ apiKey: ADMIN_TOKEN, baseURL, maxRetries: 0 });

describe('every client', () => {
  it('99 · shares what is cached with another that asks in the same words, and only then', async () => {
    await gateway.admin('POST', '/ai-gateway/gateways', {
      id: 'caching',
      cache_ttl: 600,
      cache_invalidate_on_update: false,
      collect_logs: true,
      rate_limiting_interval: 0,
      rate_limiting_limit: 0,
    });
    await gateway.admin('POST', '/ai-gateway/gateways/caching/provider_configs', {
      provider_slug: 'openai',
      alias: 'default',
      default_config: true,
      secret: 'sk-stored-key-0123456789',
    });
    upstream.replies(json(200, aCompletion()));
    const bodies: unknown[] = [];
    const hits: boolean[] = [];
    const watching: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      bodies.push(JSON.parse(z.string().parse(init?.body)));
      hits.push(response.headers.get('cf-aig-cache-status') === 'HIT');
      return response;
    };
    const asked = {
      apiKey: ADMIN_TOKEN,
      baseURL: `${gateway.origin}/v1/default/caching/compat`,
      fetch: watching,
    };
    const model = 'openai/gpt-5-mini';
    const clients = [
      () => new OpenAI(asked).chat.completions.create({ ...hello, model } as never),
      () =>
        generateText({
          model: createOpenAICompatible({ name: 'x', ...asked })(model),
          messages: hello.messages as never,
        }),
      () => new ChatOpenAI({ model, apiKey: ADMIN_TOKEN, configuration: asked }).invoke([['human', 'Hello, world!']]),
    ];

    for (const ask of [...clients, ...clients]) await ask();

    const seenBefore = bodies.map((body, index) =>
      bodies.slice(0, index).some((other) => isDeepStrictEqual(other, body)),
    );
    expect(hits).toEqual(seenBefore);
    // LangChain says `stream: false`, where the others say nothing.
    expect(hits).toEqual([false, true, false, true, true, true]);
    expect(upstream.received).toHaveLength(2);
  });

  describe('of many at once', () => {
    /** A process of its own: what its callers and its provider hold is not what it holds. */
    let apart: ChildGateway;
    beforeAll(async () => {
      apart = await ChildGateway.start({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
    }, 180_000);
    afterAll(() => apart.close());

    it(`100 · holds no more of ${STREAMS} streams than their slow readers take`, async () => {
      const chunk = Buffer.from(frame(aChunk({ content: 'word '.repeat(10_000) })));
      const chunks = Math.ceil((16 * MiB) / chunk.length);
      let written = 0;
      upstream.replies(async (response) => {
        const closed = once(response.setMaxListeners(0), 'close');
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let sent = 0; sent < chunks && !response.destroyed; sent++) {
          written += chunk.length;
          if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
        }
        response.end(frame(aChunk({}, 'stop')) + frame('[DONE]'));
      });
      const agent = new Agent({ maxSockets: Infinity });
      const before = await apart.heldBytes();

      const answers = await Promise.all(
        Array.from({ length: STREAMS }, () =>
          post(`${apart.origin}/v1/default/default/compat`, agent, { ...hello, model: 'openai/m', stream: true }),
        ),
      );
      // Nobody reads: it comes to rest when the kernel's buffers are full.
      await settled(() => written);
      const [heldUnread, writtenUnread] = [(await apart.heldBytes()) - before, written];
      const [first, ...others] = answers;
      for (const answer of others) answer.destroy();
      const read = await drained(first!);
      agent.destroy();

      expect(writtenUnread).toBeLessThan(STREAMS * chunks * chunk.length);
      // Of each what one read of a socket brings, twice, and an event or two.
      expect(heldUnread).toBeLessThan(STREAMS * 10 * chunk.length);
      expect(read.size).toBeGreaterThan(chunks * chunk.length);
      expect(read.end).toMatch(/data: \[DONE\]\n\n$/);
    });
  });

  it('101 · goes on with the same client after a stream that was left', async () => {
    const client = sdk();
    upstream.replies(
      sseHang(aChunk({ role: 'assistant', content: 'Hello' })),
      json(200, aCompletion()),
      sse(...aStream()),
    );

    for await (const chunk of (await client.chat.completions.create({
      ...hello,
      model: 'openai/m',
      stream: true,
    } as never)) as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>) {
      expect(chunk.choices[0]?.delta.content).toBe('Hello');
      break;
    }
    const [left] = upstream.received;
    await left?.closed;
    const whole = await client.chat.completions.create({ ...hello, model: 'openai/m' } as never);
    const streamed = await client.chat.completions.stream({ ...hello, model: 'openai/m' } as never).finalContent();

    expect([whole.choices[0]?.message.content, streamed]).toEqual(['Hello there.', 'Hello there, world.']);
    expect(upstream.received).toHaveLength(3);
  });

  it('101 · keeps the connection to its caller from one answer to the next', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    upstream.replies(json(200, aCompletion()));

    const reused: boolean[] = [];
    for (let call = 0; call < 3; call++) {
      const answer = await post(baseURL, agent, { ...hello, model: 'openai/m' }, (isReused) => reused.push(isReused));
      await drained(answer);
    }
    agent.destroy();

    expect(reused).toEqual([false, true, true]);
  });

  it('102 · takes 10 MB of a picture, and brings 10 MB of an answer', async () => {
    const url = `data:image/png;base64,${Buffer.alloc(10 * MiB, 'picture').toString('base64')}`;
    const said = 'ä'.repeat(5 * MiB);
    upstream.replies(json(200, aCompletion(said)));

    const completion = await sdk().chat.completions.create({
      model: 'openai/m',
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
    });

    expect(completion.choices[0]?.message.content === said).toBe(true);
    expect(upstream.last.body.includes(url)).toBe(true);
  });
});

/** Resolves when a number has stayed within a MiB for a while. */
async function settled(number: () => number): Promise<void> {
  let last = number();
  for (let calm = 0; calm < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = number();
    calm = Math.abs(now - last) < MiB ? calm + 1 : 0;
    last = now;
  }
}

/** Answered with the head alone: whoever has it decides when to read. What a log would keep of the answer is not kept. */
function post(
  url: string,
  agent: Agent,
  body: unknown,
  onSocket: (isReused: boolean) => void = () => {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      `${url}/chat/completions`,
      {
        agent,
        method: 'POST',
        headers: {
          'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
          authorization: 'Bearer sk-own-key-0123456789',
          'content-type': 'application/json',
          'cf-aig-collect-log-payload': 'false',
        },
      },
      (answer) => {
        onSocket(call.reusedSocket);
        resolve(answer);
      },
    );
    call.once('error', reject);
    call.end(JSON.stringify(body));
  });
}

async function drained(answer: IncomingMessage): Promise<{ readonly size: number; readonly end: string }> {
  let size = 0;
  let end = '';
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    end = (end + part.toString('latin1')).slice(-64);
  }
  return { size, end };
}
