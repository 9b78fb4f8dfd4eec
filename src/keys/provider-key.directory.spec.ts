import { randomBytes } from 'node:crypto';

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import type { Dice } from '../common/dice.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { Secret } from '../common/secret.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { KeyVault } from './key-vault.js';
import { ProviderKeyDirectory } from './provider-key.directory.js';
import { providerKeyOwner, ProviderKeyRepository, type SealedProviderKey } from './provider-key.repository.js';
import type { ProviderKeyRecord } from './provider-key.js';

const dice: Dice = { roll: () => 0 };

const record = (provider: string, alias: string, fields: Partial<ProviderKeyRecord> = {}): ProviderKeyRecord => ({
  id: `${provider}/${alias}`,
  accountId: 'a',
  gatewayInternalId: 'g',
  provider,
  alias,
  defaultConfig: false,
  settings: {},
  secretId: 's',
  secretPreview: '…',
  rateLimit: null,
  rateLimitPeriod: null,
  createdAt: new Date(0),
  modifiedAt: new Date(0),
  ...fields,
});

/** Counts what it opens. */
class CountingVault extends KeyVault {
  opened = 0;
  override open(...args: Parameters<KeyVault['open']>): Secret {
    this.opened += 1;
    return super.open(...args);
  }
}

describe('ProviderKeyDirectory', () => {
  let rows: SealedProviderKey[];
  let vault: CountingVault;
  let directory: ProviderKeyDirectory;

  const sealed = (key: ProviderKeyRecord, value: string, by: KeyVault = vault): SealedProviderKey => ({
    key,
    sealed: by.seal(new Secret(value), providerKeyOwner(key)),
  });
  const reload = async () => (await directory.load())();
  const reveal = (provider: string, alias: string | null = null) =>
    directory.select('g', provider, alias, dice)?.secret.reveal();
  const errorOf = (select: () => unknown): unknown => {
    try {
      return select();
    } catch (error) {
      return error;
    }
  };

  afterAll(() => Logger.overrideLogger(true));
  beforeEach(async () => {
    rows = [];
    vault = new CountingVault({ current: randomBytes(32), previous: null });
    const module = await Test.createTestingModule({
      providers: [
        ProviderKeyDirectory,
        { provide: KeyVault, useValue: vault },
        { provide: ChangeFeed, useValue: { register: () => undefined } },
        {
          provide: ProviderKeyRepository,
          useValue: {
            async *all() {
              yield* rows;
            },
          },
        },
      ],
    }).compile();
    directory = module.get(ProviderKeyDirectory);
    // Not earlier: compiling a testing module puts its own logger in place.
    Logger.overrideLogger(false);
  });

  it('selects by alias, and the default where none is named', async () => {
    rows = [sealed(record('openai', 'default'), 'k1'), sealed(record('openai', 'b'), 'k2')];
    await reload();

    expect([reveal('openai'), reveal('openai', 'default'), reveal('openai', 'b')]).toEqual(['k1', 'k1', 'k2']);
    expect(directory.aliases('g', 'openai')).toEqual(['b', 'default']);
    expect(directory.aliases('g', 'groq')).toEqual([]);
    expect(directory.select('other', 'openai', null, dice)).toBeNull();
  });

  it('has nothing for a provider without keys, even when an alias is named', async () => {
    await reload();

    expect(directory.select('g', 'groq', 'team-a', dice)).toBeNull();
  });

  it('has nothing where keys are and none is the default', async () => {
    rows = [sealed(record('openai', 'b'), 'k')];
    await reload();

    expect(directory.select('g', 'openai', null, dice)).toBeNull();
  });

  it('refuses an unknown alias with the list of those there are', async () => {
    rows = [sealed(record('openai', 'b'), 'k'), sealed(record('openai', 'c', { settings: { pool: 'eu' } }), 'k')];
    await reload();

    const error = errorOf(() => directory.select('g', 'openai', 'x', dice));

    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      key: 'unknown_key_alias',
      internalCode: 2040,
      message: expect.stringContaining('b, c, eu'),
    });
  });

  it('opens only what has changed', async () => {
    const one = record('openai', 'default');
    rows = [sealed(one, 'k1'), sealed(record('groq', 'default'), 'k2')];
    await reload();
    await reload();
    const before = vault.opened;
    rows = [sealed(one, 'k1-rotated'), ...rows.slice(1)];
    await reload();

    expect([before, vault.opened]).toEqual([2, 3]);
    expect([reveal('openai'), reveal('groq')]).toEqual(['k1-rotated', 'k2']);
  });

  it('keeps the old snapshot until the swap', async () => {
    rows = [sealed(record('openai', 'default'), 'old')];
    await reload();
    rows = [sealed(record('openai', 'default'), 'new')];
    const swap = await directory.load();
    const before = reveal('openai');
    swap();

    expect([before, reveal('openai')]).toEqual(['old', 'new']);
  });

  it('serves the others when one cannot be opened, and lets no other stand in for it', async () => {
    const stranger = new KeyVault({ current: randomBytes(32), previous: null });
    rows = [sealed(record('openai', 'default'), 'k', stranger), sealed(record('groq', 'default'), 'k2')];
    await reload();

    expect(reveal('groq')).toBe('k2');
    expect(errorOf(() => directory.select('g', 'openai', null, dice))).toMatchObject({
      key: 'missing_provider_key',
      message: expect.stringContaining('cannot be opened'),
    });
  });

  it('does not open a row that was moved to another gateway, provider or alias', async () => {
    const row = sealed(record('openai', 'default'), 'k');
    rows = [
      { ...row, key: record('openai', 'default', { gatewayInternalId: 'h' }) },
      { ...row, key: record('groq', 'default') },
      { ...row, key: record('openai', 'stolen') },
    ];
    await reload();

    expect(directory.aliases('h', 'openai')).toEqual([]);
    expect(directory.aliases('g', 'groq')).toEqual([]);
    expect(directory.aliases('g', 'openai')).toEqual([]);
  });
});
