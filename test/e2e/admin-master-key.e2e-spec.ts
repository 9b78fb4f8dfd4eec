import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';

import type { Dice } from '../../src/common/dice.js';
import { MasterKeyRotation } from '../../src/keys/master-key-rotation.service.js';
import { ProviderKeyDirectory } from '../../src/keys/provider-key.directory.js';
import { rotateMasterKey } from '../../src/keys/rotate-master-key.js';
import { StoredSecretRepository } from '../../src/keys/stored-secret.repository.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/rotate-master-key.mjs', import.meta.url));
const PROVIDERS = ['openai', 'groq', 'mistral', 'cohere'] as const;
const dice: Dice = { roll: () => 0 };

const newMasterKey = (): string => randomBytes(32).toString('base64');

describe('rotating the master key', () => {
  const [oldKey, newKey] = [newMasterKey(), newMasterKey()];
  let dataDir: string;
  let running: RunningGateway | null = null;
  let storeId: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'rotation-'));
    const gateway = await start({ MASTER_KEY: oldKey });
    for (const provider of PROVIDERS) await gateway.storeKey(provider, keyOf(provider));
    const stores = z.array(z.object({ id: z.string() })).parse(await gateway.admin('GET', '/secrets_store/stores'));
    storeId = stores[0]?.id ?? '';
    for (const batch of [0, 1]) {
      const secrets = Array.from({ length: 75 }, (_, i) => ({
        name: `S${batch}_${i}`,
        value: `v${i}`,
        scopes: ['workers'],
      }));
      await gateway.admin('POST', `/secrets_store/stores/${storeId}/secrets`, secrets);
    }
  });
  afterAll(async () => {
    await running?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const keyOf = (provider: string): string => `key-of-${provider}-0123456789`;

  /** The same database again, with other master keys. An empty variable counts as absent. */
  async function start(keys: { MASTER_KEY: string; MASTER_KEY_PREVIOUS?: string }): Promise<RunningGateway> {
    await running?.close();
    running = await startGateway({ DATA_DIR: dataDir, MASTER_KEY_PREVIOUS: '', ...keys });
    return running;
  }

  async function gatewayInternalId(gateway: RunningGateway): Promise<string> {
    const { internal_id: id } = z
      .object({ internal_id: z.string() })
      .parse(await gateway.admin('GET', '/ai-gateway/gateways/default'));
    return id;
  }

  const keysSeen = (gateway: RunningGateway, internalId: string): (string | undefined)[] => {
    const directory = gateway.app.get(ProviderKeyDirectory, { strict: false });
    return PROVIDERS.map((provider) => directory.select(internalId, provider, null, dice)?.secret.reveal());
  };

  const chat = async (gateway: RunningGateway, model: string) => {
    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    });
    return { status: response.status, text: await response.text() };
  };

  it('survives an interruption, goes on while keys are used, changed, made and deleted, and leaves nothing behind', async () => {
    const gateway = await start({ MASTER_KEY: newKey, MASTER_KEY_PREVIOUS: oldKey });
    const internalId = await gatewayInternalId(gateway);
    const repository = gateway.app.get(StoredSecretRepository, { strict: false });

    // Interrupted after a few rows.
    const rewrap = repository.rewrap.bind(repository);
    let rows = 0;
    const spy = jest.spyOn(repository, 'rewrap').mockImplementation((...row) => {
      rows += 1;
      return rows > 30 ? Promise.reject(new Error('pulled the plug')) : rewrap(...row);
    });
    await expect(gateway.app.get(MasterKeyRotation, { strict: false }).rotate()).rejects.toThrow('pulled the plug');
    spy.mockRestore();

    // Again, by the command, while everything goes on.
    const over = new AbortController();
    let looks = 0;
    const wrong: unknown[] = [];
    const watch = (async () => {
      while (!over.signal.aborted) {
        const seen = keysSeen(gateway, internalId);
        looks += 1;
        if (seen.some((key, i) => key !== keyOf(PROVIDERS[i] ?? ''))) wrong.push(seen);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const secrets = z
      .array(z.object({ id: z.string(), name: z.string() }))
      .parse(await gateway.admin('GET', `/secrets_store/stores/${storeId}/secrets?search=S1_&order=name`));
    const change = (async () => {
      for (const { id } of secrets.slice(0, 25)) {
        await gateway.admin('PATCH', `/secrets_store/stores/${storeId}/secrets/${id}`, {
          value: `changed-value-${id}`,
        });
      }
      await gateway.storeKey('deepseek', keyOf('deepseek'), 'made-meanwhile');
    })();
    const command = await promisify(execFile)(process.execPath, [SCRIPT], {
      env: { ...process.env, GATEWAY_URL: gateway.origin, ADMIN_TOKEN, NODE_OPTIONS: '' },
    });
    await change;
    over.abort();
    await watch;

    expect(command.stdout).toMatch(/wrapped \d+ data keys anew/);
    expect(command.stdout).toContain('MASTER_KEY_PREVIOUS can go');
    expect(looks).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
    // Whatever was changed while the command ran is under the new key already: nothing is left for a second run.
    expect(await gateway.admin('POST', '/ai-gateway/master-key/rotate')).toMatchObject({ rewrapped: 0, unopenable: 0 });

    const after = await start({ MASTER_KEY: newKey });
    expect(keysSeen(after, internalId)).toEqual(PROVIDERS.map(keyOf));
    const copy = { name: 'COPY', scopes: ['workers'] };
    expect(
      await after.admin('POST', `/secrets_store/stores/${storeId}/secrets/${secrets[0]?.id ?? ''}/duplicate`, copy),
    ).toMatchObject({
      name: 'COPY',
    });
  });

  it('works on the database itself when no gateway runs', async () => {
    await running?.close();
    running = null;
    const thirdKey = newMasterKey();
    const before = { ...process.env };
    Object.assign(process.env, { DATA_DIR: dataDir, MASTER_KEY: thirdKey, MASTER_KEY_PREVIOUS: newKey });
    const report = await rotateMasterKey();
    process.env = before;

    const gateway = await start({ MASTER_KEY: thirdKey });

    expect(report.unopenable).toEqual([]);
    expect(report.rewrapped).toBeGreaterThan(150);
    expect(keysSeen(gateway, await gatewayInternalId(gateway))).toEqual(PROVIDERS.map(keyOf));
  });

  it('says which keys it cannot open, and serves everything else', async () => {
    const gateway = await start({ MASTER_KEY: newMasterKey() });

    const [closed, sandbox] = [await chat(gateway, 'openai/gpt-5'), await chat(gateway, 'sandbox/echo')];
    const report = z
      .object({ rewrapped: z.number(), unopenable: z.number(), unopenable_secret_ids: z.array(z.string()) })
      .parse(await gateway.admin('POST', '/ai-gateway/master-key/rotate'));

    expect(closed.status).toBe(401);
    expect(closed.text).toContain('cannot be opened');
    expect(sandbox.status).toBe(200);
    expect(report.rewrapped).toBe(0);
    expect(report.unopenable).toBeGreaterThan(150);
    expect(report.unopenable_secret_ids).toHaveLength(report.unopenable);

    await gateway.storeKey('openai', keyOf('stored-anew'), 'new');
    const keys = z
      .array(z.object({ id: z.string(), provider_slug: z.string(), alias: z.string() }))
      .parse(await gateway.admin('GET', '/ai-gateway/gateways/default/provider_configs'));
    const openai = keys.find(({ provider_slug, alias }) => provider_slug === 'openai' && alias === 'default');
    await gateway.admin('PUT', `/ai-gateway/gateways/default/provider_configs/${openai?.id ?? ''}`, {
      secret: keyOf('openai'),
    });
    const internalId = await gatewayInternalId(gateway);
    const directory = gateway.app.get(ProviderKeyDirectory, { strict: false });
    expect(directory.select(internalId, 'openai', null, dice)?.secret.reveal()).toBe(keyOf('openai'));
    expect(directory.select(internalId, 'openai', 'new', dice)?.secret.reveal()).toBe(keyOf('stored-anew'));
  });
});
