import { hash, randomBytes } from 'node:crypto';

import { Secret } from '../common/secret.js';

/** What scanners of leaked secrets look for. */
const PREFIX = 'aig_';
const SHOWN = 4;

/** `aig_` and 32 random bytes: too random to be guessed or looked up in a table, so a plain SHA-256 is hash enough. */
export const newTokenValue = (): Secret => new Secret(PREFIX + randomBytes(32).toString('base64url'));

/** The SHA-256 of a token, in base64: the directory's key, and what the database holds as bytes. */
export const tokenDigest = (token: string): string => hash('sha256', token, 'base64');

/** The digest as the database holds it. */
export const tokenHash = (token: Secret): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(tokenDigest(token.reveal()), 'base64'));

/** What people may see of a token later: its last four characters. */
export const tokenPreview = (token: Secret): string => `…${token.reveal().slice(-SHOWN)}`;
