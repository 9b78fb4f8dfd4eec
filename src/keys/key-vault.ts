import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

import { Secret } from '../common/secret.js';
import { encodeOwner, type SealedSecret, type SecretOwner } from './sealed-secret.js';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** Why a sealed value cannot be opened. `unknown_kek`: its master key is not active. `damaged`: wrong owner, key or bytes. */
export class VaultError extends Error {
  override readonly name = 'VaultError';

  constructor(
    readonly reason: 'unknown_kek' | 'damaged',
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** A master key's two derived things: the key-encryption key and the public name of it. */
interface KeyEncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Purposes are apart (HKDF labels): the fingerprint that is stored with every row says nothing about the key. */
const derive = (masterKey: Uint8Array, purpose: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, '', `unified-ai-gateway/vault/${purpose}/v1`, length));

/** `version ‖ nonce ‖ tag ‖ ciphertext`, AES-256-GCM. */
function encrypt(key: Buffer, plaintext: Uint8Array, aad: Buffer): Buffer<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

function decrypt(key: Buffer, sealed: Uint8Array, aad: Buffer): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION)
    throw new VaultError('damaged', 'The sealed bytes have no known form.');
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(aad)
    .setAuthTag(bytes.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]);
}

/**
 * Envelope encryption. Each value has a random data key of its own; the data key is wrapped by a key derived from the master
 * key. So a new master key means wrapping 32 bytes a row again (`rewrap`), which needs neither the value nor its owner.
 * Two master keys may be active: `current` seals and opens, `previous` only opens.
 */
export class KeyVault {
  private readonly current: KeyEncryptionKey;
  private readonly byId: ReadonlyMap<string, KeyEncryptionKey>;

  /** Master keys are 32 bytes each. */
  constructor(masterKeys: { readonly current: Uint8Array; readonly previous: Uint8Array | null }) {
    const [current, ...others] = [masterKeys.current, masterKeys.previous]
      .filter((masterKey) => masterKey !== null)
      .map((masterKey) => {
        if (masterKey.length !== KEY_BYTES) throw new RangeError('A master key has 32 bytes.');
        return {
          id: derive(masterKey, 'key-id', 8).toString('hex'),
          key: derive(masterKey, 'key-encryption', KEY_BYTES),
        };
      });
    if (current === undefined) throw new RangeError('A vault needs a master key.');
    this.current = current;
    this.byId = new Map([...others, current].map((kek) => [kek.id, kek]));
  }

  /** The fingerprint of the master key that seals. */
  get kekId(): string {
    return this.current.id;
  }

  /** Can rows of this key id be opened here? */
  knows(kekId: string): boolean {
    return this.byId.has(kekId);
  }

  seal(plaintext: Secret, owner: SecretOwner): SealedSecret {
    const dataKey = randomBytes(KEY_BYTES);
    const ciphertext = encrypt(dataKey, Buffer.from(plaintext.reveal(), 'utf8'), encodeOwner(owner));
    const wrappedKey = this.wrap(dataKey);
    dataKey.fill(0);
    return { kekId: this.current.id, wrappedKey, ciphertext };
  }

  /** Throws `VaultError`. */
  open(sealed: SealedSecret, owner: SecretOwner): Secret {
    const dataKey = this.unwrap(sealed);
    try {
      return new Secret(decrypt(dataKey, sealed.ciphertext, encodeOwner(owner)).toString('utf8'));
    } catch (cause) {
      throw new VaultError('damaged', 'The value does not open: it was changed, or belongs to something else.', cause);
    } finally {
      dataKey.fill(0);
    }
  }

  /** The same value for another owner, under a new data key. Throws `VaultError`. */
  reseal(sealed: SealedSecret, from: SecretOwner, to: SecretOwner): SealedSecret {
    return this.seal(this.open(sealed, from), to);
  }

  /** The same sealed value with its data key wrapped by the current master key. Throws `VaultError`. */
  rewrap(sealed: SealedSecret): SealedSecret {
    const dataKey = this.unwrap(sealed);
    const wrappedKey = this.wrap(dataKey);
    dataKey.fill(0);
    return { kekId: this.current.id, wrappedKey, ciphertext: sealed.ciphertext };
  }

  private wrap(dataKey: Buffer): Buffer<ArrayBuffer> {
    return encrypt(this.current.key, dataKey, Buffer.from(`data-key/${this.current.id}`));
  }

  private unwrap({ kekId, wrappedKey }: SealedSecret): Buffer {
    const kek = this.byId.get(kekId);
    if (kek === undefined) throw new VaultError('unknown_kek', `No active master key has the id ${kekId}.`);
    try {
      return decrypt(kek.key, wrappedKey, Buffer.from(`data-key/${kek.id}`));
    } catch (cause) {
      throw new VaultError('damaged', 'The data key does not unwrap: its bytes were changed.', cause);
    }
  }
}
