import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { CallRollups } from '../../src/analytics/call-rollups.service.js';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { aCompletion } from '../support/builders.js';
import { CapturingLogger } from '../support/capturing-logger.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import {
  json,
  type ReceivedRequest,
  sse,
  sseCut,
  StubUpstream,
  type StubReply,
  text,
} from '../support/stub-upstream.js';

/** Values that are nowhere else: where one turns up that should not, it has leaked. */
const STORED = 'canarystored-0123456789abcdefghijklmnop-tail';
const INLINE = 'canaryinline-0123456789abcdefghijklmnop-tail';
const UNKNOWN_TOKEN = `aig_${'Canary'.repeat(8).slice(0, 43)}`;
const LEAK = /canary(?:stored|inline)-0123456789|aig_Canary/;

let upstream: StubUpstream;
let receiver: OtlpReceiver;
let gateway: RunningGateway;
let token: string;
const logger = new CapturingLogger();
/** What a caller was told: heads and bodies. */
const answers: string[] = [];
/** What a provider was shown, each with the key that it was meant for. */
const shown: { readonly request: ReceivedRequest; readonly key: string }[] = [];
const records: string[] = [];

const PROVIDERS = [
  'openai',
  'anthropic',
  'google-ai-studio',
  'cohere',
  'azure-openai',
  'aws-bedrock',
  'workers-ai',
  'fal',
];

beforeAll(async () => {
  upstream = await StubUpstream.start();
  receiver = await OtlpReceiver.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(PROVIDERS.map((slug) => [slug, `${upstream.origin}/${slug}`])),
    ),
    EGRESS_ALLOW_PRIVATE: 'true',
    LOG_LEVEL: 'verbose',
  });
  Logger.overrideLogger(logger);
  await Promise.all(PROVIDERS.map((slug) => gateway.storeKey(slug, STORED)));
  await gateway.admin('PUT', '/ai-gateway/gateways/default', {
    cache_invalidate_on_update: false,
    cache_ttl: null,
    collect_logs: true,
    rate_limiting_interval: null,
    rate_limiting_limit: null,
    otel: [{ url: `${receiver.origin}/v1/traces`, headers: {} }],
  });
  const groups = (await gateway.admin('GET', '/tokens/permission_groups')) as { id: string; name: string }[];
  const made = (await gateway.admin('POST', '/tokens', {
    name: 'run',
    policies: [
      {
        effect: 'allow',
        permission_groups: groups.filter(({ name }) => name === 'AI Gateway Run').map(({ id }) => ({ id })),
        resources: { 'com.cloudflare.api.account.default': '*' },
      },
    ],
  })) as { value: string };
  token = made.value;
  gateway.app.get(CallRecorder).calls$.subscribe(({ responseBody, requestBody, ...record }) => {
    const bodies = [requestBody ?? Buffer.alloc(0), ...(responseBody ?? [])].map(String);
    records.push(`${inspect(record, { depth: 10 })} ${bodies.join(' ')}`);
  });
});

afterAll(async () => {
  await gateway.close();
  await receiver.close();
  await upstream.close();
});

const CHAT = { messages: [{ role: 'user', content: 'hi' }] };
type Headers = Readonly<Record<string, string>>;

/** Every way in. Each takes the credentials as headers: of the request, or of its step. */
const doors: Readonly<Record<string, (headers: Headers) => Promise<Response>>> = {
  'compat chat': (headers) => post('/compat/chat/completions', { model: 'openai/m', ...CHAT }, headers),
  'compat stream': (headers) =>
    post('/compat/chat/completions', { model: 'anthropic/m', stream: true, ...CHAT }, headers),
  'compat embeddings': (headers) => post('/compat/embeddings', { model: 'openai/m', input: 'hi' }, headers),
  'compat models': (headers) => ask('GET', '/compat/models', undefined, headers),
  'rest chat': (headers) => account('/v1/chat/completions', { model: 'openai/m', ...CHAT }, headers),
  'rest responses': (headers) => account('/v1/responses', { model: 'openai/m', input: 'hi' }, headers),
  'rest messages': (headers) => account('/v1/messages', { model: 'anthropic/m', stream: true, ...CHAT }, headers),
  'rest run': (headers) => account('/run/@cf/meta/m', { prompt: 'hi' }, headers),
  'compat responses': (headers) => post('/compat/responses', { model: 'openai/m', input: 'hi' }, headers),
  'native openai': (headers) => post('/openai/chat/completions', { model: 'm', ...CHAT }, headers),
  'native stream': (headers) => post('/anthropic/v1/messages', { model: 'm', stream: true }, headers),
  'native google': (headers) => post('/google-ai-studio/v1beta/models/m:generateContent?alt=sse', {}, headers),
  'native azure': (headers) => post('/azure-openai/r/d/chat/completions', {}, headers),
  'native bedrock': (headers) => post('/aws-bedrock/bedrock-runtime/us-east-1/model/m/invoke', {}, headers),
  'native upload': (headers) =>
    ask('POST', '/openai/files', Buffer.alloc(1000), { 'content-type': 'text/plain', ...headers }),
  'native fal': (headers) => post('/fal', {}, { ...headers, 'x-fal-target-url': 'https://queue.fal.run/x' }),
  universal: (headers) =>
    post(
      '',
      [step('openai', 'v1/chat/completions', headers), step('compat', 'chat/completions', headers)],
      ours(headers),
    ),
  'universal, of which no step can be tried': (headers) =>
    post('', [step('nobody', 'v1', headers), step('compat', 'images', headers)], ours(headers)),
};

const account = (path: string, body: unknown, headers: Headers): Promise<Response> =>
  send(`${gateway.origin}/client/v4/accounts/default/ai${path}`, 'POST', body, headers);

const step = (provider: string, endpoint: string, headers: Headers) => ({
  provider,
  endpoint,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'cf-aig-authorization')),
  query: { model: 'openai/m', ...CHAT },
});

const ours = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('cf-aig-')));

const post = (path: string, body: unknown, headers: Headers): Promise<Response> => ask('POST', path, body, headers);

const ask = (method: string, path: string, body: unknown, headers: Headers): Promise<Response> =>
  send(gateway.base + path, method, body, headers);

const send = (url: string, method: string, body: unknown, headers: Headers): Promise<Response> =>
  fetch(url, {
    method,
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });

/** What a provider may do with the key it was shown. */
const everything = ({ headers, path }: ReceivedRequest): string => JSON.stringify({ headers, path });
const failures: Readonly<Record<string, StubReply>> = {
  nothing: json(200, aCompletion()),
  'an error that repeats all it was sent': (response, request) =>
    json(
      401,
      { error: { message: everything(request), type: 'x', code: 'y' } },
      { 'x-echo': everything(request) },
    )(response, request),
  'a page that repeats it': (response, request) => text(500, `<html>${everything(request)}</html>`)(response, request),
  'an error in a stream that repeats it': (response, request) =>
    sse({ type: 'error', error: { message: everything(request) } })(response, request),
  'a stream that is cut': sseCut({ choices: [{ index: 0, delta: { role: 'assistant' } }] }),
  'a broken connection': (response) => void response.destroy(),
  'a redirect': (response) => void response.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
  rubbish: text(200, '{"choices":', 'application/json'),
};

/** Who calls, and which key a provider may be shown then. */
const callers = (): Readonly<Record<string, { readonly headers: Headers; readonly key: string }>> => ({
  'a token in its own header': { headers: { 'cf-aig-authorization': `Bearer ${token}` }, key: STORED },
  'a token as the API key': { headers: { authorization: `Bearer ${token}` }, key: STORED },
  'a token in every place': {
    headers: {
      'cf-aig-authorization': `Bearer ${token}`,
      authorization: `Bearer ${token}`,
      'x-api-key': token,
      'x-goog-api-key': token,
      'x-stray': token,
    },
    key: STORED,
  },
  'a key of one’s own': {
    headers: { 'cf-aig-authorization': `Bearer ${token}`, authorization: `Bearer ${INLINE}` },
    key: INLINE,
  },
  'a token that nobody knows': {
    headers: { 'cf-aig-authorization': `Bearer ${UNKNOWN_TOKEN}`, 'x-api-key': INLINE },
    key: INLINE,
  },
});

describe('secrets at the doors', () => {
  it('are told to nobody, whoever calls, whatever a provider does', async () => {
    for (const [failure, reply] of Object.entries(failures)) {
      for (const [caller, { headers, key }] of Object.entries(callers())) {
        upstream.replies(reply);
        for (const [door, open] of Object.entries(doors)) {
          const answer = await open(headers)
            .then(async (response) => `${inspect([...response.headers])} ${await response.text()}`)
            .catch((error: unknown) => inspect(error));
          answers.push(`${door}, ${caller}, ${failure}: ${answer}`);
        }
        shown.push(...upstream.received.map((request) => ({ request, key })));
        await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset');
      }
    }
    const leaks = (texts: readonly string[]): string[] =>
      texts.filter((line) => LEAK.test(line) || line.includes(token) || line.includes(ADMIN_TOKEN));

    // Enough has happened for this to say something.
    expect(answers).toHaveLength(
      Object.keys(failures).length * Object.keys(callers()).length * Object.keys(doors).length,
    );
    expect(shown.length).toBeGreaterThan(300);
    expect(leaks(answers)).toEqual([]);
    expect(leaks(logger.lines)).toEqual([]);
    expect(leaks(records)).toEqual([]);
  });

  it('go to a provider only as the one key that is meant for it, in a header', () => {
    const wrong = shown.filter(({ request, key }) => {
      const told = `${request.path} ${request.body.toString('latin1')}`;
      const headers = JSON.stringify(request.headers);
      const other = key === STORED ? INLINE : STORED;
      return (
        [told, headers].some(
          (part) => part.includes(token) || part.includes(ADMIN_TOKEN) || part.includes(other) || part.includes('aig_'),
        ) || LEAK.test(told)
      );
    });

    expect(wrong.map(({ request }) => everything(request))).toEqual([]);
    expect(shown.filter(({ request, key }) => JSON.stringify(request.headers).includes(key)).length).toBe(shown.length);
  });

  it('are in no metric, no trace, no row of the log and no sum', async () => {
    const metrics = await fetch(`${gateway.origin}/metrics`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    }).then((response) => response.text());
    await gateway.app.get(LogPipeline).flush();
    await gateway.app.get(CallRollups, { strict: false }).flush();
    const prisma = gateway.app.get(PrismaService, { strict: false });
    const rows = await prisma.$queryRawUnsafe(
      'SELECT * FROM request_logs l LEFT JOIN request_log_payloads p USING (id)',
    );
    const sums = await prisma.$queryRawUnsafe('SELECT * FROM analytics_rollups');
    const traces = inspect(await receiver.waitFor(300), { depth: 20, maxArrayLength: null, maxStringLength: null });

    expect(metrics).toContain('openai');
    expect(traces).toContain('gen_ai');
    const stored = [rows, sums].map((table) =>
      inspect(table, { depth: 10, maxArrayLength: null, maxStringLength: null }),
    );
    for (const table of stored) expect(table).toContain('openai');
    for (const told of [metrics, traces, ...stored])
      expect([LEAK.test(told), told.includes(token), told.includes(ADMIN_TOKEN)]).toEqual([false, false, false]);
  });
});
