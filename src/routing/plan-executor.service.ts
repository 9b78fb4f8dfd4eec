import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Cancellation } from '../common/cancellation.js';
import { Clock } from '../common/clock.js';
import { Dice } from '../common/dice.js';
import { errorClassOf } from '../common/errors/error-class.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { transportConfig } from '../config/transport.config.js';
import { type Attempt, presentAttempts } from '../providers/attempt.js';
import { type AttemptTimeouts, ProviderClient } from '../providers/provider-client.service.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { ProviderCredential } from '../providers/provider-strategy.js';
import type { ServedReply } from '../providers/served-reply.js';
import { type HealthSubject, TargetHealth } from '../target-health/target-health.service.js';
import { type AttemptPolicy, attemptPolicy, withRequestTimeout } from './attempt-policy.js';
import type { CallRequest } from './call-request.js';
import { CredentialResolver } from './credential-resolver.service.js';
import { retryDelayMs } from './retry-policy.js';
import type { PlannedTarget, RoutePlan } from './route-plan.js';

/** One try about to be made. */
interface Try {
  readonly planned: PlannedTarget;
  readonly credential: ProviderCredential | null;
  readonly subject: HealthSubject;
  readonly attempt: Attempt;
}

/**
 * Tries a plan's targets until one answers: attempts, backoff, health and the ledger are here, for every kind of call. It knows
 * nothing of graphs or models' names; the plan knows nothing of HTTP.
 */
@Injectable()
export class PlanExecutor {
  private readonly timeouts: AttemptTimeouts;

  constructor(
    private readonly credentials: CredentialResolver,
    private readonly registry: ProviderRegistry,
    private readonly client: ProviderClient,
    private readonly health: TargetHealth,
    private readonly clock: Clock,
    private readonly dice: Dice,
    @Inject(transportConfig.KEY) config: ConfigType<typeof transportConfig>,
  ) {
    const { connectTimeoutMs, headersTimeoutMs, firstTokenTimeoutMs, idleTimeoutMs, totalTimeoutMs } = config;
    this.timeouts = {
      connectMs: connectTimeoutMs,
      headersMs: headersTimeoutMs,
      firstTokenMs: firstTokenTimeoutMs,
      idleMs: idleTimeoutMs,
      totalMs: totalTimeoutMs,
      requestMs: 0,
    };
  }

  /**
   * Throws the last target's error, with the ledger in its metadata.
   * @param attempts The ledger: filled as the call goes on, and read when it has ended.
   */
  async execute(
    plan: RoutePlan,
    request: CallRequest,
    attempts: Attempt[],
    cancellation: Cancellation,
  ): Promise<ServedReply> {
    let lastError: GatewayError | null = null;
    for (let planned = plan.next(null); planned !== null; planned = plan.next(lastError)) {
      const last = attempts.at(-1);
      if (last !== undefined) last.next = 'fallback';
      const outcome = await this.tryTarget(planned, request, attempts, cancellation);
      if (!(outcome instanceof GatewayError)) return outcome;
      lastError = outcome;
    }
    const last = attempts.at(-1);
    if (last !== undefined) last.next = 'none';
    throw explained(lastError ?? new GatewayError('internal', 'The route has no target.'), attempts, request.requestId);
  }

  /** All tries at one target. Returns the error of the last; throws only when the call itself is given up. */
  private async tryTarget(
    planned: PlannedTarget,
    request: CallRequest,
    attempts: Attempt[],
    cancellation: Cancellation,
  ): Promise<ServedReply | GatewayError> {
    const { gateway } = request.access;
    const policy = attemptPolicy(planned.overrides, request.overrides, gateway, this.timeouts);
    for (let attempt = 1; ; attempt++) {
      let current: Try;
      try {
        current = this.prepare(planned, request);
      } catch (error) {
        if (error instanceof GatewayError) return error;
        throw error;
      }
      attempts.push(current.attempt);
      // A retry has been decided on already, with its wait.
      if (attempt === 1 && !planned.isLast && !this.health.admits(current.subject)) {
        current.attempt.outcome = 'skipped';
        return new GatewayError(
          'upstream_failed',
          `${planned.strategy.id}/${planned.model} is left alone after its last failures.`,
          {
            provider: planned.strategy.id,
            model: planned.model,
          },
        );
      }
      const isVeryLast = planned.isLast && attempt >= policy.maxAttempts;
      const outcome = await this.attempt(current, request, this.limits(policy, isVeryLast), attempts, cancellation);
      if (!(outcome instanceof GatewayError)) return outcome;
      const delay = this.delayBefore(outcome, attempt, policy, current, request);
      if (delay === null) return outcome;
      current.attempt.next = 'retry';
      if (delay > 0) await cancellation.wait(delay);
    }
  }

  /** `cf-aig-request-timeout` does not hold for the very last attempt: whoever has no other way waits. */
  private limits({ timeouts, limitsLastAttempt }: AttemptPolicy, isVeryLast: boolean): AttemptTimeouts {
    return isVeryLast && !limitsLastAttempt ? withRequestTimeout(timeouts, 0) : timeouts;
  }

  private prepare(planned: PlannedTarget, request: CallRequest): Try {
    const { strategy, model, step } = planned;
    const { gateway } = request.access;
    const usable = (keyId: string) => !this.health.isParked(keyId, model);
    const credential = this.credentials.resolve(request.access, strategy, request.keyAlias, usable);
    const key = credential === null ? null : credential.source === 'inline' ? 'inline' : credential.alias;
    return {
      planned,
      credential,
      subject: {
        gatewayInternalId: gateway.internalId,
        provider: strategy.id,
        model,
        keyId: credential?.keyId ?? null,
        keyAlias: credential?.alias ?? null,
      },
      attempt: {
        step,
        provider: strategy.id,
        model,
        key,
        startedAt: this.clock.now(),
        outcome: 'ok',
        status: null,
        durationMs: 0,
        bytes: 0,
        next: null,
      },
    };
  }

  private async attempt(
    { planned, credential, subject, attempt }: Try,
    request: CallRequest,
    timeouts: AttemptTimeouts,
    attempts: readonly Attempt[],
    cancellation: Cancellation,
  ): Promise<ServedReply | GatewayError> {
    const { strategy, model } = planned;
    const target = {
      provider: strategy.id,
      model,
      base: this.registry.baseOf(strategy, credential),
      credential,
      accountId: request.access.gateway.accountId,
      completionId: `chatcmpl-${request.requestId}`,
      createdAt: Math.floor(attempt.startedAt / 1000),
    };
    // Keys that callers bring, and what they meet with them, are their own affair.
    const isOurs = credential?.source !== 'inline';
    try {
      const reply = await this.client.ask(strategy, request.call, target, timeouts, cancellation);
      attempt.status = 200;
      attempt.durationMs = this.clock.now() - attempt.startedAt;
      if (reply.kind === 'json') {
        attempt.bytes = reply.body.length;
        if (isOurs) this.health.succeeded(subject);
      } else {
        const { stream } = reply;
        stream.observe((outcome, error) => {
          attempt.durationMs = this.clock.now() - attempt.startedAt;
          attempt.bytes = stream.received;
          if (outcome === 'aborted') attempt.outcome = 'aborted';
          else if (error !== null) attempt.outcome = errorClassOf(error);
          if (!isOurs) return;
          if (outcome === 'completed') this.health.succeeded(subject);
          else if (outcome !== 'aborted' && error !== null) this.health.failed(subject, error);
        });
      }
      return { reply, attempt, attempts };
    } catch (error) {
      attempt.durationMs = this.clock.now() - attempt.startedAt;
      if (!(error instanceof GatewayError)) {
        attempt.outcome = 'aborted';
        throw error;
      }
      attempt.outcome = errorClassOf(error);
      attempt.status = error.key === 'upstream_error' ? error.status : null;
      if (isOurs) this.health.failed(subject, error);
      return error;
    }
  }

  /** Another key of the pool needs no waiting; the same one does. */
  private delayBefore(
    error: GatewayError,
    attempt: number,
    policy: AttemptPolicy,
    { planned, subject }: Try,
    { access, keyAlias }: CallRequest,
  ): number | null {
    const isParked = subject.keyId !== null && this.health.isParked(subject.keyId, subject.model);
    if (isParked && attempt < policy.maxAttempts) {
      const others = (keyId: string) => keyId !== subject.keyId && !this.health.isParked(keyId, subject.model);
      if (this.credentials.hasUsable(access, planned.strategy, keyAlias, others)) return 0;
    }
    return retryDelayMs(error, attempt, policy, this.dice, this.clock.now());
  }
}

/** The same error with the facts that help to find its cause. Errors of the caller's own making need none. */
function explained(error: GatewayError, attempts: readonly Attempt[], requestId: string): GatewayError {
  const last = attempts.at(-1);
  if (error.internalCode !== 2005 || last === undefined) return error;
  return new GatewayError(error.key, error.message, {
    ...error.details,
    metadata: {
      target: `${last.provider}/${last.model}`,
      attempts: presentAttempts(attempts),
      upstream_status: last.status,
      request_id: requestId,
      ...error.details.metadata,
    },
  });
}
