import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { ProviderKeyDirectory } from '../../src/keys/provider-key.directory.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const ROUNDS = 12;
const gatewayFields = {
  cache_invalidate_on_update: false,
  cache_ttl: null,
  collect_logs: true,
  rate_limiting_interval: null,
  rate_limiting_limit: null,
};
const identified = z.looseObject({ id: z.string() });

/** Admins who work at the same moment. Whatever order the database gives them, nothing is left half done. */
describe('control-plane writes at the same moment', () => {
  let gateway: RunningGateway;
  let storeId: string;

  beforeAll(async () => {
    gateway = await startGateway();
    ({ id: storeId } = identified.parse(await gateway.admin('POST', '/secrets_store/stores', { name: 'races' })));
  });
  afterAll(() => gateway.close());

  const send = async (method: string, path: string, body?: unknown): Promise<number> => {
    const response = await fetch(`${gateway.origin}/client/v4/accounts/default${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  };

  const makeSecret = async (name: string): Promise<string> => {
    const secrets = await gateway.admin('POST', `/secrets_store/stores/${storeId}/secrets`, [
      { name, value: `first-value-of-${name}`, scopes: ['ai_gateway'] },
    ]);
    return z.array(identified).parse(secrets)[0]?.id ?? '';
  };

  const config = (alias: string, value: Record<string, string>) => ({
    provider_slug: 'openai',
    alias,
    default_config: false,
    ...value,
  });

  it('delete a gateway while its keys are made, taken over, changed and deleted: no secret is orphaned or locked', async () => {
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const id = `race-${round}`;
      const configs = `/ai-gateway/gateways/${id}/provider_configs`;
      await gateway.admin('POST', '/ai-gateway/gateways', { id, ...gatewayFields, store_id: storeId });
      const [before, during] = [await makeSecret(`${id}_openai_before`), await makeSecret(`${id}_openai_during`)];
      const adopted = identified.parse(await gateway.admin('POST', configs, config('before', { secret_id: before })));

      statuses.push(
        ...(await Promise.all([
          send('POST', configs, config('new', { secret: 'sk-made-meanwhile' })),
          send('POST', configs, config('during', { secret_id: during })),
          send('PATCH', `/secrets_store/stores/${storeId}/secrets/${before}`, { value: 'second-value-of-it' }),
          send('DELETE', `/ai-gateway/gateways/${id}`),
          send('DELETE', `${configs}/${adopted.id}`),
          send('PATCH', `/secrets_store/stores/${storeId}/secrets/${during}`, { value: 'second-value-of-it' }),
        ])),
      );
    }

    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    const prisma = gateway.app.get(PrismaService, { strict: false });
    expect(await prisma.providerKey.count()).toBe(0);
    expect(await prisma.storedSecret.count({ where: { managed: true } })).toBe(0);
    const left = z
      .array(identified)
      .parse(await gateway.admin('GET', `/secrets_store/stores/${storeId}/secrets?per_page=100`));
    expect(left).toHaveLength(2 * ROUNDS);
    // Each opens for itself again, or no copy could be made.
    const copies = await Promise.all(
      left.map((secret, i) =>
        send('POST', `/secrets_store/stores/${storeId}/secrets/${secret.id}/duplicate`, {
          name: `COPY_${i}`,
          scopes: ['dex'],
        }),
      ),
    );
    expect(copies).toEqual(copies.map(() => 200));
  });

  it('rotate a key many times at once: the last one written is the one that calls use', async () => {
    const made = identified.parse(
      await gateway.admin(
        'POST',
        '/ai-gateway/gateways/default/provider_configs',
        config('hot', { secret: 'value-0123456789-0' }),
      ),
    );
    const values = Array.from({ length: 5 }, (_, i) => `value-0123456789-${i}`);
    const path = `/ai-gateway/gateways/default/provider_configs/${made.id}`;

    const statuses = await Promise.all(values.map((secret) => send('PUT', path, { secret })));

    const { internal_id: internalId } = z
      .looseObject({ internal_id: z.string() })
      .parse(await gateway.admin('GET', '/ai-gateway/gateways/default'));
    const { secret_preview: preview } = z
      .looseObject({ secret_preview: z.string() })
      .parse(await gateway.admin('GET', path));
    const key = gateway.app
      .get(ProviderKeyDirectory, { strict: false })
      .select(internalId, 'openai', 'hot', { roll: () => 0 });
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    expect(values).toContain(key?.secret.reveal());
    expect(preview).toBe(`…${key?.secret.reveal().slice(-4) ?? ''}`);
  });
});
