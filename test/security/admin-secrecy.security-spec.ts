import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { z } from 'zod';

import { PrismaService } from '../../src/persistence/prisma.service.js';
import { CapturingLogger } from '../support/capturing-logger.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount } from '../support/second-account.js';

/** A value that is nowhere else: if it turns up, it has leaked. */
const canary = (name: string): string => `canary-${name}-0123456789-tail`;

const found = z.object({ result: z.unknown() });
const identified = z.object({ id: z.string() });

describe('secrets on the control plane', () => {
  const logger = new CapturingLogger();
  let gateway: RunningGateway;
  /** Everything that was ever answered. */
  const answers: string[] = [];

  beforeAll(async () => {
    gateway = await startGateway();
    gateway.app.useLogger(logger);
  });
  afterAll(() => gateway.close());

  async function call(method: string, path: string, body?: unknown, token = ADMIN_TOKEN) {
    const response = await fetch(`${gateway.origin}/client/v4/accounts/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push(`${inspect([...response.headers])} ${text}`);
    return { status: response.status, result: found.parse(JSON.parse(text)).result };
  }

  it('come back in no answer, no error, no log line and no row', async () => {
    const configs = 'default/ai-gateway/gateways/default/provider_configs';
    const config = (fields: Record<string, unknown>) => ({
      provider_slug: 'openai',
      alias: 'default',
      default_config: true,
      ...fields,
    });
    const { id: configId } = identified.parse(
      (await call('POST', configs, config({ secret: canary('inline') }))).result,
    );
    const { id: storeId } = identified.parse(
      (await call('POST', 'default/secrets_store/stores', { name: 'canaries' })).result,
    );
    const secrets = `default/secrets_store/stores/${storeId}/secrets`;
    const made = z
      .array(identified)
      .parse((await call('POST', secrets, [{ name: 'CANARY', value: canary('stored'), scopes: ['workers'] }])).result);
    const secretId = made[0]?.id ?? '';

    // Whatever is read, changed, copied, rotated …
    await call('PUT', `${configs}/${configId}`, { secret: canary('rotated') });
    await call('PATCH', `${secrets}/${secretId}`, { value: canary('patched') });
    await call('POST', `${secrets}/${secretId}/duplicate`, { name: 'COPY', scopes: ['workers'] });
    for (const path of [configs, `${configs}/${configId}`, secrets, `${secrets}/${secretId}`, 'default/tokens'])
      await call('GET', path);
    // … and whatever goes wrong with a value in hand.
    await call('POST', configs, config({ secret: canary('duplicate') }));
    await call('POST', configs, config({ secret: canary('no-provider'), provider_slug: 'nope' }));
    await call('POST', configs, config({ secret: [canary('typed')] }));
    await call('POST', configs, config({ secret: `${canary('nul')}\0` }));
    await call('POST', configs, config({ secret: canary('long').repeat(5_000) }));
    await call('POST', configs, `{"secret":"${canary('broken')}`);
    await call('POST', secrets, [{ name: 'CANARY', value: canary('taken'), scopes: ['workers'] }]);
    await call('POST', secrets, [{ name: 'X', value: canary('scope'), scopes: ['nope'] }]);
    await call('PATCH', `${secrets}/${secretId}`, { value: { nested: canary('nested') } });
    await call('GET', 'default/tokens', undefined, canary('token'));
    await call('POST', 'default/tokens', { name: canary('name-is-no-secret'), policies: [] });

    const text = [...answers, ...logger.lines].join('\n');
    expect(text.match(/canary-[a-z-]+-0123456789/g) ?? []).toEqual([]);
    expect(text).not.toContain(ADMIN_TOKEN);
    // What a preview shows.
    expect(text).toContain('…tail');
    expect(logger.lines.join('\n')).not.toContain('tail');

    const prisma = gateway.app.get(PrismaService, { strict: false });
    const rows = inspect(
      [
        await prisma.storedSecret.findMany(),
        await prisma.providerKey.findMany(),
        await prisma.gatewayToken.findMany(),
      ].flat(),
      { depth: 10, maxStringLength: null },
    );
    const bytes = (await prisma.storedSecret.findMany())
      .map(({ ciphertext }) => Buffer.from(ciphertext).toString('latin1'))
      .join('');
    expect(`${rows}${bytes}`).not.toContain('canary-');
    expect(rows).not.toContain(ADMIN_TOKEN);
  });

  it('of another account are not to be reached by their ids', async () => {
    const foreign = await insertAccount(gateway, 'foreign');
    const { id: storeId } = identified.parse(
      (await call('POST', 'default/secrets_store/stores', { name: 'mine' })).result,
    );
    const [mine] = z
      .array(identified)
      .parse(
        (
          await call('POST', `default/secrets_store/stores/${storeId}/secrets`, [
            { name: 'default_groq_default', value: canary('mine'), scopes: ['ai_gateway'] },
          ])
        ).result,
      );
    const secretId = mine?.id ?? '';
    const config = identified.parse(
      (
        await call('POST', 'default/ai-gateway/gateways/default/provider_configs', {
          provider_slug: 'mistral',
          alias: 'default',
          default_config: true,
          secret: canary('config'),
        })
      ).result,
    );
    const tokens = z.array(identified).parse((await call('GET', 'default/tokens')).result);
    const tokenId = tokens[0]?.id ?? '';

    const steal = async (method: string, path: string, body?: unknown): Promise<number> =>
      (await call(method, `foreign/${path}`, body, foreign)).status;
    const statuses = [
      await steal('GET', `secrets_store/stores/${storeId}`),
      await steal('GET', `secrets_store/stores/${storeId}/secrets`),
      await steal('GET', `secrets_store/stores/${storeId}/secrets/${secretId}`),
      await steal('PATCH', `secrets_store/stores/${storeId}/secrets/${secretId}`, { value: 'overwritten' }),
      await steal('DELETE', `secrets_store/stores/${storeId}/secrets/${secretId}`),
      await steal('DELETE', `secrets_store/stores/${storeId}/secrets`, [secretId]),
      await steal('POST', `secrets_store/stores/${storeId}/secrets/${secretId}/duplicate`, {
        name: 'C',
        scopes: ['workers'],
      }),
      await steal('POST', `secrets_store/stores/${storeId}/secrets`, [{ name: 'C', value: 'v', scopes: ['workers'] }]),
      await steal('DELETE', `secrets_store/stores/${storeId}?force=true`),
      await steal('GET', `ai-gateway/gateways/default/provider_configs/${config.id}`),
      await steal('PUT', `ai-gateway/gateways/default/provider_configs/${config.id}`, { secret: 'overwritten' }),
      await steal('DELETE', `ai-gateway/gateways/default/provider_configs/${config.id}`),
      await steal('GET', `tokens/${tokenId}`),
      await steal('PUT', `tokens/${tokenId}/value`),
      await steal('DELETE', `tokens/${tokenId}`),
    ];
    const adopted = await steal('POST', 'ai-gateway/gateways/default/provider_configs', {
      provider_slug: 'groq',
      alias: 'default',
      default_config: true,
      secret_id: secretId,
    });
    const named = await steal('POST', 'ai-gateway/gateways', {
      id: 'thief',
      store_id: storeId,
      cache_invalidate_on_update: false,
      cache_ttl: null,
      collect_logs: true,
      rate_limiting_interval: null,
      rate_limiting_limit: null,
    });

    expect(statuses).toEqual(statuses.map(() => 404));
    expect([adopted, named]).toEqual([400, 400]);
    expect(await steal('POST', 'ai-gateway/master-key/rotate')).toBe(200);
    expect((await call('GET', `default/tokens/${tokenId}`)).status).toBe(200);
    expect((await call('GET', `default/secrets_store/stores/${storeId}/secrets/${secretId}`)).status).toBe(200);
  });
});
