import type { Dice } from '../common/dice.js';
import type { StoredProviderKey } from './provider-key.js';

/** The keys that answer to one alias, with their shares added up. */
interface Pool {
  readonly keys: readonly StoredProviderKey[];
  /** `upTo[i]`: the shares of the keys up to and including `keys[i]`. */
  readonly upTo: readonly number[];
}

/** A provider's keys at one gateway, by what a call may name: a key's alias, or the pool that keys have joined. */
export class ProviderKeyPools {
  private readonly pools: ReadonlyMap<string, Pool>;
  /** What a call may name, in order. */
  readonly names: readonly string[];

  constructor(keys: readonly StoredProviderKey[]) {
    const members = new Map<string, StoredProviderKey[]>();
    for (const key of keys) {
      for (const name of new Set([key.alias, poolOf(key)])) {
        if (name !== null) members.set(name, [...(members.get(name) ?? []), key]);
      }
    }
    this.pools = new Map([...members].map(([name, own]) => [name, toPool(own)]));
    this.names = [...this.pools.keys()].toSorted();
  }

  /** The key of this alias, or a usable one of its pool by weight (any, when none is); null when nothing has the name. */
  pick(name: string, dice: Dice, usable: (keyId: string) => boolean): StoredProviderKey | null {
    const pool = this.pools.get(name);
    if (pool === undefined) return null;
    if (pool.keys.length === 1) return pool.keys[0] ?? null;
    const left = pool.keys.filter(({ id }) => usable(id));
    const { keys, upTo } = left.length === 0 || left.length === pool.keys.length ? pool : toPool(left);
    const at = dice.roll() * (upTo.at(-1) ?? 0);
    return keys[upTo.findIndex((share) => at < share)] ?? keys.at(-1) ?? null;
  }
}

const poolOf = ({ settings }: StoredProviderKey): string | null =>
  typeof settings['pool'] === 'string' ? settings['pool'] : null;

const weightOf = ({ settings }: StoredProviderKey): number =>
  typeof settings['weight'] === 'number' ? settings['weight'] : 1;

function toPool(keys: readonly StoredProviderKey[]): Pool {
  let sum = 0;
  return { keys, upTo: keys.map((key) => (sum += weightOf(key))) };
}
