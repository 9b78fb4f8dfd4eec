import { expect, it } from '@jest/globals';
import { toFinishReason as fromAnthropic } from '../providers/dialects/anthropic-messages/finish-reason.js';
import { toFinishReason as fromChat } from '../providers/dialects/openai-chat/finish-reason.js';
import { errorClassOf } from './errors/error-class.js';
import { GatewayError } from './errors/gateway-error.js';
import { ownMember } from './own-member.js';

const INHERITED = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'];

it.each(INHERITED)('a table says nothing of "%s", which every object has', (word) => {
  expect(ownMember({ known: 1 }, 'known')).toBe(1);
  expect(ownMember({ known: 1 }, word)).toBeUndefined();
});

it.each(INHERITED)('a provider that says "%s" says a word that nobody knows', (word) => {
  expect([fromChat(word), fromAnthropic(word, false)]).toEqual(['stop', 'stop']);
  expect(errorClassOf(new GatewayError('upstream_error', 'x', { status: 429, code: word }))).toBe('rate_limit');
});
