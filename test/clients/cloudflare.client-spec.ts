import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Cloudflare, { AuthenticationError, BadRequestError, NotFoundError, PermissionDeniedError } from 'cloudflare';

import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const account_id = 'default';

const gatewayFields = {
  cache_invalidate_on_update: true,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
};

/** What a list yields, through the SDK's own paging. */
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe('the cloudflare SDK with a baseURL', () => {
  let gateway: RunningGateway;
  let client: Cloudflare;
  let requests = 0;

  beforeAll(async () => {
    gateway = await startGateway();
    client = clientWith(ADMIN_TOKEN);
  });
  afterAll(() => gateway.close());

  const clientWith = (apiToken: string) =>
    new Cloudflare({
      baseURL: `${gateway.origin}/client/v4`,
      apiToken,
      maxRetries: 2,
      fetch: (...request) => {
        requests += 1;
        return fetch(...request);
      },
    });

  it('creates, reads, replaces, lists and deletes a gateway', async () => {
    const created = await client.aiGateway.create({ account_id, id: 'crud-1', ...gatewayFields });
    const read = await client.aiGateway.get('crud-1', { account_id });
    const replaced = await client.aiGateway.update('crud-1', {
      account_id,
      ...gatewayFields,
      cache_ttl: 300,
      authentication: false,
    });
    const ids = (await all(client.aiGateway.list({ account_id }))).map(({ id }) => id);
    const deleted = await client.aiGateway.delete('crud-1', { account_id });

    expect(created).toMatchObject({ id: 'crud-1', ...gatewayFields, is_default: false, authentication: true });
    expect(read).toEqual(created);
    expect(replaced).toMatchObject({ cache_ttl: 300, authentication: false, created_at: created.created_at });
    expect(ids).toEqual(['crud-1', 'default']);
    expect(deleted.id).toBe('crud-1');
    await expect(client.aiGateway.get('crud-1', { account_id })).rejects.toBeInstanceOf(NotFoundError);
  });

  it('reads every list to its end, one item a page', async () => {
    await client.aiGateway.create({ account_id, id: 'paged', ...gatewayFields });
    const keys = ['openai', 'groq', 'mistral'];
    for (const provider_slug of keys) {
      await client.aiGateway.providerConfigs.create('paged', {
        account_id,
        provider_slug,
        alias: 'default',
        default_config: true,
        secret: `key-of-${provider_slug}`,
      });
    }
    await client.secretsStore.stores.create({ account_id, name: 'paged' });

    const stores = await all(client.secretsStore.stores.list({ account_id, per_page: 1 }));
    const secrets = await all(
      client.secretsStore.stores.secrets.list(stores[0]?.id ?? '', { account_id, per_page: 1 }),
    );
    const configs = await all(client.aiGateway.providerConfigs.list('paged', { account_id, per_page: 1 }));
    const gateways = await all(client.aiGateway.list({ account_id, per_page: 1 }));
    const tokens = await all(client.accounts.tokens.list({ account_id, per_page: 1 }));
    const accounts = await all(client.accounts.list({ per_page: 1 }));

    expect(stores.map(({ name }) => name)).toEqual(['default_secrets_store', 'paged']);
    expect(secrets.map(({ name }) => name)).toEqual(keys.map((slug) => `paged_${slug}_default`));
    expect(configs.map(({ provider_slug }) => provider_slug)).toEqual(['groq', 'mistral', 'openai']);
    expect(gateways.map(({ id }) => id)).toEqual(['default', 'paged']);
    expect(tokens.map(({ name }) => name)).toEqual(['Admin']);
    expect(accounts.map(({ id }) => id)).toEqual(['default']);
    await client.aiGateway.delete('paged', { account_id });
  });

  it('searches gateways by a part of the id, taken literally', async () => {
    for (const id of ['find_me', 'findxme']) await client.aiGateway.create({ account_id, id, ...gatewayFields });

    const found = await all(client.aiGateway.list({ account_id, search: 'd_m' }));
    const anything = await all(client.aiGateway.list({ account_id, search: '%' }));

    expect(found.map(({ id }) => id)).toEqual(['find_me']);
    expect(anything).toEqual([]);
    for (const id of ['find_me', 'findxme']) await client.aiGateway.delete(id, { account_id });
  });

  it('creates, lists, finds, edits and deletes custom providers', async () => {
    const made = await Promise.all(
      ['b', 'a', 'c'].map((slug, index) =>
        client.aiGateway.customProviders.create({
          account_id,
          name: `Provider ${slug}`,
          slug,
          base_url: 'https://models.example.com/v1',
          headers: '{"x-team": "a"}',
          position: index === 2 ? -1 : 0,
          enable: index === 0,
        }),
      ),
    );
    const [first] = made;
    const id = first?.id ?? '';
    const slugs = async (query: { search?: string; enable?: boolean; beta?: boolean; per_page?: number }) =>
      (await all(client.aiGateway.customProviders.list({ account_id, ...query }))).map(({ slug }) => slug);
    const edited = await client.patch<{ result: typeof first }>(
      `/accounts/${account_id}/ai-gateway/custom-providers/${id}`,
      { body: { description: 'Ours', beta: true } },
    );

    expect(first).toMatchObject({ slug: 'b', enable: true, beta: false, position: 0, headers: '{"x-team":"…"}' });
    expect(await slugs({ per_page: 1 })).toEqual(['c', 'a', 'b']);
    expect([await slugs({ search: 'r b' }), await slugs({ search: id }), await slugs({ enable: true })]).toEqual([
      ['b'],
      ['b'],
      ['b'],
    ]);
    expect([await slugs({ beta: true }), await slugs({ beta: false })]).toEqual([['b'], ['c', 'a']]);
    expect(edited.result).toMatchObject({ description: 'Ours', beta: true, enable: true });
    expect(await client.aiGateway.customProviders.get(id, { account_id })).toEqual(edited.result);
    for (const { id: each } of made)
      expect((await client.aiGateway.customProviders.delete(each, { account_id })).id).toBe(each);
    await expect(client.aiGateway.customProviders.get(id, { account_id })).rejects.toBeInstanceOf(NotFoundError);
  });

  it('tells the base URL of a provider, by any of its slugs', async () => {
    const url = (provider: string) => client.aiGateway.urls.get(provider, { account_id, gateway_id: 'default' });

    expect(await Promise.all(['openai', 'google', 'custom-acme', 'compat'].map(url))).toEqual(
      ['openai', 'google-ai-studio', 'custom-acme', 'compat'].map((slug) => `${gateway.base}/${slug}`),
    );
    await expect(url('nobody')).rejects.toBeInstanceOf(BadRequestError);
    await expect(client.aiGateway.urls.get('openai', { account_id, gateway_id: 'nowhere' })).rejects.toBeInstanceOf(
      NotFoundError,
    );
  });

  it('stores, rotates, reads and deletes a provider key', async () => {
    const path = `/accounts/${account_id}/ai-gateway/gateways/default/provider_configs`;
    const created = await client.aiGateway.providerConfigs.create('default', {
      account_id,
      provider_slug: 'google',
      alias: 'team-a',
      default_config: false,
      secret: 'AIza-0123456789-abcd',
      rate_limit: 10,
    });
    const rotated = await client.put<{ result: typeof created }>(`${path}/${created.id}`, {
      body: { secret: 'AIza-9876543210-wxyz' },
    });
    const read = await client.get<{ result: typeof created }>(`${path}/${created.id}`);
    const deleted = await client.delete<{ result: typeof created }>(`${path}/${created.id}`);

    expect(created).toMatchObject({
      gateway_id: 'default',
      provider_slug: 'google-ai-studio',
      alias: 'team-a',
      default_config: false,
      secret_preview: '…abcd',
      rate_limit: 10,
      rate_limit_period: 60,
    });
    expect(rotated.result).toMatchObject({ id: created.id, secret_id: created.secret_id, secret_preview: '…wxyz' });
    expect(read.result).toEqual(rotated.result);
    expect(deleted.result.id).toBe(created.id);
    await expect(client.get(`${path}/${created.id}`)).rejects.toBeInstanceOf(NotFoundError);
    expect(await all(client.aiGateway.providerConfigs.list('default', { account_id }))).toEqual([]);
  });

  it('keeps stores and secrets, and never shows a value', async () => {
    const store = await client.secretsStore.stores.create({ account_id, name: 'crud' });
    const [one] = await all(
      client.secretsStore.stores.secrets.create(store.id, {
        account_id,
        body: [
          { name: 'ONE', value: 'value-of-one', scopes: ['workers'], comment: 'first' },
          { name: 'TWO', value: 'value-of-two', scopes: ['ai_gateway', 'workers'] },
        ],
      }),
    );
    const place = { account_id, store_id: store.id };
    const secretId = one?.id ?? '';
    const edited = await client.secretsStore.stores.secrets.edit(secretId, {
      ...place,
      comment: 'changed',
      scopes: ['dex'],
    });
    const copy = await client.secretsStore.stores.secrets.duplicate(secretId, {
      ...place,
      name: 'COPY',
      scopes: ['workers'],
    });
    const read = await client.secretsStore.stores.secrets.get(copy.id, place);
    const named = await all(
      client.secretsStore.stores.secrets.list(store.id, { account_id, search: 'O', order: 'name' }),
    );
    const scoped = await all(client.secretsStore.stores.secrets.list(store.id, { account_id, scopes: ['ai_gateway'] }));
    const quota = await client.secretsStore.quota.get({ account_id });

    expect(one).toMatchObject({ name: 'ONE', status: 'active', store_id: store.id, comment: 'first' });
    expect(edited).toMatchObject({ comment: 'changed', scopes: ['dex'] });
    expect(read).toMatchObject({ name: 'COPY', scopes: ['workers'] });
    expect(named.map(({ name }) => name)).toEqual(['COPY', 'ONE', 'TWO']);
    expect(scoped.map(({ name }) => name)).toEqual(['TWO']);
    expect(quota?.secrets).toMatchObject({ usage: 3 });
    expect(JSON.stringify([one, edited, copy, read, named, scoped])).not.toContain('value-of');

    expect(await client.secretsStore.stores.secrets.delete(copy.id, place)).toBeNull();
    await expect(client.secretsStore.stores.secrets.bulkDelete(store.id, { account_id })).rejects.toMatchObject({
      status: 400,
    });
    await expect(client.secretsStore.stores.delete(store.id, { account_id })).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 1003, message: 'store_not_empty' }],
    });
    expect(await client.secretsStore.stores.delete(store.id, { account_id, force: 'true' as never })).toBeNull();
    await expect(client.secretsStore.stores.get(store.id, { account_id })).rejects.toBeInstanceOf(NotFoundError);
  });

  it('creates, reads, changes, rolls, verifies and deletes a token', async () => {
    const groups = await client.accounts.tokens.permissionGroups.get({ account_id });
    const run = groups.find(({ name }) => name === 'AI Gateway Run')?.id ?? '';
    const policies = [
      {
        effect: 'allow' as const,
        permission_groups: [{ id: run }],
        resources: { [`com.cloudflare.api.account.${account_id}`]: '*' },
      },
    ];

    const { value: firstValue = '', ...created } = await client.accounts.tokens.create({
      account_id,
      name: 'ci',
      policies,
    });
    const id = created.id ?? '';
    const first = clientWith(firstValue);
    const verified = await first.accounts.tokens.verify({ account_id });
    const changed = await client.accounts.tokens.update(id, {
      account_id,
      name: 'ci-2',
      policies,
      expires_on: '2100-01-01T00:00:00Z',
    });
    const read = await client.accounts.tokens.get(id, { account_id });
    const secondValue = await client.accounts.tokens.value.update(id, { account_id });

    expect(firstValue).toMatch(/^aig_[A-Za-z0-9_-]{43}$/);
    expect(secondValue).toMatch(/^aig_[A-Za-z0-9_-]{43}$/);
    expect(verified).toEqual({ id, status: 'active' });
    expect(created.policies?.[0]?.permission_groups).toEqual([{ id: run, name: 'AI Gateway Run' }]);
    expect(read).toEqual(changed);
    expect(changed).toMatchObject({ id, name: 'ci-2', expires_on: '2100-01-01T00:00:00.000Z' });
    await expect(first.user.tokens.verify()).rejects.toBeInstanceOf(AuthenticationError);
    expect(await clientWith(secondValue).user.tokens.verify()).toMatchObject({ id, status: 'active' });
    expect(await client.accounts.tokens.delete(id, { account_id })).toEqual({ id });
    await expect(clientWith(secondValue).user.tokens.verify()).rejects.toBeInstanceOf(AuthenticationError);
    expect(
      (await all(client.accounts.tokens.permissionGroups.list({ account_id }))).map(({ name }) => name),
    ).toHaveLength(7);
  });

  it.each([
    ['a missing field', 400, 7001, () => client.aiGateway.create({ account_id, id: 'x' } as never)],
    ['a duplicate', 400, 7001, () => client.aiGateway.create({ account_id, id: 'default', ...gatewayFields })],
    ['a wrong token', 401, 10_000, () => clientWith('aig_nobody').aiGateway.list({ account_id })],
    ['another account', 404, 7003, () => client.aiGateway.list({ account_id: 'other' })],
    ['an unknown gateway', 404, 7002, () => client.aiGateway.get('nope', { account_id })],
    ['an unknown path', 404, 7003, () => client.get('/nothing/here')],
  ])('throws its error class for %s, at the first try', async (_name, status, code, call) => {
    const before = requests;
    const error = await Promise.resolve(call()).then(
      () => null,
      (reason: unknown) => reason,
    );

    expect(error).toBeInstanceOf({ 400: BadRequestError, 401: AuthenticationError, 404: NotFoundError }[status]);
    expect(error).toMatchObject({ status, errors: expect.arrayContaining([expect.objectContaining({ code })]) });
    expect(requests - before).toBe(1);
  });

  it('throws PermissionDeniedError for a token without the permission', async () => {
    const groups = await client.accounts.tokens.permissionGroups.get({ account_id });
    const { value = '' } = await client.accounts.tokens.create({
      account_id,
      name: 'reader',
      policies: [
        {
          effect: 'allow',
          permission_groups: groups.filter(({ name }) => name === 'AI Gateway Read').map(({ id = '' }) => ({ id })),
          resources: { [`com.cloudflare.api.account.${account_id}`]: '*' },
        },
      ],
    });
    const reader = clientWith(value);

    expect((await reader.aiGateway.get('default', { account_id })).id).toBe('default');
    await expect(reader.aiGateway.create({ account_id, id: 'no', ...gatewayFields })).rejects.toBeInstanceOf(
      PermissionDeniedError,
    );
  });

  it('finds its account and its user', async () => {
    expect(await client.accounts.get({ account_id })).toMatchObject({ id: 'default', name: 'Default account' });
    expect(await client.user.get()).toMatchObject({ first_name: 'Admin' });
  });
});
