import { randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { Secret } from '../common/secret.js';
import { KeyVault, VaultError } from './key-vault.js';
import { encodeOwner, type SealedSecret, type SecretOwner } from './sealed-secret.js';

const key = (): Buffer => randomBytes(32);
const owner: SecretOwner = {
  kind: 'provider-key',
  accountId: 'a',
  gatewayInternalId: 'g',
  provider: 'openai',
  alias: 'default',
};
const secret = new Secret('sk-live-0123456789');

const flip = (bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

const reasonOf = (open: () => unknown): string => {
  try {
    open();
  } catch (error) {
    return error instanceof VaultError ? error.reason : `not a VaultError: ${String(error)}`;
  }
  return 'opened';
};

describe('KeyVault', () => {
  it('opens what it sealed, for the same owner', () => {
    const vault = new KeyVault({ current: key(), previous: null });

    expect(vault.open(vault.seal(secret, owner), owner).reveal()).toBe('sk-live-0123456789');
  });

  it.each(['', 'é☃😀', 'x'.repeat(65_536), '{"private_key":"-----BEGIN\\n"}'])(
    'keeps any text as it was (%#)',
    (text) => {
      const vault = new KeyVault({ current: key(), previous: null });

      expect(vault.open(vault.seal(new Secret(text), owner), owner).reveal()).toBe(text);
    },
  );

  it('never seals to the same bytes twice, and never shows the plaintext', () => {
    const vault = new KeyVault({ current: key(), previous: null });
    const [one, two] = [vault.seal(secret, owner), vault.seal(secret, owner)];

    expect(Buffer.from(one.ciphertext).equals(two.ciphertext)).toBe(false);
    expect(Buffer.from(one.wrappedKey).equals(two.wrappedKey)).toBe(false);
    expect(Buffer.concat([one.ciphertext, one.wrappedKey]).includes('sk-live')).toBe(false);
  });

  it.each<[string, SecretOwner]>([
    ['another account', { ...owner, accountId: 'b' }],
    ['another gateway', { ...owner, gatewayInternalId: 'h' }],
    ['another provider', { ...owner, provider: 'groq' }],
    ['another alias', { ...owner, alias: 'other' }],
    ['parts joined otherwise', { ...owner, accountId: 'ag', gatewayInternalId: '' }],
    ['a bare secret', { kind: 'stored-secret', accountId: 'a', storeId: 'g', secretId: 'openai' }],
  ])('does not open for %s', (_name, other) => {
    const vault = new KeyVault({ current: key(), previous: null });

    expect(reasonOf(() => vault.open(vault.seal(secret, owner), other))).toBe('damaged');
  });

  it('notices one flipped bit anywhere in the wrapped key and the ciphertext', () => {
    const vault = new KeyVault({ current: key(), previous: null });
    const sealed = vault.seal(secret, owner);

    for (const field of ['wrappedKey', 'ciphertext'] as const) {
      for (let at = 0; at < sealed[field].length; at++) {
        const tampered: SealedSecret = { ...sealed, [field]: flip(sealed[field], at) };
        expect(reasonOf(() => vault.open(tampered, owner))).toBe('damaged');
      }
    }
  });

  it.each([0, 1, 12, 28, 29])('refuses bytes cut to %d', (length) => {
    const vault = new KeyVault({ current: key(), previous: null });
    const sealed = vault.seal(secret, owner);

    expect(reasonOf(() => vault.open({ ...sealed, ciphertext: sealed.ciphertext.slice(0, length) }, owner))).toBe(
      'damaged',
    );
    expect(reasonOf(() => vault.open({ ...sealed, wrappedKey: sealed.wrappedKey.slice(0, length) }, owner))).toBe(
      'damaged',
    );
  });

  it('does not open one value with the data key of another', () => {
    const vault = new KeyVault({ current: key(), previous: null });
    const [one, two] = [vault.seal(secret, owner), vault.seal(secret, owner)];

    expect(reasonOf(() => vault.open({ ...one, wrappedKey: two.wrappedKey }, owner))).toBe('damaged');
  });

  it('opens rows of the previous master key, and seals with the current one only', () => {
    const [old, fresh] = [key(), key()];
    const before = new KeyVault({ current: old, previous: null });
    const during = new KeyVault({ current: fresh, previous: old });
    const sealed = before.seal(secret, owner);

    expect(during.open(sealed, owner).reveal()).toBe(secret.reveal());
    expect(reasonOf(() => before.open(during.seal(secret, owner), owner))).toBe('unknown_kek');
  });

  it('re-wraps a row for the current master key without touching its ciphertext', () => {
    const [old, fresh] = [key(), key()];
    const sealed = new KeyVault({ current: old, previous: null }).seal(secret, owner);

    const rewrapped = new KeyVault({ current: fresh, previous: old }).rewrap(sealed);
    const after = new KeyVault({ current: fresh, previous: null });

    expect(rewrapped.ciphertext).toBe(sealed.ciphertext);
    expect(rewrapped.kekId).toBe(after.kekId);
    expect(after.open(rewrapped, owner).reveal()).toBe(secret.reveal());
    expect(reasonOf(() => after.open(sealed, owner))).toBe('unknown_kek');
  });

  it('names a master key by a fingerprint that is the same everywhere and is not the key', () => {
    const master = key();
    const { kekId } = new KeyVault({ current: master, previous: null });

    expect(new KeyVault({ current: master, previous: key() }).kekId).toBe(kekId);
    expect(kekId).toMatch(/^[0-9a-f]{16}$/);
    expect(master.toString('hex')).not.toContain(kekId);
  });

  it('refuses a master key of another length', () => {
    expect(() => new KeyVault({ current: randomBytes(16), previous: null })).toThrow(RangeError);
  });
});

describe('encodeOwner', () => {
  it('gives different bytes to owners whose parts run together', () => {
    const encode = (provider: string, alias: string) => encodeOwner({ ...owner, provider, alias }).toString('hex');

    expect(new Set([encode('ab', 'c'), encode('a', 'bc'), encode('abc', ''), encode('', 'abc')]).size).toBe(4);
  });
});
