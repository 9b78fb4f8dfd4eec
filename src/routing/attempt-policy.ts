import type { AttemptOverrides, Backoff } from '../contract/attempt-headers.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { AttemptTimeouts } from '../providers/provider-client.service.js';

/** How often, how patiently and how long a target is tried. */
export interface AttemptPolicy {
  /** Tries in total. */
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
  readonly backoff: Backoff;
  readonly timeouts: AttemptTimeouts;
  /** Does `cf-aig-request-timeout` hold for the very last attempt as well? By default that one is waited for. */
  readonly limitsLastAttempt: boolean;
}

const DEFAULT_RETRY_DELAY_MS = 500;

/**
 * Resolves what holds for a target: step > header > gateway > default.
 * @param defaults The operator's timeouts.
 */
export function attemptPolicy(
  step: AttemptOverrides,
  header: AttemptOverrides,
  gateway: GatewaySettings,
  defaults: AttemptTimeouts,
): AttemptPolicy {
  const asked = { ...header, ...step };
  const { timeouts = {}, request_timeout_on_last_attempt: limitsLastAttempt = false } = gateway.engine;
  return {
    maxAttempts: asked.maxAttempts ?? gateway.retryMaxAttempts ?? 1,
    retryDelayMs: asked.retryDelayMs ?? gateway.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS,
    backoff: asked.backoff ?? gateway.retryBackoff ?? 'constant',
    timeouts: {
      connectMs: timeouts.connect_ms ?? defaults.connectMs,
      headersMs: timeouts.headers_ms ?? defaults.headersMs,
      firstTokenMs: timeouts.first_token_ms ?? defaults.firstTokenMs,
      idleMs: timeouts.idle_ms ?? defaults.idleMs,
      totalMs: timeouts.total_ms ?? defaults.totalMs,
      requestMs: asked.requestTimeoutMs ?? 0,
    },
    limitsLastAttempt,
  };
}
