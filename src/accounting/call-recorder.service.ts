import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import { Clock } from '../common/clock.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { Usage } from '../contract/chat-completion.js';
import { toCompatErrorBody, toGatewayErrorBody } from '../contract/error-body.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { Attempt } from '../providers/attempt.js';
import type { AnswerFacts } from '../providers/provider-strategy.js';
import type { StreamOutcome } from '../providers/chat-stream.js';
import { contentTypeOf, type ServedReply, statusOf } from '../providers/served-reply.js';
import { type CallCost, NO_COST, toCallCost } from './call-cost.js';
import {
  type AskedCall,
  askedFacts,
  type CallFacts,
  type CallRecord,
  keepsPayload,
  MAX_KEPT_BYTES,
} from './call-record.js';
import type { CallMeter } from '../metering/call-meter.js';
import { estimatedUsage } from './estimated-usage.js';
import { PriceBook } from './price-book.js';
import { settle } from './spending.js';

/** The stage after the provider: watches a call to its end and announces its record. Changes nothing that passes. */
@Injectable()
export class CallRecorder implements OnApplicationShutdown {
  private readonly finished = new Subject<CallRecord>();
  /** Errors of calls that have been announced. */
  private readonly told = new WeakSet<object>();
  /**
   * Every finished call, once, and before the last byte of its answer goes to the caller: what a subscriber has written down by
   * the time it returns is there when the caller believes that it was answered.
   */
  readonly calls$: Observable<CallRecord> = this.finished.asObservable();

  constructor(
    private readonly clock: Clock,
    private readonly prices: PriceBook,
  ) {
    const logger = new Logger('Calls');
    if (Logger.isLevelEnabled('debug')) this.calls$.subscribe((record) => logger.debug(toLine(record)));
  }

  start(facts: CallFacts): OpenCall {
    return new OpenCall(facts, this.clock, this.prices, this.finished, this.told);
  }

  /** Has the call that failed with this error been announced? */
  hasTold(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.told.has(error);
  }

  onApplicationShutdown(): void {
    this.finished.complete();
  }
}

/** One call that has not ended. */
export class OpenCall {
  private readonly startedAt: number;
  /** The ledger, for the executor to fill. */
  readonly attempts: Attempt[] = [];
  /** Where something limits the call, the executor opens it. */
  meter: CallMeter | null = null;
  /** The dynamic route that it takes. */
  route: RouteTaken | null = null;

  constructor(
    private facts: CallFacts,
    private readonly clock: Clock,
    private readonly prices: PriceBook,
    private readonly finished: Subject<CallRecord>,
    private readonly told: WeakSet<object>,
  ) {
    this.startedAt = clock.now();
  }

  get requestId(): string {
    return this.facts.requestId;
  }

  /** Of a universal call, the step whose turn it is now stands for it. */
  turnTo(asked: AskedCall): void {
    if (this.facts.inbound.surface === 'universal') this.facts = { ...this.facts, ...askedFacts(asked) };
  }

  /** Returns the same reply; the record follows when it has ended. */
  track(served: ServedReply): ServedReply {
    const { reply, attempt } = served;
    const firstContentMs = this.clock.now() - this.startedAt;
    const keeps = keepsPayload(this.facts);
    if (reply.kind === 'json') {
      const { body, facts } = reply;
      const kept = keeps ? [body.length <= MAX_KEPT_BYTES ? body : body.subarray(0, MAX_KEPT_BYTES)] : null;
      this.announce(attempt, facts, 'completed', 200, null, firstContentMs, JSON_TYPE, body.length, kept);
    } else {
      const { stream } = reply;
      const [status, type] = [statusOf(reply), contentTypeOf(reply)];
      if (keeps) stream.keep(MAX_KEPT_BYTES);
      stream.observe((outcome, error) =>
        this.announce(attempt, stream.facts, outcome, status, error, firstContentMs, type, stream.sent, stream.kept),
      );
    }
    return served;
  }

  /** Returns the same error. */
  failed<E>(error: E): E {
    const { facts } = this;
    const told = error instanceof GatewayError ? error : null;
    if (told !== null) this.told.add(told);
    const body = told !== null && keepsPayload(facts) ? errorBodyOf(told, facts) : null;
    this.announce(
      this.attempts.at(-1) ?? null,
      NOTHING,
      told === null ? 'aborted' : 'failed',
      told?.details.answer?.status ?? told?.status ?? 499,
      told,
      null,
      JSON_TYPE,
      body?.length ?? 0,
      body === null ? null : [body],
    );
    return error;
  }

  private announce(
    served: Attempt | null,
    answered: AnswerFacts,
    outcome: StreamOutcome,
    status: number,
    error: GatewayError | null,
    firstContentMs: number | null,
    responseContentType: string,
    responseBytes: number,
    responseBody: readonly Buffer[] | null,
  ): void {
    const { facts, startedAt } = this;
    const { usage, finishReason, events } = answered;
    // What was refused may be nobody's name.
    const wasTried = served !== null && served.outcome !== 'refused';
    const estimate = usage === undefined && events !== undefined ? estimatedUsage(facts.requestBytes, events) : null;
    // Written out: spreading the facts into it took ten times as long, on every call.
    const record: CallRecord = {
      requestId: facts.requestId,
      eventId: facts.eventId,
      gateway: facts.gateway,
      accountId: facts.accountId,
      gatewayId: facts.gatewayId,
      tokenId: facts.tokenId,
      inbound: facts.inbound,
      kind: facts.kind,
      requestedModel: facts.requestedModel,
      streamed: facts.streamed,
      requestBytes: facts.requestBytes,
      requestBody: facts.requestBody,
      customCost: facts.customCost,
      outcome,
      status,
      provider: wasTried ? served.provider : null,
      model: wasTried ? served.model : null,
      step: served?.step ?? 0,
      finishReason: finishReason ?? null,
      usage: usage ?? estimate,
      usageSource: usage !== undefined ? 'provider' : estimate === null ? null : 'estimated',
      cached: served?.outcome === 'cached',
      cost: this.cost(served, usage ?? estimate, answered, outcome),
      attempts: this.attempts,
      attempt: served,
      route: this.route,
      error: error?.key ?? null,
      errorMessage: error?.message ?? null,
      startedAt,
      firstContentMs,
      durationMs: this.clock.now() - startedAt,
      responseContentType,
      responseBytes,
      responseBody,
    };
    if (this.meter !== null) settle(this.meter, record, this.prices);
    this.finished.next(record);
  }

  private cost(
    served: Attempt | null,
    usage: Usage | null,
    { bill, model }: AnswerFacts,
    outcome: StreamOutcome,
  ): CallCost {
    // Whoever answers with an error charges nothing; whoever was left before the end of an answer may.
    if (served === null || served.outcome === 'cached' || (usage === null && outcome === 'failed')) return NO_COST;
    const price = this.prices.find(this.facts.gateway, served.provider, served.model, model, this.startedAt);
    return toCallCost(usage, price, bill, this.facts.customCost);
  }
}

/** Nothing has come of the call, and nobody says that something was used. */
const NOTHING: AnswerFacts = {};
const JSON_TYPE = 'application/json';

/** What the caller is told of it, as the exception filter writes it. */
function errorBodyOf(error: GatewayError, { inbound }: CallFacts): Buffer {
  if (inbound.surface === 'compat') return Buffer.from(JSON.stringify(toCompatErrorBody(error)));
  return error.details.answer?.body ?? Buffer.from(JSON.stringify(toGatewayErrorBody(error)));
}

/** The facts of a call that are for the process's own log: never what was asked or answered. */
const toLine = (record: CallRecord): Record<string, unknown> => ({
  event: 'call.finished',
  requestId: record.requestId,
  accountId: record.accountId,
  gatewayId: record.gatewayId,
  provider: record.provider,
  model: record.model,
  outcome: record.outcome,
  status: record.status,
  error: record.error,
  attempts: record.attempts.length,
  usage: record.usage,
  costNanoUsd: record.cost.charged,
  durationMs: record.durationMs,
});
