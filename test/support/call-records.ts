import type { CallRecord } from '../../src/accounting/call-record.js';
import { readInbound } from '../../src/accounting/inbound-facts.js';
import { newDefaultGateway } from '../../src/gateways/default-gateway.js';
import type { Attempt } from '../../src/providers/attempt.js';

const gateway = newDefaultGateway('default', new Date(0));

export const anAttempt = (extra: Partial<Attempt> = {}): Attempt => ({
  step: 0,
  provider: 'openai',
  model: 'gpt-4o',
  element: null,
  key: 'default',
  startedAt: 1_760_000_000_000,
  outcome: 'ok',
  status: 200,
  durationMs: 300,
  bytes: 500,
  next: null,
  phases: null,
  ...extra,
});

/** A call that went well, as the recorder announces it; takes what differs. */
export const aCallRecord = (extra: Partial<CallRecord> = {}): CallRecord => {
  const attempts = extra.attempts ?? [anAttempt()];
  return {
    requestId: '01JDEXAMPLE000000000000000',
    eventId: '01JDEXAMPLE000000000000000',
    gateway,
    accountId: 'default',
    gatewayId: 'default',
    tokenId: 'token-1',
    inbound: readInbound('compat', '/v1/default/default/compat/chat/completions', {}, gateway),
    kind: 'chat',
    requestedModel: 'openai/gpt-4o',
    streamed: false,
    requestBytes: 200,
    requestBody: null,
    customCost: null,
    outcome: 'completed',
    status: 200,
    provider: 'openai',
    model: 'gpt-4o',
    step: 0,
    finishReason: 'stop',
    usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    usageSource: 'provider',
    cost: { computed: 62_500, reported: null, charged: 62_500, basis: 'catalogue', priceVersion: 'a list' },
    cached: false,
    attempts,
    attempt: attempts.at(-1) ?? null,
    route: null,
    error: null,
    errorMessage: null,
    startedAt: 1_760_000_000_000,
    firstContentMs: 250,
    durationMs: 300,
    responseContentType: 'application/json',
    responseBytes: 500,
    responseBody: null,
    ...extra,
  };
};
