import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
    MAX_BODY_BYTES: String(MAX_BODY_BYTES),
    MAX_HEADER_BYTES: '16384',
    REQUEST_BODY_TIMEOUT_MS: '2500',
  });
  await gateway.storeKey('openai', 'sk-stored-openai-key');
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const CALL = '/v1/default/default/compat/chat/completions';

const post = (body: string | Buffer, path = CALL, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
    body,
  });

/** Writes raw bytes to the gateway and collects the answer until it closes, or until `enough` is in it. */
const raw = (parts: readonly string[], enough?: RegExp, pauseMs = 0): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.origin);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      if (enough?.test(answer) === true) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
    void (async () => {
      for (const part of parts) {
        if (socket.destroyed) return;
        socket.write(part);
        await new Promise((next) => setTimeout(next, pauseMs));
      }
    })();
  });

describe('bodies', () => {
  const { messages } = hello;

  it.each([
    ['broken JSON', '{"model": "openai/gpt-4o", ', 400, 2902, null, /JSON/],
    ['an empty body', '', 400, 2902, null, /empty/],
    ['an array', '[]', 400, 2902, null, /object/],
    ['a number', '1', 400, 2902, null, /object/],
    ['null', 'null', 400, 2902, null, /object/],
    ['no model', JSON.stringify({ messages }), 400, 2902, 'model', /model/],
    ['an empty model', JSON.stringify({ model: '', messages }), 400, 2902, 'model', /model/],
    ['a model that is a number', JSON.stringify({ model: 4, messages }), 400, 2902, 'model', /model/],
    ['no messages', JSON.stringify({ model: 'openai/gpt-4o' }), 400, 2902, 'messages', /messages/],
    ['empty messages', JSON.stringify({ model: 'openai/gpt-4o', messages: [] }), 400, 2902, 'messages', /messages/],
    [
      'a message without a role',
      JSON.stringify({ model: 'openai/gpt-4o', messages: [{ content: 'x' }] }),
      400,
      2902,
      'messages[0].role',
      /role/,
    ],
    [
      'content that is a number',
      JSON.stringify({ model: 'openai/gpt-4o', messages: [{ role: 'user', content: 1 }] }),
      400,
      2902,
      'messages[0].content',
      /content/,
    ],
    [
      'stream that is a string',
      JSON.stringify({ model: 'openai/gpt-4o', messages, stream: 'yes' }),
      400,
      2902,
      'stream',
      /stream/,
    ],
    ['an unknown provider', JSON.stringify({ model: 'nope/m', messages }), 400, 2008, 'model', /nope.*openai.*sandbox/],
    ['a model without a provider', JSON.stringify({ model: 'gpt-4o', messages }), 400, 2008, 'model', /prefix.*openai/],
  ])('refuses %s', async (_name, body, status, internalCode, param, message) => {
    const response = await post(body);
    const answer = (await response.json()) as {
      error: { message: string; param: string | null; type: string };
      internalCode: number;
    };

    expect(response.status).toBe(status);
    expect(answer.internalCode).toBe(internalCode);
    expect(answer.error.param).toBe(param);
    expect(answer.error.message).toMatch(message);
    expect(answer.error.type).toBe('invalid_request_error');
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9A-Z]{26}$/);
  });

  it('never quotes the body in its complaint about broken JSON', async () => {
    const answer = await (await post('{"secret": sk-very-private')).text();

    expect(answer).not.toContain('sk-very-private');
  });

  it.each([
    ['with its length announced', false],
    ['chunked', true],
  ])('refuses a body over the limit with 413, %s', async (_name, chunked) => {
    const over = 'x'.repeat(1024 * 1024);
    const head = `POST ${CALL} HTTP/1.1\r\nhost: x\r\ncf-aig-authorization: Bearer ${ADMIN_TOKEN}\r\ncontent-type: application/json\r\n`;
    const answer = chunked
      ? await raw(
          [`${head}transfer-encoding: chunked\r\n\r\n`, ...Array.from({ length: 18 }, () => `100000\r\n${over}\r\n`)],
          /\}$/,
        )
      : await raw([`${head}content-length: ${MAX_BODY_BYTES + 1}\r\n\r\n`, over], /\}$/);

    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toContain('request_too_large');
  });

  it('refuses a compressed body with 415', async () => {
    const response = await post('{}', CALL, { 'content-encoding': 'gzip' });

    expect(response.status).toBe(415);
  });

  it('refuses what is nested too deeply to be read', async () => {
    const depth = 200_000;
    const response = await post(
      `{"model":"sandbox/echo","messages":[{"role":"user","content":"x"}],"metadata":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    );

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('nested too deeply') } });
  });

  it('refuses a body of more members than any API has', async () => {
    const members = Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join(',');
    const response = await post(`{"model":"openai/gpt-4o","messages":${JSON.stringify(messages)},${members}}`);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('1000 members') } });
  });

  it('carries a 10 MB image through, byte for byte', async () => {
    upstream.replies(json(200, aCompletion('A cat.')));
    const image = Buffer.alloc(7_500_000, 'cat').toString('base64');
    const body = JSON.stringify({
      model: 'openai/gpt-4o',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
          ],
        },
      ],
    });

    const response = await post(body);

    expect(response.status).toBe(200);
    expect(upstream.last.body.equals(Buffer.from(body.replace('openai/gpt-4o', 'gpt-4o')))).toBe(true);
  });

  it('survives JSON that is nested very deeply', async () => {
    upstream.replies(json(200, aCompletion()));
    const deep = 100_000;
    const body = `{"model":"openai/gpt-4o","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(deep)}${']'.repeat(deep)}}`;

    const response = await post(body);

    expect([200, 400]).toContain(response.status);
    expect((await fetch(`${gateway.origin}/healthz`)).status).toBe(200);
  });
});

describe('addresses', () => {
  it.each([
    ['an unknown gateway', '/v1/default/nope/compat/chat/completions', 400, 2001],
    ['an unknown account', '/v1/nobody/default/compat/chat/completions', 400, 2001],
    ['a path that is none', '/v1/default/default/compat/nonsense', 404, 2906],
    ['a gateway id with a line break', '/v1/default/a%0d%0ab/compat/chat/completions', 400, 2001],
    ['a gateway id with NUL', '/v1/default/a%00b/compat/chat/completions', 400, 2001],
  ])('refuses %s', async (_name, path, status, internalCode) => {
    const response = await post('{}', path);

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ success: false, internalCode });
  });

  it('answers a malformed URL with 400', async () => {
    expect(await raw([`POST /v1/%zz/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`], /\}$/)).toMatch(
      /^HTTP\/1.1 400/,
    );
  });
});

describe('connections', () => {
  const good = JSON.stringify({ model: 'openai/gpt-4o', ...hello });
  const head = (length: number, extra = '') =>
    `POST ${CALL} HTTP/1.1\r\nhost: x\r\ncf-aig-authorization: Bearer ${ADMIN_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${extra}\r\n`;

  it('refuses headers that are too large with 431 and JSON', async () => {
    const answer = await raw([head(0, `x-bomb: ${'a'.repeat(20_000)}\r\n`)]);

    expect(answer).toMatch(/^HTTP\/1.1 431/);
    expect(answer).toContain('"name":"AiGatewayError"');
  });

  it('refuses bytes that are no HTTP with 400', async () => {
    expect(await raw(['NONSENSE\r\n\r\n'])).toMatch(/^HTTP\/1.1 400/);
  });

  it('refuses a request that says two lengths', async () => {
    expect(await raw([head(5, 'transfer-encoding: chunked\r\n') + '0\r\n\r\n'])).toMatch(/^HTTP\/1.1 400/);
  });

  it('gives up on a body that comes too slowly', async () => {
    const began = Date.now();

    const answer = await raw([head(1000), ...Array.from({ length: 120 }, () => ' ')], undefined, 200);

    expect(answer).toMatch(/^HTTP\/1.1 408/);
    expect(Date.now() - began).toBeLessThan(20_000); // before its pieces were all sent
  });

  it('answers pipelined requests in order', async () => {
    upstream.replies(json(200, aCompletion('one')), json(200, aCompletion('two')), json(200, aCompletion('three')));
    const request = head(Buffer.byteLength(good)) + good;

    const answer = await raw([request + request + request], /three/);

    expect(answer.match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(answer.indexOf('one')).toBeLessThan(answer.indexOf('two'));
  });

  it('lets a caller go on using a connection after a refusal', async () => {
    upstream.replies(json(200, aCompletion('after all')));

    const answer = await raw([head(2) + '{}' + head(Buffer.byteLength(good)) + good], /after all/);

    expect(answer.match(/HTTP\/1.1 (\d+)/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  it('does not read the body of a caller it does not let in', async () => {
    const answer = await raw(
      [
        `POST ${CALL} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${MAX_BODY_BYTES}\r\n\r\n`,
      ],
      /\}$/,
    );

    expect(answer).toMatch(/^HTTP\/1.1 401/);
  });
});
