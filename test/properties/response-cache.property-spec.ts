import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Cancellation } from '../../src/common/cancellation.js';
import { Secret } from '../../src/common/secret.js';
import type { ProviderReply } from '../../src/providers/provider-client.service.js';
import type { ProviderCall, ProviderCredential } from '../../src/providers/provider-strategy.js';
import { canonicalJson } from '../../src/response-cache/canonical-json.js';
import { cacheKey, type CacheQuestion, type CacheTenant } from '../../src/response-cache/cache-key.js';
import { decodeAnswer, encodeAnswer } from '../../src/response-cache/cached-answer.js';
import { ResponseCache } from '../../src/response-cache/response-cache.service.js';
import { MemoryState } from '../../src/state/memory-state.js';
import { connectRedis } from '../../src/state/redis/redis-connection.js';
import { RedisState } from '../../src/state/redis/redis-state.js';
import type { SharedState } from '../../src/state/shared-state.js';
import { describeOnRedis } from '../support/redis-server.js';
import { TestClock } from '../support/test-clock.js';

/** Few values of each, of which some begin like others, so that equal calls and nearly equal ones come often. */
const names = fc.constantFrom('a', 'b', 'ab', 'a b', '');

const tenants: fc.Arbitrary<CacheTenant> = fc.record({
  accountId: names,
  gatewayInternalId: names,
  generation: fc.constantFrom('', '2026-01-01'),
});

const credentials = fc.oneof(
  fc.constant(null),
  fc.record({ source: fc.constant('inline' as const), secret: names }),
  fc.record({ source: fc.constant('stored' as const), alias: fc.constantFrom(null, 'default', 'a', 'b') }),
);

const bodies = fc.oneof(
  fc.record({ input: names, n: fc.constantFrom(1, 2, 12) }),
  fc.dictionary(fc.constantFrom('input', 'n', 'x', '"', '\\'), fc.jsonValue({ maxDepth: 2 })),
);

/** A call, said in values: what it is compared by. */
const calls = fc.record({
  tenant: tenants,
  credential: credentials,
  provider: names,
  model: names,
  revision: fc.constantFrom('', '1'),
  kind: fc.constantFrom('chat' as const, 'embeddings' as const, 'native' as const),
  path: fc.constantFrom('/v1/messages', '/v1/messages?beta=true'),
  stream: fc.boolean(),
  headers: fc.constantFrom([], ['anthropic-beta', 'a'], ['anthropic-beta', 'b'], ['openai-beta', 'a']),
  ownKey: fc.option(names, { freq: 4 }),
  body: bodies,
});
type Said = typeof calls extends fc.Arbitrary<infer V> ? V : never;

/** How the same body may be written. */
const spellings = fc.record({ reversed: fc.boolean(), space: fc.constantFrom('', ' ', '\n\t') });
type Spelling = typeof spellings extends fc.Arbitrary<infer V> ? V : never;

function spelled(value: unknown, spelling: Spelling): string {
  const { reversed, space } = spelling;
  if (Array.isArray(value)) return `[${space}${value.map((one) => spelled(one, spelling)).join(`,${space}`)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}${space}:${spelled(one, spelling)}`,
  );
  return `{${space}${(reversed ? members.toReversed() : members).join(`${space},`)}${space}}`;
}

function toCredential({ credential }: Said): ProviderCredential | null {
  if (credential === null) return null;
  const inline = credential.source === 'inline';
  return {
    source: credential.source,
    alias: inline ? null : 'whatever',
    keyId: inline ? null : 'whatever',
    secret: new Secret(inline ? credential.secret : 'whatever'),
    settings: {},
    rate: null,
  };
}

function toQuestion(said: Said, spelling: Spelling): CacheQuestion {
  const { provider, revision, model, kind, stream, headers, ownKey, path, body, credential } = said;
  const raw = Buffer.from(spelled(kind === 'native' ? body : { ...body, model: 'alias/of-it' }, spelling));
  const request = { model, stream, messages: [], input: '' };
  const native = { method: 'POST' as const, path, upload: null, credentials: [] };
  const call: ProviderCall =
    kind === 'native' ? { kind, raw, request, headers, ...native } : { kind, raw, request, headers };
  const keyAlias = credential?.source === 'stored' ? credential.alias : null;
  return { provider, revision, model, credential: toCredential(said), keyAlias, call, ownKey };
}

const keyOf = (said: Said, spelling: Spelling): string => cacheKey(said.tenant, toQuestion(said, spelling));

/** What makes an answer one's own, in values: the slow, obvious way. */
function identity({ tenant, credential, provider, model, revision, kind, path, stream, headers, ownKey, body }: Said) {
  const who = credential?.source === 'stored' ? { source: 'stored', alias: credential.alias ?? 'default' } : credential;
  const isStream = kind !== 'embeddings' && stream;
  const form = [kind, isStream, ...(kind === 'native' ? [provider, path] : [])];
  return { tenant, who, form, what: ownKey ?? [provider, model, revision, headers, JSON.parse(JSON.stringify(body))] };
}

const plain: Spelling = { reversed: false, space: '' };

describe("a cached answer's key", () => {
  it('is the same for two calls exactly when tenant, credential, form and body are', () => {
    fc.assert(
      fc.property(calls, calls, spellings, (one, other, spelling) => {
        expect(keyOf(one, plain) === keyOf(other, spelling)).toBe(
          JSON.stringify(sorted(identity(one))) === JSON.stringify(sorted(identity(other))),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<keyof Said>(['tenant', 'credential', 'provider', 'model', 'kind', 'stream', 'body', 'headers', 'revision'])(
    'is another one where no more than the %s differs',
    (name) => {
      fc.assert(
        fc.property(calls, calls, spellings, (one, other, spelling) => {
          const changed = { ...one, [name]: other[name] };
          expect(keyOf(one, plain) === keyOf(changed, spelling)).toBe(
            JSON.stringify(sorted(identity(one))) === JSON.stringify(sorted(identity(changed))),
          );
        }),
        { numRuns: 500 },
      );
    },
  );

  it('does not depend on how the body is written', () => {
    fc.assert(
      fc.property(calls, spellings, (said, spelling) => {
        expect(keyOf(said, spelling)).toBe(keyOf(said, plain));
      }),
    );
  });
});

/** Members in the order of their names, all the way down. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}

describe('a canonical body', () => {
  it('means what the body means', () => {
    fc.assert(
      fc.property(fc.jsonValue(), spellings, (value, spelling) => {
        const text = Buffer.from(spelled(value, spelling)).toString('latin1');
        const canonical = Buffer.from(canonicalJson(text, null), 'latin1').toString();

        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('stays as it is where it is no JSON', () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    // A lone word is taken for a value: white space around it does not count.
    const others = fc.string().filter((text) => !isJson(text) && !/^\s*[\w+.-]*\s*$/.test(text));
    fc.assert(
      fc.property(others, (text) => {
        expect(canonicalJson(text, null)).toBe(text);
      }),
    );
  });
});

it('a kept answer is read as it was written', () => {
  const answers = fc.record({
    kind: fc.constantFrom('json' as const, 'stream' as const, 'passthrough' as const),
    status: fc.constant(200),
    headers: fc.dictionary(fc.constantFrom('content-type', 'openai-model'), fc.string()),
    model: fc.option(fc.string()),
    finishReason: fc.option(fc.constantFrom('stop', 'length')),
    pieces: fc.array(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  });
  fc.assert(
    fc.property(answers, (answer) => {
      expect(decodeAnswer(encodeAnswer(answer))).toEqual({ ...answer, headers: { ...answer.headers } });
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeAnswer(Buffer.from(bytes)) === null));
});

/** Calls that come in any order, some at once: whoever gets an answer gets the one to its own question. */
function describeEngine(name: string, open: () => Promise<SharedState>): void {
  it(`nobody gets another's answer: ${name}`, async () => {
    const state = await open();
    const cache = new ResponseCache(state, { maxEntryBytes: 100_000, maxWaitMs: 5_000 });
    let fetched = 0;
    const ask = async (said: Said): Promise<string> => {
      const own = JSON.stringify(sorted(identity(said)));
      const finding = await cache.ask(said.tenant, toQuestion(said, plain), 60_000, new Cancellation());
      if (finding.kind === 'hit') return textOf(finding.reply);
      fetched++;
      await Promise.resolve();
      if (finding.kind === 'miss') finding.fetch.answered(aReply(own));
      return own;
    };
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { minLength: 1, maxLength: 8 }), async (several) => {
        // Twice, so that there is something to find.
        const all = [...several, ...several];
        asked += all.length;
        const answers = await Promise.all(all.map(ask));

        expect(answers).toEqual(all.map((said) => JSON.stringify(sorted(identity(said)))));
      }),
      { numRuns: 200 },
    );
    expect(fetched).toBeLessThanOrEqual(asked / 2);
    await state.close();
  });
}

const aReply = (text: string): ProviderReply => ({
  kind: 'json',
  headers: {},
  body: Buffer.from(text),
  facts: {},
  phases: null,
});
const textOf = (reply: ProviderReply): string => (reply.kind === 'json' ? reply.body.toString() : '');

describe('the response cache', () => {
  describeEngine('in memory', async () => new MemoryState(new TestClock(), 100_000_000));
});

describeOnRedis('the response cache', ({ url }) => {
  describeEngine('in Redis', async () => {
    const redis = await connectRedis({ url: url(), cluster: false, timeoutMs: 1_000 });
    return new RedisState(redis, { leaseMs: 60_000, whenAway: { cache: 'miss' } });
  });
});
