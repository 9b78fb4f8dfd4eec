import { createHash } from 'node:crypto';

const FINE = /^[A-Za-z0-9_-]+$/;

/** Anthropic's ids are letters, digits, `_` and `-`. Of others a hash: a call and its result get the same one, without state. */
export const toToolUseId = (id: string): string =>
  FINE.test(id) ? id : `toolu_${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
