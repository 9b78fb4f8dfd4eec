import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { OpenCall } from '../accounting/call-recorder.service.js';
import type { Cancellation } from '../common/cancellation.js';
import { Clock } from '../common/clock.js';
import { Dice } from '../common/dice.js';
import { errorClassOf } from '../common/errors/error-class.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { unexpectedError } from '../common/errors/unexpected-error.js';
import { transportConfig } from '../config/transport.config.js';
import { type Attempt, MAX_ATTEMPTS_HEADER, presentAttempts, toAttemptsHeader } from '../providers/attempt.js';
import { headerSafe } from '../contract/gateway-headers.js';
import { type AttemptTimeouts, ProviderClient, type ProviderReply } from '../providers/provider-client.service.js';
import { presentRoute, type RouteTaken, toRouteHeader } from '../contract/route-taken.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { ProviderCredential } from '../providers/provider-strategy.js';
import { type ServedReply, statusOf } from '../providers/served-reply.js';
import { cacheTtlMs } from '../response-cache/cache-policy.js';
import { type CacheQuestion, tenantOf } from '../response-cache/cache-key.js';
import { type CacheFinding, ResponseCache } from '../response-cache/response-cache.service.js';
import { type HealthSubject, TargetHealth } from '../target-health/target-health.service.js';
import { type AttemptPolicy, attemptPolicy, withRequestTimeout } from './attempt-policy.js';
import { CallLimits } from './call-limits.service.js';
import type { CallRequest } from './call-request.js';
import { CredentialResolver } from './credential-resolver.service.js';
import { retryDelayMs } from './retry-policy.js';
import type { PlannedTarget, RefusedTarget, RoutePlan } from './route-plan.js';

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
  private readonly logger = new Logger(PlanExecutor.name);
  private readonly timeouts: AttemptTimeouts;

  constructor(
    private readonly credentials: CredentialResolver,
    private readonly registry: ProviderRegistry,
    private readonly client: ProviderClient,
    private readonly health: TargetHealth,
    private readonly limits: CallLimits,
    private readonly cache: ResponseCache,
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
   * @param call Its ledger is filled as the call goes on, and read when it has ended.
   */
  async execute(plan: RoutePlan, call: OpenCall, cancellation: Cancellation): Promise<ServedReply> {
    const { attempts } = call;
    let lastError: GatewayError | null = null;
    for (;;) {
      const next = plan.next(lastError);
      const planned = next instanceof Promise ? await next : next;
      call.route = plan.route?.taken ?? null;
      if (planned === null) break;
      const last = attempts.at(-1);
      if (last !== undefined) last.next = 'fallback';
      if ('refusal' in planned) {
        attempts.push(this.refused(planned));
        lastError = planned.refusal;
        continue;
      }
      const asked = planned.request;
      call.turnTo(asked);
      const tried = attempts.length;
      const ttlMs = cacheTtlMs(asked.cache, asked.access.gateway, asked.call);
      const outcome = await (ttlMs === 0
        ? this.tryTarget(planned, asked, call, cancellation)
        : this.throughCache(planned, asked, ttlMs, call, cancellation));
      if (outcome instanceof GatewayError && attempts.length === tried)
        attempts.push(this.refused({ ...planned, provider: planned.strategy.id }));
      if (!(outcome instanceof GatewayError)) {
        if (plan.route === undefined) return outcome;
        const passed = plan.route.answered();
        if (passed instanceof Promise) await passed;
        return { ...outcome, route: plan.route.taken };
      }
      lastError = outcome;
    }
    const last = attempts.at(-1);
    if (last !== undefined) last.next = 'none';
    const error = lastError ?? plan.route?.failure ?? new GatewayError('internal', 'The route has no target.');
    throw withRoute(explained(error, attempts, call.requestId), call.route);
  }

  /** An answer that is kept for such a call, else the target's own, which is kept then. */
  private async throughCache(
    planned: PlannedTarget,
    request: CallRequest,
    ttlMs: number,
    call: OpenCall,
    cancellation: Cancellation,
  ): Promise<ServedReply | GatewayError> {
    const arrived = this.limits.arrive(call, request);
    const refusal = arrived instanceof Promise ? await arrived : arrived;
    if (refusal !== null) throw refusal.error;
    let finding: CacheFinding;
    try {
      const question = this.questionOf(planned, request);
      const asked = this.cache.ask(tenantOf(request.access.gateway), question, ttlMs, cancellation);
      finding = asked instanceof Promise ? await asked : asked;
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
    if (finding.kind === 'hit') return this.fromCache(finding.reply, planned, call);
    const fetch = finding.kind === 'miss' ? finding.fetch : null;
    try {
      const outcome = await this.tryTarget(planned, request, call, cancellation);
      if (outcome instanceof GatewayError) fetch?.failed();
      else fetch?.answered(outcome.reply);
      return outcome;
    } catch (error) {
      fetch?.left();
      throw error;
    }
  }

  /** Throws as the search for a credential does: what is kept is for those who could ask. */
  private questionOf(
    { strategy, model }: PlannedTarget,
    { access, call, keyAlias, cache }: CallRequest,
  ): CacheQuestion {
    const credential = this.credentials.resolve(access, strategy, keyAlias, () => true);
    const { id: provider, revision = '' } = strategy;
    return { provider, revision, model, credential, keyAlias, call, ownKey: cache.key };
  }

  private fromCache(
    reply: ProviderReply,
    { strategy, model, step, element }: PlannedTarget,
    call: OpenCall,
  ): ServedReply {
    const attempt: Attempt = {
      step,
      provider: strategy.id,
      model,
      element: element ?? null,
      key: null,
      startedAt: this.clock.now(),
      outcome: 'cached',
      status: statusOf(reply),
      durationMs: 0,
      bytes: 0,
      next: null,
      phases: null,
    };
    call.attempts.push(attempt);
    const headers = call.meter?.headers;
    return { reply, attempt, attempts: call.attempts, ...(headers === undefined ? {} : { headers }) };
  }

  /** All tries at one target. Returns the error of the last; throws only when the call itself is given up. */
  private async tryTarget(
    planned: PlannedTarget,
    request: CallRequest,
    call: OpenCall,
    cancellation: Cancellation,
  ): Promise<ServedReply | GatewayError> {
    const { gateway } = request.access;
    const policy = attemptPolicy(planned.overrides, request.overrides, gateway, this.timeouts);
    let isAdmitted = false;
    for (let attempt = 1; ; attempt++) {
      let current: Try;
      try {
        current = this.prepare(planned, request);
      } catch (error) {
        if (error instanceof GatewayError) return error;
        throw error;
      }
      call.attempts.push(current.attempt);
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
      const limited = this.limits.admit(call, request, planned, current.credential, isAdmitted);
      const refusal = limited instanceof Promise ? await limited : limited;
      if (refusal !== null) {
        current.attempt.outcome = 'skipped';
        if (refusal.reach === 'call') throw refusal.error;
        if (refusal.reach === 'target' || !this.hasAnotherKey(current, request, refusal.until)) return refusal.error;
        attempt--; // another key of the pool stands in, and that is no retry
        continue;
      }
      isAdmitted = true;
      const isVeryLast = planned.isLast && attempt >= policy.maxAttempts;
      const outcome = await this.attempt(current, request, this.timeoutsOf(policy, isVeryLast), call, cancellation);
      if (!(outcome instanceof GatewayError)) return outcome;
      const delay = this.delayBefore(outcome, attempt, policy, current, request);
      if (delay === null) return outcome;
      current.attempt.next = 'retry';
      if (delay > 0) await cancellation.wait(delay);
    }
  }

  /** `cf-aig-request-timeout` does not hold for the very last attempt: whoever has no other way waits. */
  private timeoutsOf({ timeouts, limitsLastAttempt }: AttemptPolicy, isVeryLast: boolean): AttemptTimeouts {
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
        element: planned.element ?? null,
        key,
        startedAt: this.clock.now(),
        outcome: 'ok',
        status: null,
        durationMs: 0,
        bytes: 0,
        next: null,
        phases: null,
      },
    };
  }

  private async attempt(
    { planned, credential, subject, attempt }: Try,
    request: CallRequest,
    timeouts: AttemptTimeouts,
    call: OpenCall,
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
      attempt.status = statusOf(reply);
      attempt.phases = reply.phases;
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
      const headers = call.meter?.headers;
      return { reply, attempt, attempts: call.attempts, ...(headers === undefined ? {} : { headers }) };
    } catch (cause) {
      attempt.durationMs = this.clock.now() - attempt.startedAt;
      if (!(cause instanceof GatewayError) && cancellation.cancelled) {
        attempt.outcome = 'aborted';
        throw cause;
      }
      // A fault of our own in one target's translation need not be the next one's.
      const error = cause instanceof GatewayError ? cause : this.unexpected(cause, request);
      attempt.outcome = errorClassOf(error);
      attempt.status = error.key === 'upstream_error' ? (error.details.answer?.status ?? error.status) : null;
      if (isOurs && error.key !== 'internal') this.health.failed(subject, error);
      return error;
    }
  }

  private refused({ step, provider, model, element }: Omit<RefusedTarget, 'refusal'>): Attempt {
    return {
      step,
      provider,
      model,
      element: element ?? null,
      key: null,
      startedAt: this.clock.now(),
      outcome: 'refused',
      status: null,
      durationMs: 0,
      bytes: 0,
      next: null,
      phases: null,
    };
  }

  private unexpected(cause: unknown, { requestId }: CallRequest): GatewayError {
    const error = unexpectedError(cause, requestId);
    if (error.key === 'internal')
      this.logger.error({ event: 'attempt.failed', requestId }, cause instanceof Error ? cause.stack : undefined);
    return error;
  }

  /** The key has been used as often as it may: is there another of its pool? */
  private hasAnotherKey({ planned, subject }: Try, { access, keyAlias }: CallRequest, until: number): boolean {
    if (subject.keyId === null) return false;
    this.health.park(subject.keyId, subject.model, until);
    const others = (keyId: string) => keyId !== subject.keyId && !this.health.isParked(keyId, subject.model);
    return this.credentials.hasUsable(access, planned.strategy, keyAlias, others);
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

/** The same error, with the way that led to it. */
function withRoute(error: GatewayError, route: RouteTaken | null): GatewayError {
  if (route === null) return error;
  return error.with({
    headers: { ...error.details.headers, 'cf-aig-route': toRouteHeader(route) },
    metadata: { ...error.details.metadata, route: presentRoute(route) },
  });
}

/** The same error with the facts that help to find its cause. Errors of the caller's own making need none. */
function explained(error: GatewayError, attempts: readonly Attempt[], requestId: string): GatewayError {
  const last = attempts.at(-1);
  if (error.internalCode !== 2005 || last === undefined) return error;
  return error.with({
    headers: {
      ...error.details.headers,
      'cf-aig-step': String(last.step),
      'cf-aig-attempts': headerSafe(toAttemptsHeader(attempts), MAX_ATTEMPTS_HEADER),
    },
    metadata: {
      target: `${last.provider}/${last.model}`,
      attempts: presentAttempts(attempts),
      upstream_status: last.status,
      request_id: requestId,
      ...error.details.metadata,
    },
  });
}
