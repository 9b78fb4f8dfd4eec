import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Secret } from '../common/secret.js';
import { loadMasterKeys } from './master-keys.js';

describe('loadMasterKeys', () => {
  let root: string;
  const settings = () => ({ dataDir: join(root, 'data'), masterKey: null, masterKeyPrevious: null, production: false });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'master-keys-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('takes both keys from the environment and writes no file', () => {
    const [current, previous] = [randomBytes(32), randomBytes(32)];

    const keys = loadMasterKeys({
      ...settings(),
      masterKey: new Secret(current.toString('base64')),
      masterKeyPrevious: new Secret(previous.toString('base64')),
    });

    expect(keys).toEqual({ current, previous, generatedAt: null });
    expect(() => statSync(settings().dataDir)).toThrow('ENOENT');
  });

  it('generates a key once, for its owner alone, and finds it again', () => {
    const first = loadMasterKeys(settings());
    const second = loadMasterKeys(settings());

    expect(second.current).toEqual(first.current);
    expect(first.current).toHaveLength(32);
    expect(statSync(join(root, 'data', 'master-key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(root, 'data', 'master-key'), 'utf8').trim()).toBe(first.current.toString('base64'));
  });

  it('never generates one in production', () => {
    expect(() => loadMasterKeys({ ...settings(), production: true })).toThrow('MASTER_KEY');
  });

  it('refuses a file that holds something else, instead of writing over it', () => {
    loadMasterKeys(settings());
    writeFileSync(join(root, 'data', 'master-key'), 'short');

    expect(() => loadMasterKeys(settings())).toThrow('not 32 bytes');
    expect(readFileSync(join(root, 'data', 'master-key'), 'utf8')).toBe('short');
  });
});
