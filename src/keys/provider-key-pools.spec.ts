import { describe, expect, it } from '@jest/globals';

import type { Dice } from '../common/dice.js';
import { Secret } from '../common/secret.js';
import { ProviderKeyPools } from './provider-key-pools.js';
import type { StoredProviderKey } from './provider-key.js';

const key = (alias: string, settings: Record<string, unknown> = {}): StoredProviderKey => ({
  id: alias,
  provider: 'openai',
  alias,
  settings,
  rate: null,
  secret: new Secret(alias),
});

const all = (): boolean => true;
const thrown = (value: number): Dice => ({ roll: () => value });

describe('ProviderKeyPools', () => {
  it('picks the key of an alias, whatever the dice say', () => {
    const pools = new ProviderKeyPools([key('default'), key('b')]);

    expect(pools.pick('b', thrown(0), all)?.alias).toBe('b');
    expect(pools.pick('b', thrown(0.999), all)?.alias).toBe('b');
    expect(pools.pick('nobody', thrown(0), all)).toBeNull();
    expect(pools.names).toEqual(['b', 'default']);
  });

  it('picks among the keys of a pool by weight', () => {
    const pools = new ProviderKeyPools([key('a', { pool: 'eu', weight: 3 }), key('b', { pool: 'eu' }), key('c')]);
    const picked = [0, 0.74, 0.76, 0.999].map((value) => pools.pick('eu', thrown(value), all)?.alias);

    expect(picked).toEqual(['a', 'a', 'b', 'b']);
    expect(pools.names).toEqual(['a', 'b', 'c', 'eu']);
  });

  it('counts the key of the alias into the pool of that name, once', () => {
    const pools = new ProviderKeyPools([key('default', { pool: 'default' }), key('b', { pool: 'default' })]);
    const picked = [0, 0.49, 0.51, 0.99].map((value) => pools.pick('default', thrown(value), all)?.alias);

    expect(picked).toEqual(['default', 'default', 'b', 'b']);
    expect(pools.pick('b', thrown(0), all)?.alias).toBe('b');
  });
});
