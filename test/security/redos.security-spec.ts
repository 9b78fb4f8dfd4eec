import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChildGateway } from '../support/child-gateway.js';
import { hello } from '../support/builders.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { json, StubUpstream, text as page } from '../support/stub-upstream.js';

/** What ought to take milliseconds has this long, since the machine may have others to serve; what is not linear takes hours. */
const LIMIT_MS = 60_000;
const MANY = 300_000;
const repeated = (text: string, count = MANY): string => text.repeat(Math.ceil(count / text.length));

/** Texts on which a search that goes back takes the square, or the power, of their length. */
const EVIL: Readonly<Record<string, string>> = {
  'one letter': `${repeated('a')}!`,
  'white space': repeated(' '),
  'white space and a letter': `${repeated(' ')}x`,
  'line breaks': repeated('\n'),
  backslashes: repeated('\\'),
  quotes: repeated('"'),
  'opening tags': repeated('<script'),
  'opening brackets': repeated('<'),
  braces: repeated('} '),
  'endings of names': `${repeated('.a?')}\n`,
  'words of errors': repeated('exceeds the maximum model identifier context '),
  'beginnings of keys': repeated('eyJ-sk-bearer '),
  stars: repeated('*a'),
  'names of models': repeated('nova-gemini-2-claude-gpt-5'),
  'members of usage': repeated('"usage": "finish_reason": '),
};

/** The product’s own patterns run over what strangers send. It runs in another process: one that hangs would hang the test. */
describe('ReDoS', () => {
  let upstream: StubUpstream;
  let gateway: ChildGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    const providers = ['openai', 'anthropic', 'google-ai-studio', 'cohere', 'mistral', 'workers-ai', 'perplexity-ai'];
    gateway = await ChildGateway.start({
      PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(providers.map((slug) => [slug, upstream.origin]))),
    });
    const elements = [
      { id: 'start', type: 'start', outputs: { next: { elementId: 'c0' } } },
      ...PATTERNS.map(($regex, index) => ({
        id: `c${index}`,
        type: 'conditional',
        properties: { conditions: { 'body.messages.content': { $regex } } },
        outputs: {
          true: { elementId: 'm' },
          false: { elementId: index + 1 < PATTERNS.length ? `c${index + 1}` : 'm' },
        },
      })),
      {
        id: 'm',
        type: 'model',
        properties: { provider: 'sandbox', model: 'echo' },
        outputs: { success: { elementId: 'end' } },
      },
      { id: 'end', type: 'end', outputs: {} },
    ];
    const made = await control('POST', '/gateways/default/routes', { name: 'evil', elements });
    if (made.status !== 200) throw new Error(made.text);
  }, 120_000);
  afterAll(async () => {
    await gateway.kill();
    await upstream.close();
  });

  /** Patterns that hold up a matcher that goes back. */
  const PATTERNS = ['^(a+)+$', '^(a|aa)+$', '(.*)(.*)(.*)(.*)x$', '([a-z ]+)*!y', '(x?){40}x{40}z'];

  const send = async (url: string, method: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const control = (method: string, path: string, body?: unknown) =>
    send(`${gateway.origin}/client/v4/accounts/default/ai-gateway${path}`, method, body);
  const post = (path: string, body: unknown) =>
    send(`${gateway.origin}/v1/default/default${path}`, 'POST', body, {
      'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
      authorization: 'Bearer sk-inline-0123456789',
      'cf-aig-max-attempts': '1',
    });

  it.each(Object.entries(EVIL))(
    'has no hold on what a caller says: %s',
    async (_name, evil) => {
      upstream.replies(json(400, { error: { message: 'no' } }));
      const short = evil.slice(0, 2_000);
      const media = (url: string) => [
        { type: 'image_url', image_url: { url } },
        { type: 'file', file: { filename: url, file_data: url } },
      ];
      const requests: readonly (readonly [string, unknown])[] = [
        ['/compat/chat/completions', { model: 'dynamic/evil', messages: [{ role: 'user', content: evil }] }],
        [
          '/compat/chat/completions',
          { model: 'dynamic/evil', messages: Array.from({ length: 300 }, () => ({ role: 'user', content: short })) },
        ],
        ['/compat/chat/completions', { model: 'sandbox/echo', messages: [{ role: 'user', content: evil }] }],
        ['/compat/chat/completions', { model: evil, ...hello }],
        ['/compat/chat/completions', { model: `openai/${short}`, ...hello }],
        ['/compat/embeddings', { model: `workers-ai/${short}`, input: 'x' }],
        [
          '/compat/chat/completions',
          { model: 'google-ai-studio/gemini-2.5-pro', messages: [{ role: 'user', content: media(`https://${evil}`) }] },
        ],
        [
          '/compat/chat/completions',
          { model: 'anthropic/m', messages: [{ role: 'user', content: media(`data:${evil}`) }] },
        ],
        [
          '/compat/chat/completions',
          {
            model: 'anthropic/m',
            ...hello,
            user: evil,
            reasoning_effort: short,
            tools: [{ type: 'function', function: { name: evil } }],
          },
        ],
        ['/openai/chat/completions', { model: evil }],
        ['', [{ provider: 'openai', endpoint: evil, query: { model: evil } }]],
      ];
      for (const [path, body] of requests) expect([path, (await post(path, body)).status < 500]).toEqual([path, true]);
    },
    600_000,
  );

  it.each(Object.entries(EVIL))(
    'has no hold on what a provider says: %s',
    async (_name, evil) => {
      const models = [
        'openai/m',
        'anthropic/m',
        'google-ai-studio/m',
        'cohere/m',
        'mistral/m',
        'workers-ai/@cf/a/b',
        'perplexity-ai/sonar',
      ];
      const replies = [
        page(500, evil),
        json(400, { error: { message: evil, type: evil, code: evil }, message: evil, errors: [{ message: evil }] }),
        page(200, evil, 'application/json'),
        page(200, `data: ${evil}\n\n`, 'text/event-stream'),
        json(200, {
          choices: [{ message: { role: 'assistant', content: evil }, finish_reason: evil }],
          content: [{ type: 'text', text: evil }],
        }),
      ];
      for (const reply of replies) {
        for (const model of models) {
          upstream.replies(reply);
          const answer = await post('/compat/chat/completions', { model, ...hello, stream: reply === replies[3] });
          expect(answer.status).toBeGreaterThanOrEqual(200);
        }
        await control('POST', '/gateways/default/health/reset');
      }
      expect((await control('GET', '/gateways')).status).toBe(200);
    },
    600_000,
  );

  it.each(Object.entries(EVIL))(
    'has no hold on what an administrator looks for: %s',
    async (_name, evil) => {
      const short = encodeURIComponent(evil.slice(0, 250));
      const filters = encodeURIComponent(
        JSON.stringify([{ key: 'model', operator: 'contains', value: [evil.slice(0, 1_000)] }]),
      );
      const paths = [
        `/gateways?search=${short}`,
        `/gateways/default/logs?search=${short}`,
        `/gateways/default/logs?filters=${filters}`,
        `/custom-providers?search=${short}`,
      ];
      for (const path of paths) expect([200, 400]).toContain((await control('GET', path)).status);
    },
    600_000,
  );

  it('takes no pattern of a stranger’s but RE2’s, which never goes back', () => {
    const src = fileURLToPath(new URL('../../src/', import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.startsWith('generated'),
    );
    const making = files.filter((path) =>
      /new RegExp\(|\bRegExp\(|RE2JS\.compile\(/.test(readFileSync(src + path, 'utf8')),
    );

    // Of constants, of a key that is escaped, of a metric’s name, and the one place for patterns of routes.
    expect(making.toSorted()).toEqual([
      'common/token-shape.ts',
      'dynamic-routes/conditions/operators.ts',
      'providers/dialects/anthropic-messages/exact-json.ts',
      'providers/dialects/openai-chat/redaction.ts',
      'state/redis/redis-state.ts',
    ]);
  });
});
