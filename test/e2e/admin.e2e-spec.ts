import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const answerSchema = z.object({
  success: z.boolean(),
  errors: z.array(
    z.object({ code: z.number(), message: z.string(), path: z.array(z.union([z.string(), z.number()])).optional() }),
  ),
  messages: z.array(z.object({ code: z.number(), message: z.string() })),
  result: z.unknown(),
});

const required = {
  cache_invalidate_on_update: false,
  cache_ttl: null,
  collect_logs: true,
  rate_limiting_interval: null,
  rate_limiting_limit: null,
};

/** A gateway with every field set. */
const everything = {
  cache_invalidate_on_update: true,
  cache_ttl: 3600,
  collect_logs: false,
  rate_limiting_interval: 60,
  rate_limiting_limit: 100,
  rate_limiting_technique: 'sliding',
  authentication: false,
  byok_only: true,
  log_management: 10_000,
  log_management_strategy: 'DELETE_OLDEST',
  log_classification: true,
  logpush: true,
  logpush_public_key: 'k'.repeat(16),
  otel: [{ url: 'https://otel.example.com/v1/traces', headers: { 'x-team': 'a' }, content_type: 'protobuf' }],
  retry_max_attempts: 5,
  retry_delay: 60_000,
  retry_backoff: 'exponential',
  dlp: { enabled: true, policies: [{ id: 'p', action: 'FLAG', check: ['REQUEST'], enabled: true, profiles: ['a'] }] },
  guardrails: { prompt: { P1: 'FLAG', S13: 'BLOCK' }, response: {} },
  spend_limits: {
    enabled: true,
    rules: [
      {
        id: 'rule-1',
        limit: 0.5,
        limitType: 'cost',
        window: 86_400,
        enabled: false,
        technique: 'fixed',
        model: { mode: 'filter', values: ['gpt-5'] },
        metadata: { team: { mode: 'partition' } },
      },
    ],
  },
  stripe: { authorization: 'rk', usage_events: [{ payload: '{}' }] },
  workers_ai_billing_mode: 'unified',
  zdr: true,
};

describe('the control plane', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.origin}/client/v4/accounts/default${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = answerSchema.parse(await response.json());
    expect(answer.success).toBe(response.status < 400);
    return { status: response.status, ...answer };
  }

  const resultOf = async <T extends z.ZodType>(
    schema: T,
    ...request: Parameters<typeof call>
  ): Promise<z.output<T>> => {
    const answer = await call(...request);
    expect(answer.errors).toEqual([]);
    return schema.parse(answer.result);
  };

  const looseObject = z.looseObject({});
  const identified = z.looseObject({ id: z.string() });

  describe('gateways', () => {
    it('keeps every field as it was sent, through create, read and replace', async () => {
      const created = await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'all_fields', ...everything });
      const read = await resultOf(looseObject, 'GET', '/ai-gateway/gateways/all_fields');
      const replaced = await resultOf(looseObject, 'PUT', '/ai-gateway/gateways/all_fields', everything);

      expect(created).toMatchObject({
        id: 'all_fields',
        ...everything,
        store_id: null,
        account_id: 'default',
        account_tag: 'default',
      });
      expect(read).toEqual(created);
      expect(replaced).toEqual({ ...created, modified_at: replaced['modified_at'] });
    });

    it('replaces in full: what is left out goes back to nothing', async () => {
      await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'emptied', ...everything });

      const replaced = await resultOf(looseObject, 'PUT', '/ai-gateway/gateways/emptied', required);

      expect(replaced).toMatchObject({
        ...required,
        authentication: true,
        otel: null,
        spend_limits: null,
        guardrails: null,
        stripe: null,
        retry_max_attempts: null,
        workers_ai_billing_mode: 'postpaid',
        zdr: false,
      });
      expect(replaced).not.toHaveProperty('dlp');
    });

    it('keeps the ids of spend rules that come back without one', async () => {
      const rule = { limit: 10, limitType: 'cost', window: 60 };
      const spend = z.looseObject({ spend_limits: z.object({ rules: z.array(z.looseObject({ id: z.string() })) }) });
      const body = (rules: unknown[]) => ({ ...required, spend_limits: { enabled: true, rules } });

      const first = await resultOf(spend, 'POST', '/ai-gateway/gateways', { id: 'rules', ...body([rule, rule]) });
      const second = await resultOf(
        spend,
        'PUT',
        '/ai-gateway/gateways/rules',
        body([{ ...rule, limit: 20 }, rule, rule]),
      );

      const [one, two] = first.spend_limits.rules.map(({ id }) => id);
      const [changed, ...kept] = second.spend_limits.rules.map(({ id }) => id);
      expect(one).toMatch(/^[0-9a-f]{8}$/);
      expect(kept).toEqual([one, two]);
      expect([one, two]).not.toContain(changed);
    });

    it('reads null as left out, as Terraform sends it', async () => {
      const nulls = Object.fromEntries(Object.keys(everything).map((name) => [name, null]));

      const created = await resultOf(looseObject, 'POST', '/ai-gateway/gateways', {
        ...nulls,
        ...required,
        id: 'nulls',
      });

      expect(created).toMatchObject({ ...required, authentication: true, workers_ai_billing_mode: 'postpaid' });
    });

    it('ignores fields that are not for callers to set', async () => {
      const given = {
        is_default: true,
        account_id: 'other',
        accountId: 'other',
        internal_id: 'x',
        created_at: 'x',
        isDefault: true,
      };

      const created = await resultOf(looseObject, 'POST', '/ai-gateway/gateways', {
        id: 'mass',
        ...required,
        ...given,
      });

      expect(created).toMatchObject({ is_default: false, account_id: 'default' });
      expect(created['internal_id']).toMatch(/^[0-9a-f-]{36}$/);
    });

    it.each<[string, Record<string, unknown>, (string | number)[]]>([
      ['an upper-case id', { id: 'Upper' }, ['body', 'id']],
      ['a double dash', { id: 'a--b' }, ['body', 'id']],
      ['a trailing dash', { id: 'a-' }, ['body', 'id']],
      ['a long id', { id: 'a'.repeat(65) }, ['body', 'id']],
      ['no id', { id: undefined }, ['body', 'id']],
      ['a negative number', { cache_ttl: -1 }, ['body', 'cache_ttl']],
      ['a fraction', { cache_ttl: 1.5 }, ['body', 'cache_ttl']],
      ['a number that no column holds', { rate_limiting_limit: 2 ** 31 }, ['body', 'rate_limiting_limit']],
      ['a number as text', { rate_limiting_interval: '60' }, ['body', 'rate_limiting_interval']],
      ['too few logs', { log_management: 9_999 }, ['body', 'log_management']],
      ['too many retries', { retry_max_attempts: 6 }, ['body', 'retry_max_attempts']],
      ['a long delay', { retry_delay: 60_001 }, ['body', 'retry_delay']],
      ['an unknown backoff', { retry_backoff: 'random' }, ['body', 'retry_backoff']],
      ['a short public key', { logpush_public_key: 'k' }, ['body', 'logpush_public_key']],
      ['an otel without URL', { otel: [{ headers: {} }] }, ['body', 'otel', 0, 'url']],
      ['an otel that is no URL', { otel: [{ url: 'nowhere', headers: {} }] }, ['body', 'otel', 0, 'url']],
      ['an otel inside', { otel: [{ url: 'http://10.0.0.1/v1/traces', headers: {} }] }, ['body', 'otel', 0, 'url']],
      ['an otel with a password', { otel: [{ url: 'https://a:b@c.de/', headers: {} }] }, ['body', 'otel', 0, 'url']],
      [
        'an unknown guardrail',
        { guardrails: { prompt: { S14: 'FLAG' }, response: {} } },
        ['body', 'guardrails', 'prompt'],
      ],
      ['a half DLP', { dlp: { enabled: true } }, ['body', 'dlp']],
      [
        'a free budget',
        { spend_limits: { rules: [{ limit: 0, limitType: 'cost', window: 1 }] } },
        ['body', 'spend_limits', 'rules', 0, 'limit'],
      ],
      [
        'two rules of one id',
        { spend_limits: { rules: [1, 2].map((limit) => ({ id: 'same', limit, limitType: 'cost', window: 1 })) } },
        ['body', 'spend_limits', 'rules'],
      ],
      ['a store that is not there', { store_id: 'nope' }, ['body', 'store_id']],
      ['a NUL', { stripe: { authorization: 'a\0b', usage_events: [] } }, ['body', 'stripe', 'authorization']],
      [
        'half a character',
        { stripe: { authorization: '\ud800', usage_events: [] } },
        ['body', 'stripe', 'authorization'],
      ],
    ])('refuses %s, naming the place', async (_name, fields, path) => {
      const answer = await call('POST', '/ai-gateway/gateways', { id: 'refused', ...required, ...fields });

      expect(answer).toMatchObject({ status: 400, result: null });
      expect(answer.errors).toEqual([{ code: 7001, message: 'Input Validation Error', path }]);
      expect(answer.messages).toHaveLength(1);
    });

    it.each(Object.keys(required).map((name) => [name]))('refuses a gateway without %s', async (name) => {
      const answer = await call('POST', '/ai-gateway/gateways', { id: 'refused', ...required, [name]: undefined });

      expect(answer.errors).toEqual([{ code: 7001, message: 'Input Validation Error', path: ['body', name] }]);
    });

    it('says that a duplicate already exists, and does not answer 409', async () => {
      const answer = await call('POST', '/ai-gateway/gateways', { id: 'default', ...required });

      expect(answer.status).toBe(400);
      expect(answer.errors[0]).toMatchObject({ code: 7001, message: expect.stringContaining('already exists') });
    });

    it('lets one of many that create the same gateway at once succeed', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => call('POST', '/ai-gateway/gateways', { id: 'race', ...required })),
      );

      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(7);
    });

    it('is seen by the next call on the data plane, and gone with the next', async () => {
      const chat = (id: string) =>
        fetch(`${gateway.origin}/v1/default/${id}/compat/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] }),
        }).then(({ status }) => status);

      const before = await chat('seen');
      await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'seen', ...required });
      const during = await chat('seen');
      await resultOf(looseObject, 'DELETE', '/ai-gateway/gateways/seen');
      const after = await chat('seen');

      expect([before, during, after]).toEqual([400, 200, 400]);
    });

    it('makes a deleted default gateway again with the next call', async () => {
      await resultOf(looseObject, 'DELETE', '/ai-gateway/gateways/default');

      const response = await fetch(`${gateway.base}/compat/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] }),
      });

      expect(response.status).toBe(200);
      const deadline = Date.now() + 5_000;
      let stored = 0;
      while (stored !== 200 && Date.now() < deadline)
        stored = (await call('GET', '/ai-gateway/gateways/default')).status;
      expect(stored).toBe(200);
    });
  });

  describe('provider configs', () => {
    const configs = '/ai-gateway/gateways/byok/provider_configs';
    const config = z.looseObject({ id: z.string(), secret_id: z.string(), secret_preview: z.string() });
    let storeId: string;

    beforeAll(async () => {
      ({ id: storeId } = await resultOf(identified, 'POST', '/secrets_store/stores', { name: 'byok' }));
      await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'byok', ...required, store_id: storeId });
    });

    const makeSecret = async (name: string, scopes = ['ai_gateway']): Promise<string> => {
      const secrets = await resultOf(z.array(identified), 'POST', `/secrets_store/stores/${storeId}/secrets`, [
        { name, value: `value-of-${name}`, scopes },
      ]);
      return secrets[0]?.id ?? '';
    };
    const body = (fields: Record<string, unknown>) => ({
      alias: 'default',
      default_config: true,
      provider_slug: 'openai',
      ...fields,
    });

    it("makes a secret of its own in the gateway's store, and takes it away again", async () => {
      const made = await resultOf(config, 'POST', configs, body({ secret: 'sk-0123456789', provider_slug: 'cohere' }));
      const secret = await resultOf(looseObject, 'GET', `/secrets_store/stores/${storeId}/secrets/${made.secret_id}`);
      const refusal = await call('DELETE', `/secrets_store/stores/${storeId}/secrets/${made.secret_id}`);
      await resultOf(config, 'DELETE', `${configs}/${made.id}`);

      expect(secret).toMatchObject({ name: 'byok_cohere_default', scopes: ['ai_gateway'] });
      expect(refusal).toMatchObject({
        status: 400,
        errors: [{ code: 7001, message: expect.stringContaining('in use') }],
      });
      expect(await call('GET', `/secrets_store/stores/${storeId}/secrets/${made.secret_id}`)).toMatchObject({
        status: 404,
        errors: [{ code: 1001, message: 'secret_not_found' }],
      });
    });

    it('takes over a stored secret, whose value may still be changed, and gives it back', async () => {
      const secretId = await makeSecret('byok_groq_default');
      const made = await resultOf(config, 'POST', configs, body({ secret_id: secretId, provider_slug: 'groq' }));
      const path = `/secrets_store/stores/${storeId}/secrets/${secretId}`;
      await resultOf(looseObject, 'PATCH', path, { value: 'gsk-0123456789-new1' });
      const changed = await resultOf(config, 'GET', `${configs}/${made.id}`);
      await resultOf(config, 'DELETE', `${configs}/${made.id}`);
      const again = await resultOf(config, 'POST', configs, body({ secret_id: secretId, provider_slug: 'groq' }));

      expect(made.secret_id).toBe(secretId);
      expect(changed.secret_preview).toBe('…new1');
      expect(again.secret_preview).toBe('…new1');
    });

    it.each<[string, () => Promise<Record<string, unknown>>, string]>([
      ['that is not there', () => Promise.resolve({ secret_id: 'f'.repeat(32) }), 'was not found'],
      ['of another name', async () => ({ secret_id: await makeSecret('byok_mistral_other') }), 'was not found'],
      [
        'without the scope',
        async () => ({ secret_id: await makeSecret('byok_mistral_default', ['workers']) }),
        'was not found',
      ],
    ])('refuses a secret %s', async (_name, fields, text) => {
      const answer = await call('POST', configs, body({ provider_slug: 'mistral', ...(await fields()) }));

      expect(answer.status).toBe(400);
      expect(answer.errors).toEqual([
        { code: 7001, message: expect.stringContaining(text), path: ['body', 'secret_id'] },
      ]);
    });

    it('refuses a second config for an alias, and a second one for a secret', async () => {
      const secretId = await makeSecret('byok_deepseek_default');
      await resultOf(config, 'POST', configs, body({ secret_id: secretId, provider_slug: 'deepseek' }));

      const alias = await call('POST', configs, body({ secret: 'another-secret', provider_slug: 'deepseek' }));
      const secret = await call('POST', configs, body({ secret_id: secretId, provider_slug: 'deepseek' }));

      expect(alias.errors[0]).toMatchObject({ code: 7001, message: expect.stringContaining('already exists') });
      expect(secret.errors[0]).toMatchObject({ code: 7001, message: expect.stringContaining('already exists') });
    });

    it('lets one of many that store the same alias at once succeed, and leaves no secret behind', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          call('POST', configs, body({ secret: `sk-number-${i}-0123`, provider_slug: 'cerebras' })),
        ),
      );
      const secrets = await resultOf(
        z.array(looseObject),
        'GET',
        `/secrets_store/stores/${storeId}/secrets?search=cerebras`,
      );

      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(5);
      expect(secrets).toHaveLength(1);
    });

    it.each<[string, Record<string, unknown>, (string | number)[]]>([
      ['an unknown provider', { secret: 's', provider_slug: 'nope' }, ['body', 'provider_slug']],
      ['neither secret nor secret_id', {}, ['body', 'secret']],
      ['both', { secret: 's', secret_id: 'x' }, ['body', 'secret_id']],
      ['an empty secret', { secret: '' }, ['body', 'secret']],
      ['an alias with a slash', { secret: 's', alias: 'a/b' }, ['body', 'alias']],
      ['a setting nobody knows', { secret: 's', settings: { baseurl: 'x' } }, ['body', 'settings']],
      [
        'a metadata service',
        { secret: 's', settings: { base_url: 'http://169.254.169.254/' } },
        ['body', 'settings', 'base_url'],
      ],
      [
        'loopback in octal',
        { secret: 's', settings: { base_url: 'http://0177.0.0.1' } },
        ['body', 'settings', 'base_url'],
      ],
      ['a file', { secret: 's', settings: { base_url: 'file:///etc/passwd' } }, ['body', 'settings', 'base_url']],
      [
        'a resource that is a host',
        { secret: 's', settings: { resource: 'evil.com/' } },
        ['body', 'settings', 'resource'],
      ],
      [
        'a header that splits',
        { secret: 's', settings: { headers: { a: 'b\r\nc: d' } } },
        ['body', 'settings', 'headers', 'a'],
      ],
      [
        'a header of the gateway',
        { secret: 's', settings: { headers: { Authorization: 'x' } } },
        ['body', 'settings', 'headers', 'Authorization'],
      ],
      ['a negative weight', { secret: 's', settings: { weight: -1 } }, ['body', 'settings', 'weight']],
    ])('refuses %s', async (_name, fields, path) => {
      const answer = await call('POST', configs, body(fields));

      expect(answer.status).toBe(400);
      expect(answer.errors).toEqual([{ code: 7001, message: 'Input Validation Error', path }]);
    });

    it('keeps settings, and stores under the canonical slug', async () => {
      const settings = { base_url: 'https://eu.example.com/x', headers: { 'x-org': 'a' }, pool: 'eu', weight: 3 };

      const made = await resultOf(
        config,
        'POST',
        configs,
        body({ provider_slug: 'xai', secret: 'xai-0123456789', settings }),
      );

      expect(made).toMatchObject({ provider_slug: 'grok', settings });
    });

    it('goes with its gateway, but for a secret that was there before', async () => {
      const own = await resultOf(identified, 'POST', '/ai-gateway/gateways', {
        id: 'short-lived',
        ...required,
        store_id: storeId,
      });
      const path = `/ai-gateway/gateways/${own.id}/provider_configs`;
      const secretId = await makeSecret('short-lived_openai_default');
      await resultOf(config, 'POST', path, body({ secret_id: secretId }));
      const managed = await resultOf(config, 'POST', path, body({ secret: 'sk-0123456789', alias: 'managed' }));

      await resultOf(looseObject, 'DELETE', `/ai-gateway/gateways/${own.id}`);

      const secrets = `/secrets_store/stores/${storeId}/secrets`;
      expect((await call('GET', `${secrets}/${managed.secret_id}`)).status).toBe(404);
      // It opens for itself again: a copy can be made of it.
      expect(
        await call('POST', `${secrets}/${secretId}/duplicate`, { name: 'copy-of-kept', scopes: ['workers'] }),
      ).toMatchObject({
        status: 200,
      });
    });

    it('goes with its store when that is forced', async () => {
      const { id } = await resultOf(identified, 'POST', '/secrets_store/stores', { name: 'forced' });
      await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'forced', ...required, store_id: id });
      await resultOf(config, 'POST', '/ai-gateway/gateways/forced/provider_configs', body({ secret: 'sk-0123456789' }));

      const refusal = await call('DELETE', `/secrets_store/stores/${id}`);
      const forced = await call('DELETE', `/secrets_store/stores/${id}?force=true`);

      expect(refusal).toMatchObject({ status: 400, errors: [{ message: 'store_not_empty' }] });
      expect(forced).toMatchObject({ status: 200, result: null });
      expect(await resultOf(looseObject, 'GET', '/ai-gateway/gateways/forced')).toMatchObject({ store_id: null });
      expect(await resultOf(z.array(looseObject), 'GET', '/ai-gateway/gateways/forced/provider_configs')).toEqual([]);
    });
  });

  describe('the secrets store', () => {
    let secrets: string;

    beforeAll(async () => {
      const { id } = await resultOf(identified, 'POST', '/secrets_store/stores', { name: 'words' });
      secrets = `/secrets_store/stores/${id}/secrets`;
    });

    const one = { name: 'ONE', value: 'v', scopes: ['workers'] };

    it.each<[string, unknown, string]>([
      ['an object in place of the array', one, 'invalid_json_body'],
      ['an empty array', [], 'invalid_json_body'],
      ['an empty name', [{ ...one, name: '' }], 'secret_name_empty'],
      ['no scopes', [{ ...one, scopes: [] }], 'secret_scopes_empty'],
      ['an unknown scope', [{ ...one, scopes: ['root'] }], 'secret_scope_invalid'],
    ])('refuses %s in its own words', async (_name, body, message) => {
      expect(await call('POST', secrets, body)).toMatchObject({ status: 400, errors: [{ code: 1001, message }] });
    });

    it('makes all of an array or none', async () => {
      const answer = await call('POST', secrets, [
        { ...one, name: 'A' },
        { ...one, name: 'B' },
        { ...one, name: 'A' },
      ]);

      expect(answer).toMatchObject({ status: 400, errors: [{ code: 1003, message: 'secret_name_already_exists' }] });
      expect(await resultOf(z.array(looseObject), 'GET', secrets)).toEqual([]);
    });

    it('takes 64 KiB and no more, counted in bytes', async () => {
      expect(await call('POST', secrets, [{ ...one, name: 'LARGE', value: 'é'.repeat(32_768) }])).toMatchObject({
        status: 200,
      });
      expect(await call('POST', secrets, [{ ...one, name: 'LARGER', value: 'é'.repeat(32_769) }])).toMatchObject({
        status: 400,
      });
    });

    it('deletes the ones that are named, and none when one is not there', async () => {
      const made = await resultOf(
        z.array(identified),
        'POST',
        secrets,
        ['X', 'Y', 'Z'].map((name) => ({ ...one, name })),
      );
      const [x, y, z1] = made.map(({ id }) => id);

      const missing = await call('DELETE', secrets, [{ id: x }, { id: 'f'.repeat(32) }]);
      const named = await call('DELETE', secrets, [{ id: x }, { id: y }]);

      expect(missing.status).toBe(404);
      expect(named).toMatchObject({ status: 200, result: null });
      expect((await call('GET', `${secrets}/${x ?? ''}`)).status).toBe(404);
      expect((await call('GET', `${secrets}/${z1 ?? ''}`)).status).toBe(200);
    });

    it('finds no secret through another store', async () => {
      const { id } = await resultOf(identified, 'POST', '/secrets_store/stores', { name: 'elsewhere' });
      const [made] = await resultOf(z.array(identified), 'POST', secrets, [{ ...one, name: 'MINE' }]);

      expect((await call('GET', `/secrets_store/stores/${id}/secrets/${made?.id ?? ''}`)).status).toBe(404);
    });
  });

  describe('lists', () => {
    it('are empty past the end, with the totals', async () => {
      const response = await fetch(
        `${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways?page=99&per_page=5`,
        {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        },
      );
      const { result, result_info: info } = z
        .object({ result: z.array(z.unknown()), result_info: z.looseObject({ total_count: z.number() }) })
        .parse(await response.json());

      expect(result).toEqual([]);
      expect(info).toMatchObject({ page: 99, per_page: 5, count: 0 });
      expect(info.total_count).toBeGreaterThan(0);
    });

    it.each(['page=0', 'page=-1', 'page=x', 'per_page=0', 'per_page=101', 'page=1e99', 'search=%00'])(
      'refuse ?%s',
      async (query) => {
        expect(await call('GET', `/ai-gateway/gateways?${query}`)).toMatchObject({
          status: 400,
          errors: [{ code: 7001, path: ['query', query.split('=')[0]] }],
        });
      },
    );
  });

  describe('bad input', () => {
    it.each<[string, string, string, unknown, number, number]>([
      ['broken JSON', 'POST', '/ai-gateway/gateways', '{"id":', 400, 7001],
      ['an empty body', 'POST', '/ai-gateway/gateways', '', 400, 7001],
      ['null', 'POST', '/ai-gateway/gateways', 'null', 400, 7001],
      ['an array', 'POST', '/ai-gateway/gateways', '[]', 400, 7001],
      ['deep nesting', 'POST', '/ai-gateway/gateways', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 400, 7001],
      ['__proto__', 'POST', '/ai-gateway/gateways', '{"__proto__":{"id":"x"}}', 400, 7001],
      ['a NUL in an id', 'GET', '/ai-gateway/gateways/a%00b', undefined, 400, 7001],
      ['a malformed id', 'GET', '/ai-gateway/gateways/No%20Such', undefined, 400, 7001],
      ['a long id', 'GET', `/ai-gateway/gateways/${'a'.repeat(300)}`, undefined, 400, 7001],
      ['a malformed token id', 'GET', '/tokens/%00', undefined, 400, 7001],
      ['a malformed store id', 'GET', "/secrets_store/stores/';--", undefined, 400, 7001],
      ['an unknown path', 'GET', '/ai-gateway/nothing', undefined, 404, 7003],
    ])('answers %s with an error of the control plane', async (_name, method, path, body, status, code) => {
      const answer = await call(method, path, body);

      expect(answer).toMatchObject({ status, result: null });
      expect(answer.errors[0]?.code).toBe(code);
    });

    it('answers a body over 1 MiB with 413', async () => {
      const answer = await call('POST', '/ai-gateway/gateways', JSON.stringify({ id: 'x'.repeat(1_100_000) }));

      expect(answer.status).toBe(413);
    });

    it('takes an empty body with a JSON content type where none is needed', async () => {
      await resultOf(looseObject, 'POST', '/ai-gateway/gateways', { id: 'alchemy', ...required });

      expect(await call('DELETE', '/ai-gateway/gateways/alchemy', '')).toMatchObject({ status: 200 });
    });
  });
});
