import { describe, expect, it } from '@jest/globals';
import { DEFAULT_GATEWAY_OPTIONS, newDefaultGateway } from '../gateways/default-gateway.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { attemptPolicy } from './attempt-policy.js';

const defaults = { connectMs: 1, headersMs: 2, firstTokenMs: 3, idleMs: 4, totalMs: 5, requestMs: 0 };
const aGateway = (rest: Partial<GatewaySettings> = {}): GatewaySettings => ({
  ...newDefaultGateway('account', new Date(0)),
  ...DEFAULT_GATEWAY_OPTIONS,
  ...rest,
});

describe('attemptPolicy', () => {
  it('tries once, without a limit of its own, where nobody says anything', () => {
    expect(attemptPolicy({}, {}, aGateway(), defaults)).toEqual({
      maxAttempts: 1,
      retryDelayMs: 500,
      backoff: 'constant',
      timeouts: defaults,
      limitsLastAttempt: false,
    });
  });

  it('believes the step before the header, and the header before the gateway', () => {
    const gateway = aGateway({ retryMaxAttempts: 2, retryDelayMs: 20, retryBackoff: 'linear' });

    expect(attemptPolicy({}, {}, gateway, defaults)).toMatchObject({
      maxAttempts: 2,
      retryDelayMs: 20,
      backoff: 'linear',
    });
    expect(attemptPolicy({}, { maxAttempts: 3, retryDelayMs: 0 }, gateway, defaults)).toMatchObject({
      maxAttempts: 3,
      retryDelayMs: 0,
      backoff: 'linear',
    });
    expect(
      attemptPolicy(
        { maxAttempts: 4, backoff: 'exponential', requestTimeoutMs: 7 },
        { maxAttempts: 3, requestTimeoutMs: 8 },
        gateway,
        defaults,
      ),
    ).toMatchObject({
      maxAttempts: 4,
      backoff: 'exponential',
      timeouts: { requestMs: 7 },
    });
  });

  it("lays a gateway's time-outs over the operator's, and a target's over both", () => {
    const gateway = aGateway({
      engine: { timeouts: { headers_ms: 20, idle_ms: 0 }, request_timeout_on_last_attempt: true },
    });

    expect(attemptPolicy({}, {}, gateway, defaults)).toMatchObject({
      timeouts: { ...defaults, headersMs: 20, idleMs: 0 },
      limitsLastAttempt: true,
    });
    expect(attemptPolicy({ timeouts: { idleMs: 9 } }, {}, gateway, defaults).timeouts).toEqual({
      ...defaults,
      headersMs: 20,
      idleMs: 9,
    });
  });
});
