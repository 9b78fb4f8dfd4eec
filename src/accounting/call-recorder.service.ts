import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import { Clock } from '../common/clock.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { Attempt } from '../providers/attempt.js';
import type { AnswerFacts } from '../providers/provider-strategy.js';
import type { StreamOutcome } from '../providers/chat-stream.js';
import type { ServedReply } from '../providers/served-reply.js';
import { estimatedUsage } from './estimated-usage.js';
import type { CallFacts, CallRecord } from './call-record.js';

/** The stage after the provider: watches a call to its end and announces its record. Changes nothing that passes. */
@Injectable()
export class CallRecorder implements OnApplicationShutdown {
  private readonly finished = new Subject<CallRecord>();
  /** Every finished call, once. */
  readonly calls$: Observable<CallRecord> = this.finished.asObservable();

  constructor(private readonly clock: Clock) {
    const logger = new Logger('Calls');
    if (Logger.isLevelEnabled('debug')) {
      this.calls$.subscribe((record) => logger.debug({ event: 'call.finished', ...record }));
    }
  }

  start(facts: CallFacts): OpenCall {
    return new OpenCall(facts, this.clock, this.finished);
  }

  onApplicationShutdown(): void {
    this.finished.complete();
  }
}

/** One call that has not ended. */
class OpenCall {
  private readonly startedAt: number;
  /** The ledger, for the executor to fill. */
  readonly attempts: Attempt[] = [];

  constructor(
    private readonly facts: CallFacts,
    private readonly clock: Clock,
    private readonly finished: Subject<CallRecord>,
  ) {
    this.startedAt = clock.now();
  }

  /** Returns the same reply; the record follows when it has ended. */
  track(served: ServedReply): ServedReply {
    const { reply, attempt } = served;
    const firstContentMs = this.clock.now() - this.startedAt;
    if (reply.kind === 'json') this.announce(attempt, reply.facts, 'completed', 200, null, firstContentMs);
    else {
      const { stream } = reply;
      stream.observe((outcome, error) => this.announce(attempt, stream.facts, outcome, 200, error, firstContentMs));
    }
    return served;
  }

  /** Returns the same error. */
  failed<E>(error: E): E {
    const told = error instanceof GatewayError ? error : null;
    this.announce(
      this.attempts.at(-1) ?? null,
      NOTHING,
      told === null ? 'aborted' : 'failed',
      told?.status ?? 499,
      told,
      null,
    );
    return error;
  }

  private announce(
    served: Attempt | null,
    { usage, finishReason, events }: AnswerFacts,
    outcome: StreamOutcome,
    status: number,
    error: GatewayError | null,
    firstContentMs: number | null,
  ): void {
    const { facts, startedAt } = this;
    const estimate = usage === undefined && events !== undefined ? estimatedUsage(facts.requestBytes, events) : null;
    // Written out: spreading the facts into it took ten times as long, on every call.
    this.finished.next({
      requestId: facts.requestId,
      eventId: facts.eventId,
      accountId: facts.accountId,
      gatewayId: facts.gatewayId,
      tokenId: facts.tokenId,
      requestedModel: facts.requestedModel,
      streamed: facts.streamed,
      requestBytes: facts.requestBytes,
      outcome,
      status,
      provider: served?.provider ?? null,
      model: served?.model ?? null,
      step: served?.step ?? 0,
      finishReason: finishReason ?? null,
      usage: usage ?? estimate,
      usageSource: usage !== undefined ? 'provider' : estimate === null ? null : 'estimated',
      attempts: this.attempts,
      error: error?.key ?? null,
      errorMessage: error?.message ?? null,
      startedAt,
      firstContentMs,
      durationMs: this.clock.now() - startedAt,
    });
  }
}

const NOTHING: AnswerFacts = {};
