import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StartError } from '../config/start-error.js';
import type { Secret } from '../common/secret.js';

const FILE = 'master-key';
const KEY_BYTES = 32;

export interface MasterKeySettings {
  readonly dataDir: string;
  readonly masterKey: Secret | null;
  readonly masterKeyPrevious: Secret | null;
  readonly production: boolean;
}

export interface MasterKeys {
  readonly current: Buffer;
  readonly previous: Buffer | null;
  /** The file a generated key lives in; null when the environment names the key. */
  readonly generatedAt: string | null;
}

/** The master keys of the environment; outside production an absent one is generated once and kept in the data directory. */
export function loadMasterKeys({ dataDir, masterKey, masterKeyPrevious, production }: MasterKeySettings): MasterKeys {
  const previous = masterKeyPrevious === null ? null : decode(masterKeyPrevious.reveal(), 'MASTER_KEY_PREVIOUS');
  if (masterKey !== null) return { current: decode(masterKey.reveal(), 'MASTER_KEY'), previous, generatedAt: null };
  if (production) throw new StartError(['MASTER_KEY: is required in production (base64 of 32 random bytes)']);
  const path = join(dataDir, FILE);
  return { current: readOrGenerate(dataDir, path), previous, generatedAt: path };
}

function decode(text: string, name: string): Buffer {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== KEY_BYTES) throw new StartError([`${name}: is not 32 bytes in base64`]);
  return bytes;
}

/** The file appears whole or not at all (`link`), so that of two processes starting at once one's key is both's key. */
function readOrGenerate(dataDir: string, path: string): Buffer {
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  return decode(readFileSync(path, 'utf8'), path);
}
