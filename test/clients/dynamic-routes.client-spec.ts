import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateText, streamText } from 'ai';
import { createAiGateway } from 'ai-gateway-provider';
import { createUnified } from 'ai-gateway-provider/providers/unified';
import OpenAI from 'openai';

import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { sendGatewayTrafficTo } from '../support/gateway-traffic.js';
import { aConditional, aModel, anEnd, aPercentage, aRate, aStart } from '../support/route-elements.js';
import { json, StubUpstream, type StubReply } from '../support/stub-upstream.js';

/**
 * A route as administrators draw it, asked by the clients people use: a condition, a split, a budget and two fallbacks, in front of
 * providers that replay recordings and fail on cue.
 */
const slugs = ['openai', 'anthropic', 'groq'] as const;
type Slug = (typeof slugs)[number];

const fixture = (slug: Slug, name: string): Buffer =>
  readFileSync(new URL(`../../src/providers/${slug}/__fixtures__/${name}`, import.meta.url));

/** The recording, in the form that was asked for. */
const replay =
  (slug: Slug): StubReply =>
  (response, request) => {
    const isStreamed = (request.json() as { stream?: boolean }).stream === true;
    response.writeHead(200, { 'content-type': isStreamed ? 'text/event-stream' : 'application/json' });
    response.end(fixture(slug, isStreamed ? 'text.stream.sse' : 'text.response.json'));
  };
const overloaded = json(503, { error: { message: 'Overloaded.', type: 'overloaded' } });
/** Answers with a stream that breaks before anything was said. */
const silentStream: StubReply = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': ping\n\n');
  setTimeout(() => response.destroy(), 5);
};

const expectedText = (slug: Slug): string =>
  (JSON.parse(fixture(slug, 'text.expected.json').toString()) as { content: string }).content;

const elements = [
  aStart('tier'),
  aConditional('tier', { 'metadata.tier': { $in: ['pro', 'team'] } }, { true: 'budget', false: 'small' }),
  aRate(
    'budget',
    { limitType: 'cost', key: 'metadata.org', limit: 5, window: 86_400 },
    { success: 'split', fallback: 'small' },
  ),
  aPercentage('split', { '100%': 'main', '0%': 'other' }),
  aModel('main', 'anthropic/claude-sonnet-4-5', { success: 'end', fallback: 'other' }),
  aModel('other', 'openai/gpt-5.2', { success: 'end', fallback: 'small' }),
  aModel('small', 'groq/llama-3.3-70b-versatile', { success: 'end', fallback: 'end' }),
  anEnd(),
];

const pro = { 'cf-aig-metadata': JSON.stringify({ tier: 'pro', org: 'acme' }) };
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'What is Cloudflare?' }];

describe('clients on a dynamic route', () => {
  const upstreams = {} as Record<Slug, StubUpstream>;
  let gateway: RunningGateway;
  let undo: () => void;

  beforeAll(async () => {
    for (const slug of slugs) upstreams[slug] = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(slugs.map((slug) => [slug, upstreams[slug].origin]))),
    });
    for (const slug of slugs) await gateway.storeKey(slug, `key-of-${slug}-0123456789`);
    await gateway.admin('POST', '/ai-gateway/gateways/default/routes', { name: 'customer-support', elements });
    undo = sendGatewayTrafficTo(gateway.origin);
  });
  afterAll(async () => {
    undo();
    await gateway.close();
    for (const slug of slugs) await upstreams[slug].close();
  });
  beforeEach(async () => {
    for (const slug of slugs) upstreams[slug].replies(replay(slug));
    await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset');
  });

  const openai = (defaultHeaders: Record<string, string> = {}): OpenAI =>
    new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, defaultHeaders, maxRetries: 0 });
  const asked = (): Slug[] => slugs.filter((slug) => upstreams[slug].received.length > 0);

  it.each(['dynamic/customer-support', 'customer-support'])('the openai SDK gets an answer of %s', async (model) => {
    const { data, response } = await openai(pro).chat.completions.create({ model, messages }).withResponse();

    expect(data.choices[0]?.message.content).toBe(expectedText('anthropic'));
    expect(asked()).toEqual(['anthropic']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cf-aig-provider': 'anthropic',
      'cf-aig-model': 'claude-sonnet-4-5',
      'cf-aig-step': '0',
      'cf-aig-route': expect.stringMatching(
        /^customer-support;version=[0-9A-Z]{26};path=start>tier>budget>split>main>end$/,
      ),
    });
  });

  it('the openai SDK reads a stream that came of the second fallback, as if there had been no other', async () => {
    upstreams.anthropic.replies(silentStream);
    upstreams.openai.replies(overloaded);
    const { data: stream, response } = await openai(pro)
      .chat.completions.create({ model: 'dynamic/customer-support', messages, stream: true })
      .withResponse();
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';

    expect(text).toBe(expectedText('groq'));
    expect(asked()).toEqual(['openai', 'anthropic', 'groq']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cf-aig-provider': 'groq',
      'cf-aig-step': '2',
      'cf-aig-route': expect.stringContaining('path=start>tier>budget>split>main>other>small>end'),
    });
  });

  it('a caller whom the condition does not know goes the other way', async () => {
    const { response } = await openai().chat.completions.create({ model: 'customer-support', messages }).withResponse();
    expect(response.headers.get('cf-aig-route')).toContain('path=start>tier>small>end');
    expect(asked()).toEqual(['groq']);
  });

  it('what a call has cost is charged to the budget, and a budget without room leads past it', async () => {
    const ask = async (org: string, cost: number): Promise<string> => {
      const { response } = await openai({
        'cf-aig-metadata': JSON.stringify({ tier: 'pro', org }),
        'cf-aig-custom-cost': JSON.stringify({ total_cost: cost }),
      })
        .chat.completions.create({ model: 'customer-support', messages })
        .withResponse();
      return response.headers.get('cf-aig-route')!.replace(/^.*path=/, '');
    };
    const within = 'start>tier>budget>split>main>end';

    expect([await ask('one', 2), await ask('one', 2)]).toEqual([within, within]);
    // One dollar is left: that has no room for two, but it has for one.
    expect(await ask('one', 2)).toBe('start>tier>budget>split>main>small>end');
    expect(await ask('one', 1)).toBe(within);
    // Nothing is left, and the element itself sees that.
    expect(await ask('one', 1)).toBe('start>tier>budget>small>end');
    expect(await ask('two', 1)).toBe(within);
    expect(upstreams.openai.received).toHaveLength(0);
  });

  it('ends with an error that names element, provider and attempts when everything fails', async () => {
    for (const slug of slugs) upstreams[slug].replies(overloaded);
    const error = await openai(pro)
      .chat.completions.create({ model: 'customer-support', messages })
      .then(
        () => null,
        (thrown: unknown) => thrown as InstanceType<typeof OpenAI.APIError>,
      );

    expect(error).toMatchObject({ status: 503 });
    expect(error?.error).toMatchObject({
      metadata: {
        target: 'groq/llama-3.3-70b-versatile',
        upstream_status: 503,
        route: {
          name: 'customer-support',
          path: ['start', 'tier', 'budget', 'split', 'main', 'other', 'small', 'end'],
        },
        attempts: [
          { element: 'main', target: 'anthropic/claude-sonnet-4-5', outcome: 'overload', next: 'fallback' },
          { element: 'other', target: 'openai/gpt-5.2', next: 'fallback' },
          { element: 'small', target: 'groq/llama-3.3-70b-versatile', next: 'none' },
        ],
      },
    });
    expect(error?.headers?.get('cf-aig-route')).toContain('path=start>tier>budget>split>main>other>small>end');
  });

  it('lists its routes among the models', async () => {
    const ids: string[] = [];
    for await (const { id } of openai().models.list()) ids.push(id);
    expect(ids).toContain('dynamic/customer-support');
  });

  describe.each(['dynamic/customer-support', 'customer-support'])('ai-gateway-provider’s unified(%j)', (model) => {
    const aigateway = () => createAiGateway({ accountId: 'default', gateway: 'default', apiKey: ADMIN_TOKEN });
    const unified = createUnified();

    it('gets an answer', async () => {
      const { text } = await generateText({ model: aigateway()(unified(model)), prompt: 'What is Cloudflare?' });
      expect(text).toBe(expectedText('groq'));
    });

    it('gets one after two fallbacks, as a stream too', async () => {
      upstreams.anthropic.replies(overloaded);
      upstreams.openai.replies(overloaded);
      const { textStream } = streamText({
        model: createAiGateway({
          accountId: 'default',
          gateway: 'default',
          apiKey: ADMIN_TOKEN,
          options: { metadata: { tier: 'team', org: 'acme' } },
        })(unified(model)),
        prompt: 'What is Cloudflare?',
        maxRetries: 0,
      });
      let text = '';
      for await (const part of textStream) text += part;

      expect(text).toBe(expectedText('groq'));
      expect(asked()).toEqual(['openai', 'anthropic', 'groq']);
    });
  });
});
