import type { AttemptOverrides, Backoff } from '../contract/attempt-headers.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { AttemptTimeouts } from '../providers/provider-client.service.js';
import type { TargetOverrides } from './route-plan.js';

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

/** A gateway's own time-outs over the operator's, by the settings they were made from: settings never change in place. */
const merged = new WeakMap<GatewaySettings['engine'], AttemptTimeouts>();

/**
 * Resolves what holds for a target: step > header > gateway > default.
 * @param defaults The operator's timeouts.
 */
export function attemptPolicy(
  step: TargetOverrides,
  header: AttemptOverrides,
  gateway: GatewaySettings,
  defaults: AttemptTimeouts,
): AttemptPolicy {
  const timeouts = timeoutsOf(gateway.engine, defaults);
  return {
    maxAttempts: step.maxAttempts ?? header.maxAttempts ?? gateway.retryMaxAttempts ?? 1,
    retryDelayMs: step.retryDelayMs ?? header.retryDelayMs ?? gateway.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS,
    backoff: step.backoff ?? header.backoff ?? gateway.retryBackoff ?? 'constant',
    timeouts: withRequestTimeout(
      step.timeouts === undefined ? timeouts : { ...timeouts, ...step.timeouts },
      step.requestTimeoutMs ?? header.requestTimeoutMs ?? 0,
    ),
    limitsLastAttempt: step.limitsLastAttempt ?? gateway.engine.request_timeout_on_last_attempt ?? false,
  };
}

export const withRequestTimeout = (timeouts: AttemptTimeouts, requestMs: number): AttemptTimeouts =>
  timeouts.requestMs === requestMs ? timeouts : { ...timeouts, requestMs };

function timeoutsOf(engine: GatewaySettings['engine'], defaults: AttemptTimeouts): AttemptTimeouts {
  let timeouts = merged.get(engine);
  if (timeouts === undefined) {
    const own = engine.timeouts ?? {};
    timeouts = {
      connectMs: own.connect_ms ?? defaults.connectMs,
      headersMs: own.headers_ms ?? defaults.headersMs,
      firstTokenMs: own.first_token_ms ?? defaults.firstTokenMs,
      idleMs: own.idle_ms ?? defaults.idleMs,
      totalMs: own.total_ms ?? defaults.totalMs,
      requestMs: 0,
    };
    merged.set(engine, timeouts);
  }
  return timeouts;
}
