import { resolve } from 'node:path';

import { registerAs } from '@nestjs/config';

import { Secret } from '../common/secret.js';
import { readEnv } from './env.js';

const secret = (value: string | undefined): Secret | null => (value === undefined ? null : new Secret(value));

/** The master key that wraps every stored secret's data key: base64 of 32 bytes. */
export const vaultConfig = registerAs('vault', () => {
  const env = readEnv();
  return {
    /** Where a generated master key lives. Absolute. */
    dataDir: resolve(env.DATA_DIR),
    masterKey: secret(env.MASTER_KEY),
    /** The one before, while a rotation is under way. */
    masterKeyPrevious: secret(env.MASTER_KEY_PREVIOUS),
    /** In production a missing master key stops the start instead of being generated. */
    production: env.NODE_ENV === 'production',
  };
});
