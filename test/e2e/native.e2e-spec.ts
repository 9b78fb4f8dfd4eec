import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROVIDER_SLUGS } from '../../src/common/provider-slugs.js';
import { aCompletion } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, sse, sseCut, sseHang, type StubUpstream, text } from '../support/stub-upstream.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;
let records: StubbedGateway['records'];

const KEY = 'sk-stored-native-key-000000001';
const TOKEN = { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` };
const slugs = PROVIDER_SLUGS.filter((slug) => slug !== 'sandbox');

beforeAll(async () => {
  stubbed = await startStubbedGateway(slugs);
  ({ upstream, gateway, records } = stubbed);
  await Promise.all(slugs.filter((slug) => slug !== 'cohere').map((slug) => gateway.storeKey(slug, KEY)));
});

afterAll(() => stubbed.close());

beforeEach(async () => {
  await stubbed.forget();
  upstream.replies(json(200, aCompletion()));
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.base + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...TOKEN, 'content-type': 'application/json', ...headers },
  });

describe('a call of a provider’s own API', () => {
  it.each([
    ['/openai/chat/completions', '/openai/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/openai/v1/chat/completions?a=1', '/openai/v1/chat/completions?a=1', 'authorization', `Bearer ${KEY}`],
    ['/anthropic/v1/messages?beta=true', '/anthropic/v1/messages?beta=true', 'x-api-key', KEY],
    [
      '/google-ai-studio/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      '/google-ai-studio/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      'x-goog-api-key',
      KEY,
    ],
    ['/google/v1/models/m:generateContent', '/google-ai-studio/v1/models/m:generateContent', 'x-goog-api-key', KEY],
    [
      '/google-vertex-ai/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent',
      '/google-vertex-ai/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent',
      'authorization',
      `Bearer ${KEY}`,
    ],
    [
      '/azure-openai/my-resource/my-deployment/chat/completions?api-version=2024-10-21',
      '/azure-openai/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21',
      'api-key',
      KEY,
    ],
    ['/azure-openai/res/openai/v1/responses', '/azure-openai/openai/v1/responses', 'api-key', KEY],
    [
      '/aws-bedrock/bedrock-runtime/us-west-2/model/us.anthropic.claude-v1%3A0/invoke',
      '/aws-bedrock/model/us.anthropic.claude-v1%3A0/invoke',
      'authorization',
      `Bearer ${KEY}`,
    ],
    [
      '/aws-bedrock/bedrock-mantle/us-west-2/anthropic/v1/messages',
      '/aws-bedrock/anthropic/v1/messages',
      'x-api-key',
      KEY,
    ],
    [
      '/workers-ai/@cf/meta/llama',
      '/workers-ai/client/v4/accounts/default/ai/run/@cf/meta/llama',
      'authorization',
      `Bearer ${KEY}`,
    ],
    [
      '/workers-ai/run/@cf/a/b',
      '/workers-ai/client/v4/accounts/default/ai/run/@cf/a/b',
      'authorization',
      `Bearer ${KEY}`,
    ],
    [
      '/workers-ai/v1/embeddings',
      '/workers-ai/client/v4/accounts/default/ai/v1/embeddings',
      'authorization',
      `Bearer ${KEY}`,
    ],
    ['/groq/chat/completions', '/groq/openai/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/mistral/v1/chat/completions', '/mistral/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/perplexity-ai/chat/completions', '/perplexity-ai/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/grok/v1/chat/completions', '/grok/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/xai/chat/completions', '/grok/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/deepseek/chat/completions', '/deepseek/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/cerebras/chat/completions', '/cerebras/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/cerebras/v1/chat/completions', '/cerebras/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/baseten/v1/chat/completions', '/baseten/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/baseten/model/abc123', '/baseten/environments/production/predict', 'authorization', `Bearer ${KEY}`],
    ['/parallel/v1/tasks/runs', '/parallel/v1/tasks/runs', 'x-api-key', KEY],
    ['/openrouter/v1/chat/completions', '/openrouter/api/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/huggingface/org/model', '/huggingface/hf-inference/models/org/model', 'authorization', `Bearer ${KEY}`],
    ['/huggingface/v1/chat/completions', '/huggingface/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
    ['/replicate/predictions', '/replicate/v1/predictions', 'authorization', `Bearer ${KEY}`],
    ['/replicate/v1/models/a/b/predictions', '/replicate/v1/models/a/b/predictions', 'authorization', `Bearer ${KEY}`],
    ['/fal/fal-ai/flux/dev', '/fal/fal-ai/flux/dev', 'authorization', `Key ${KEY}`],
    ['/ideogram/generate', '/ideogram/generate', 'api-key', KEY],
    ['/cartesia/tts/bytes', '/cartesia/tts/bytes', 'x-api-key', KEY],
    ['/deepgram/v1/listen?model=nova-3', '/deepgram/v1/listen?model=nova-3', 'authorization', `Token ${KEY}`],
    ['/elevenlabs/v1/text-to-speech/v', '/elevenlabs/v1/text-to-speech/v', 'xi-api-key', KEY],
    ['/fireworks/chat/completions', '/fireworks/inference/v1/chat/completions', 'authorization', `Bearer ${KEY}`],
  ])('%s goes to %s, with the stored key in %s', async (path, goesTo, header, shown) => {
    const response = await post(path, { messages: [] });

    expect(response.status).toBe(200);
    expect(upstream.last.path).toBe(goesTo);
    expect(upstream.last.headers[header]).toBe(shown);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('brings the provider’s own bytes back, byte for byte, with what they used on the side', async () => {
    const body =
      '{ "id" : "x",\n"choices":[{"index":0,"finish_reason":"stop"}], "model":"gpt-5", "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7} }\n';
    upstream.replies(text(200, body, 'application/json; charset=utf-8'));

    const response = await post('/openai/chat/completions', { model: 'gpt-5', messages: [] });

    expect(await response.text()).toBe(body);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cf-aig-model')).toBe('gpt-5');
    expect(records).toMatchObject([
      {
        provider: 'openai',
        model: 'gpt-5',
        status: 200,
        outcome: 'completed',
        finishReason: 'stop',
        usage: { prompt_tokens: 3, completion_tokens: 4 },
      },
    ]);
  });
});

const OWN = 'sk-own-native-key-0000000000002';
const own = (headers: Record<string, string>, path = '/openai/chat/completions'): Promise<Response> =>
  post(path, { model: 'm' }, headers);

describe('credentials', () => {
  it.each([
    ['authorization', `Bearer ${OWN}`, '/openai/chat/completions'],
    ['x-api-key', OWN, '/anthropic/v1/messages'],
    ['authorization', `Bearer ${OWN}`, '/anthropic/v1/messages'],
    ['x-goog-api-key', OWN, '/google-ai-studio/v1beta/models/m:generateContent'],
    ['api-key', OWN, '/azure-openai/r/d/chat/completions'],
    ['xi-api-key', OWN, '/elevenlabs/v1/voices'],
    ['authorization', `Token ${OWN}`, '/deepgram/v1/listen'],
    ['authorization', `Key ${OWN}`, '/fal/fal-ai/flux'],
  ])('of the caller’s own travel as they were sent: %s: %s to %s', async (name, value, path) => {
    await own({ [name]: value }, path);

    expect(upstream.last.headers[name]).toBe(value);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(KEY);
  });

  it.each([
    ['the token as the API key', { 'cf-aig-authorization': '', authorization: `Bearer ${ADMIN_TOKEN}` }],
    ['the token as Deepgram’s SDK sends it', { 'cf-aig-authorization': '', authorization: `Token ${ADMIN_TOKEN}` }],
    ['the token in both places', { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-api-key': ADMIN_TOKEN }],
    ['a placeholder', { authorization: 'Bearer unused' }],
  ])('are the stored key’s where the caller sends %s', async (_name, headers) => {
    await own(headers);

    expect(upstream.last.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it.each([
    ['a key of the caller’s own stays where it is', `?alt=sse&key=${OWN}`, `?alt=sse&key=${OWN}`, undefined],
    ['the gateway token is taken out', `?key=${ADMIN_TOKEN}&alt=sse`, '?alt=sse', KEY],
  ])('in Google’s query: %s', async (_name, query, sent, shown) => {
    await fetch(`${gateway.base}/google-ai-studio/v1beta/models/m:generateContent${query}`, {
      method: 'POST',
      body: '{}',
      headers: { ...(shown === undefined ? TOKEN : {}), 'content-type': 'application/json' },
    });

    expect(upstream.last.path).toBe(`/google-ai-studio/v1beta/models/m:generateContent${sent}`);
    expect(upstream.last.headers['x-goog-api-key']).toBe(shown);
  });

  it('are named in the refusal where there are none', async () => {
    const response = await own({}, '/cohere/v2/chat');

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ success: false, error: [{ code: 2901 }], internalCode: 2901 });
  });

  it('with a version that the caller says, or the oldest there is', async () => {
    await own({ 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a,b' }, '/anthropic/v1/messages');
    const said = upstream.last.headers;
    await own({}, '/anthropic/v1/messages');

    expect(said).toMatchObject({ 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a,b' });
    expect(upstream.last.headers['anthropic-version']).toBe('2023-06-01');
  });

  it('are not what another provider’s query happens to call a key', async () => {
    await fetch(`${gateway.base}/openai/files?key=purpose`, { headers: TOKEN });

    expect(upstream.last.path).toBe('/openai/v1/files?key=purpose');
    expect(upstream.last.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('are never shown to a place that the caller chooses', async () => {
    await gateway.storeKey('azure-openai', 'azure-key-of-one-resource-01', 'one', { settings: { resource: 'mine' } });
    const outcomes = await Promise.all([
      own({ 'cf-aig-byok-alias': 'one' }, '/azure-openai/theirs/d/chat/completions'),
      own({}, '/azure-openai/evil.example%2F/d/chat/completions'),
      own({}, '/aws-bedrock/bedrock-runtime/evil.example%23/model/m/invoke'),
      own({}, '/google-vertex-ai/v1/projects/p/locations/evil.example%23/publishers/google/models/m:x'),
      own({}, '/baseten/model/evil.example%23'),
      own({ 'x-fal-target-url': 'https://fal.run.evil.example/x' }, '/fal'),
      own({ 'x-fal-target-url': 'http://fal.run/x' }, '/fal'),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 400));
    expect(upstream.received).toEqual([]);
  });
});

/** A request that no client would write. */
function raw(lines: readonly string[], body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.origin);
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
      // A refusal leaves the connection open.
      if (answer.endsWith('}')) socket.destroy();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

const head = (method: string, path: string): string[] => [
  `${method} /v1/default/default${path} HTTP/1.1`,
  'host: gateway.test',
  'connection: close',
  `cf-aig-authorization: Bearer ${ADMIN_TOKEN}`,
];

describe('what travels', () => {
  it('is not what belongs to this hop, to us, or to whoever stands before us', async () => {
    await own({
      'cf-aig-metadata': '{"a":1}',
      'cf-aig-cache-key': 'x',
      'cf-connecting-ip': '1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-real-ip': '1.2.3.4',
      forwarded: 'for=1.2.3.4',
      via: '1.1 proxy',
      cookie: 'session=1',
      'accept-encoding': 'gzip, br',
      'x-note': ADMIN_TOKEN.replace(/^.*$/, `aig_${'n'.repeat(43)}`),
      'x-mine': 'stays',
      'x-stainless-lang': 'js',
    });
    const { headers } = upstream.last;

    expect(headers).toMatchObject({ 'x-mine': 'stays', 'x-stainless-lang': 'js', 'content-type': 'application/json' });
    expect(
      Object.keys(headers).filter((name) =>
        /^(?:cf-|x-forwarded|x-real|forwarded|via|cookie|x-note|accept-enc)/.test(name),
      ),
    ).toEqual([]);
  });

  it('is not what the caller’s connection names as its own', async () => {
    const answer = await raw([...head('GET', '/openai/models'), 'connection: x-hop', 'x-hop: 1', 'te: trailers']);

    expect(answer).toContain('HTTP/1.1 200');
    expect([upstream.last.headers['x-hop'], upstream.last.headers['te']]).toEqual([undefined, undefined]);
  });

  it.each([
    ['two lengths', ['content-length: 4', 'content-length: 5']],
    ['a length and chunks', ['content-length: 4', 'transfer-encoding: chunked']],
    ['an encoding that hides the end', ['transfer-encoding: xchunked']],
    ['a folded header', ['x-a: 1', ' transfer-encoding: chunked']],
  ])('is no body of %s', async (_name, lines) => {
    const answer = await raw([...head('POST', '/openai/files'), 'content-type: text/plain', ...lines], '0\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.received).toEqual([]);
  });

  it.each([
    '/openai/../../../client/v4',
    '/openai/v1/%2e%2E/secret',
    '/workers-ai/run/..%2F..%2Ftokens',
    '/workers-ai/@cf/x/..',
  ])('is no path that leaves its place: %s', async (path) => {
    const answer = await raw(head('GET', path));

    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(upstream.received).toEqual([]);
  });

  it('is every method, and the query as it was written', async () => {
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'PATCH']) {
      const response = await fetch(`${gateway.base}/openai/files/a%2Fb?limit=2&after=x%20y&after=&z`, {
        method,
        headers: TOKEN,
      });

      expect(response.status).toBe(200);
      expect([upstream.last.method, upstream.last.path]).toEqual([
        method,
        '/openai/v1/files/a%2Fb?limit=2&after=x%20y&after=&z',
      ]);
      expect(upstream.last.body).toHaveLength(0);
    }
  });

  it('is a form with files, byte for byte, its length as it was', async () => {
    const form = new FormData();
    form.set('model', 'whisper-1');
    form.set('file', new Blob([Buffer.from([0, 255, 13, 10, 45, 45])]), 'a.wav');
    const encoded = new Request('http://x/', { method: 'POST', body: form });
    const type = encoded.headers.get('content-type') ?? '';
    const body = Buffer.from(await encoded.arrayBuffer());

    await fetch(`${gateway.base}/openai/audio/transcriptions`, {
      method: 'POST',
      body,
      headers: { ...TOKEN, 'content-type': type },
    });

    expect(upstream.last.body.equals(body)).toBe(true);
    expect(upstream.last.headers).toMatchObject({ 'content-type': type, 'content-length': String(body.length) });
  });

  it('ends at the provider as well when the caller leaves in the middle of it, and is no fault of the provider’s', async () => {
    const { hostname, port } = new URL(gateway.origin);
    const socket = connect(Number(port), hostname);
    const lines = [...head('POST', '/openai/files'), 'content-type: text/plain', 'content-length: 100000'];
    socket.write(`${lines.join('\r\n')}\r\n\r\n${'x'.repeat(50_000)}`);
    await eventually(() => upstream.begun === 1);

    socket.destroy();

    await eventually(() => upstream.brokenRequests === 1 && records.length === 1);
    expect(records).toMatchObject([{ outcome: 'aborted', status: 499 }]);
  });

  it('is tried once where it cannot be sent again, and as often as is asked where it can', async () => {
    const headers = { 'cf-aig-max-attempts': '3', 'cf-aig-retry-delay': '0' };
    upstream.replies(json(503, { error: { message: 'busy' } }));
    const collected = await own(headers);
    const tries = upstream.received.length;
    upstream.replies(json(503, { error: { message: 'busy' } }));
    const sentOn = await fetch(`${gateway.base}/openai/files`, {
      method: 'POST',
      body: 'x',
      headers: { ...TOKEN, ...headers, 'content-type': 'text/plain' },
    });

    expect([collected.status, tries, sentOn.status, upstream.received.length]).toEqual([503, 3, 503, 1]);
  });
});

describe('what comes back', () => {
  it('is the provider’s status, headers and bytes, without what is its site’s', async () => {
    upstream.replies((response) => {
      response.writeHead(201, {
        'content-type': 'audio/mpeg',
        'content-encoding': 'identity',
        'x-ratelimit-remaining-requests': '9',
        'request-id': 'req_1',
        'x-request-id': 'theirs',
        'set-cookie': ['__cf_bm=1', 'b=2'],
        'strict-transport-security': 'max-age=1',
        'access-control-allow-origin': 'https://vendor.example',
        'cf-aig-step': '9',
        'cf-ray': '1',
        link: ['<a>', '<b>'],
      });
      response.end(Buffer.from([0, 1, 2, 255]));
    });

    const response = await own({});
    const headers = Object.fromEntries(response.headers);

    expect(response.status).toBe(201);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 1, 2, 255]));
    expect(headers).toMatchObject({
      'content-type': 'audio/mpeg',
      'x-ratelimit-remaining-requests': '9',
      'request-id': 'req_1',
      'cf-aig-upstream-request-id': 'theirs',
      'cf-aig-step': '0',
      'cf-aig-provider': 'openai',
      'cf-aig-attempts': expect.stringContaining('openai/m;key=default;ok;201'),
      link: '<a>, <b>',
    });
    for (const name of ['set-cookie', 'strict-transport-security', 'cf-ray', 'access-control-allow-origin'])
      expect(headers).not.toHaveProperty(name);
  });

  it('is a compressed answer as it is, its usage read all the same', async () => {
    const body = gzipSync(JSON.stringify({ model: 'm', usage: { input_tokens: 3, output_tokens: 4 } }));
    upstream.replies((response) => {
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'content-length': body.length,
        })
        .end(body);
    });

    const response = await own({}, '/anthropic/v1/messages');

    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toMatchObject({ model: 'm' });
    expect(records[0]?.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 });
  });

  it.each([400, 401, 403, 404, 422, 429, 500, 529])('is the provider’s own error %i, byte for byte', async (status) => {
    const body = '{ "type":"error",\n "error":{"type":"some_error","message":"No."} }';
    upstream.replies(text(status, body, 'application/json'));

    const response = await own({}, '/anthropic/v1/messages');

    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('cf-aig-attempts')).toContain(`;${status};`);
    expect(records).toMatchObject([{ status, outcome: 'failed', provider: 'anthropic' }]);
  });

  it('is an error without the key that it repeats', async () => {
    upstream.replies(json(401, { error: { message: `Incorrect key ${KEY}` } }, { 'x-echo': KEY, 'x-other': 'kept' }));

    const response = await own({});

    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: { message: 'Incorrect key [redacted]' } });
    expect([response.headers.get('x-echo'), response.headers.get('x-other')]).toEqual([null, 'kept']);
  });

  it('is a redirect that nobody follows: clients would take the gateway token along', async () => {
    upstream.replies((response) => {
      response.writeHead(302, { location: 'https://elsewhere.example/file' }).end('moved');
    });

    const response = await fetch(`${gateway.base}/openai/files/1/content`, { headers: TOKEN });

    expect(response.status).toBe(302);
    expect([response.headers.get('location'), response.headers.get('cf-aig-upstream-location')]).toEqual([
      null,
      'https://elsewhere.example/file',
    ]);
  });

  it('is a stream as it came, no [DONE] added', async () => {
    const stream =
      ': hi\r\n\r\ndata: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\r\n\r\ndata: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3,"totalTokenCount":5}}\r\n\r\n';
    upstream.replies(text(200, stream, 'text/event-stream'));

    const response = await own({}, '/google-ai-studio/v1beta/models/g:streamGenerateContent?alt=sse');

    expect(await response.text()).toBe(stream);
    expect(records).toMatchObject([
      { streamed: true, model: 'g', outcome: 'completed', usage: { prompt_tokens: 2, completion_tokens: 3 } },
    ]);
  });

  it('is what has come of a stream that breaks off, and then a connection that breaks too', async () => {
    upstream.replies(sseCut({ choices: [{ index: 0, delta: { content: 'half' } }] }));

    const response = await own({});

    await expect(response.text()).rejects.toThrow('terminated');
    expect(records).toMatchObject([{ outcome: 'truncated' }]);
  });

  it('looks broken where a stream ends without its end', async () => {
    upstream.replies(sse({ choices: [{ index: 0, delta: { content: 'half' } }] }));

    await expect(own({}).then((response) => response.text())).rejects.toThrow(/terminated|fetch failed/);
    expect(records).toMatchObject([{ outcome: 'truncated' }]);
  });

  it('is an error in a stream in the provider’s own words, be it the first event or a later one', async () => {
    const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
    const begun = 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"a"}}\n\n';
    upstream.replies(text(200, error, 'text/event-stream'), text(200, begun + error, 'text/event-stream'));

    const first = await own({}, '/anthropic/v1/messages');
    const later = await own({}, '/anthropic/v1/messages');

    expect([first.status, await first.text()]).toEqual([200, error]);
    expect([later.status, await later.text()]).toEqual([200, begun + error]);
    expect(records).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
  });

  it('is nothing after the caller has left: the provider’s connection is closed', async () => {
    upstream.replies(sseHang({ choices: [{ index: 0, delta: { content: 'a' } }] }));
    const controller = new AbortController();
    const response = await fetch(`${gateway.base}/openai/chat/completions`, {
      method: 'POST',
      body: '{"stream":true}',
      headers: { ...TOKEN, 'content-type': 'application/json' },
      signal: controller.signal,
    });
    await response.body?.getReader().read();

    controller.abort();

    await upstream.last.closed;
    expect(upstream.openAnswers).toBe(0);
  });
});

describe('what is refused', () => {
  it('is an unknown provider, in the gateway’s envelope', async () => {
    const response = await own({}, '/nobody/v1/x');

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      success: false,
      result: [],
      error: [{ code: 2008 }],
      internalCode: 2008,
    });
  });

  it('is what is not on compat, in the words of OpenAI’s clients', async () => {
    const response = await own({}, '/compat/nothing');

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' }, internalCode: 2906 });
  });

  it.each(['/openai?model=gpt-realtime', ''])('is a WebSocket at "%s", in so many words', async (path) => {
    const answer = await raw([
      `GET /v1/default/default${path} HTTP/1.1`,
      'host: gateway.test',
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      `cf-aig-authorization: Bearer ${ADMIN_TOKEN}`,
    ]);

    expect(answer).toMatch(/^HTTP\/1\.1 501 /);
    expect(answer).toContain('WebSockets');
    expect(upstream.received).toEqual([]);
  });
});
