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
  track<R extends ServedReply>(reply: R): R {
    const firstContentMs = this.clock.now() - this.startedAt;
    if (reply.kind === 'json') this.announce(reply, reply.facts, 'completed', 200, null, firstContentMs);
    else {
      const { stream } = reply;
      stream.observe((outcome, error) => this.announce(reply, stream.facts, outcome, 200, error, firstContentMs));
    }
    return reply;
  }

  /** Returns the same error. */
  failed<E>(error: E): E {
    const told = error instanceof GatewayError ? error : null;
    const outcome = told === null ? 'aborted' : 'failed';
    const { provider = null, model = null } = told?.details ?? {};
    this.announce({ provider, model, step: 0 }, {}, outcome, told?.status ?? 499, told, null);
    return error;
  }

  private announce(
    served: { readonly provider: string | null; readonly model: string | null; readonly step: number },
    { usage, finishReason, events }: AnswerFacts,
    outcome: StreamOutcome,
    status: number,
    error: GatewayError | null,
    firstContentMs: number | null,
  ): void {
    const estimate =
      usage === undefined && events !== undefined ? estimatedUsage(this.facts.requestBytes, events) : null;
    this.finished.next({
      ...this.facts,
      outcome,
      status,
      provider: served.provider,
      model: served.model,
      step: served.step,
      finishReason: finishReason ?? null,
      usage: usage ?? estimate,
      usageSource: usage !== undefined ? 'provider' : estimate === null ? null : 'estimated',
      attempts: this.attempts,
      error: error?.key ?? null,
      startedAt: this.startedAt,
      firstContentMs,
      durationMs: this.clock.now() - this.startedAt,
    });
  }
}
