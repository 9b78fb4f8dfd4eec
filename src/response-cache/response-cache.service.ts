import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Awaitable } from '../common/awaitable.js';
import type { Cancellation } from '../common/cancellation.js';
import { responseCacheConfig } from '../config/response-cache.config.js';
import type { ProviderReply } from '../providers/provider-client.service.js';
import { SharedState } from '../state/shared-state.js';
import { type CachedAnswer, decodeAnswer, encodeAnswer, toCachedAnswer } from './cached-answer.js';
import { cacheKey, type CacheQuestion, type CacheTenant } from './cache-key.js';
import { Flights, type Landing } from './flights.js';
import { toReply } from './replay.js';

/** Calls that wait for another's answer, all together. */
const MAX_WAITING = 5_000;

/** What the cache has for a call: an answer, the task of fetching it for all who ask the same, or nothing to do with it. */
export type CacheFinding =
  | { readonly kind: 'hit'; readonly reply: ProviderReply }
  | { readonly kind: 'miss'; readonly fetch: CacheFetch }
  | { readonly kind: 'none' };

const NONE: CacheFinding = { kind: 'none' };

/**
 * Answers that stand for others: exact, per tenant and credential, complete ones only. Identical calls at one time are one call to
 * the provider, in each replica for itself.
 */
@Injectable()
export class ResponseCache {
  private readonly flights: Flights<CachedAnswer>;
  private readonly maxEntryBytes: number;

  constructor(
    private readonly state: SharedState,
    @Inject(responseCacheConfig.KEY) config: ConfigType<typeof responseCacheConfig>,
  ) {
    this.flights = new Flights(MAX_WAITING, config.maxWaitMs);
    this.maxEntryBytes = config.maxEntryBytes;
  }

  /** Throws `StateUnavailable` where the operator wants no call without its cache. */
  ask(
    tenant: CacheTenant,
    question: CacheQuestion,
    ttlMs: number,
    cancellation: Cancellation,
  ): Awaitable<CacheFinding> {
    const key = cacheKey(tenant, question);
    const landing = this.flights.join(key, cancellation);
    if (landing instanceof Promise) return landing.then((ended) => this.toFinding(ended, key, ttlMs));
    if (landing !== null) return this.toFinding(landing, key, ttlMs);
    const block = this.state.getBlob(key);
    if (!(block instanceof Promise)) return this.found(block, key, ttlMs);
    return block.then(
      (value) => this.found(value, key, ttlMs),
      (error: unknown) => {
        this.flights.scatter(key);
        throw error;
      },
    );
  }

  private found(block: Buffer | null, key: string, ttlMs: number): CacheFinding {
    const answer = block === null ? null : decodeAnswer(block);
    if (answer === null) return this.toFetch(key, ttlMs);
    this.flights.land(key, answer);
    this.flights.close(key);
    return { kind: 'hit', reply: toReply(answer) };
  }

  private toFinding(landing: Landing<CachedAnswer>, key: string, ttlMs: number): CacheFinding {
    if (landing.kind === 'answer') return { kind: 'hit', reply: toReply(landing.answer) };
    return landing.kind === 'lead' ? this.toFetch(key, ttlMs) : NONE;
  }

  private toFetch(key: string, ttlMs: number): CacheFinding {
    return { kind: 'miss', fetch: new CacheFetch(this.flights, this.state, key, ttlMs, this.maxEntryBytes) };
  }
}

/** The task of fetching an answer that others may wait for. Ends with one of its methods. */
export class CacheFetch {
  constructor(
    private readonly flights: Flights<CachedAnswer>,
    private readonly state: SharedState,
    private readonly key: string,
    private readonly ttlMs: number,
    private readonly maxBytes: number,
  ) {}

  /** Keeps the answer when it is complete, for those who wait and those who come. For before it is presented. */
  answered(reply: ProviderReply): void {
    if (reply.kind === 'json') {
      this.keep(reply, reply.body.length <= this.maxBytes ? [reply.body] : null);
      return;
    }
    const { stream } = reply;
    stream.keep(this.maxBytes);
    stream.observe((outcome) => {
      if (outcome === 'completed')
        this.keep(reply, stream.keepsAll && stream.sent <= this.maxBytes ? stream.kept : null);
      else if (outcome === 'aborted') this.left();
      else this.failed();
    });
  }

  /** There will be no answer to share. */
  failed(): void {
    this.flights.scatter(this.key);
  }

  /** The caller is gone; somebody else who waits has to fetch. */
  left(): void {
    this.flights.handOver(this.key);
  }

  /** @param pieces Null: it was too large. */
  private keep(reply: ProviderReply, pieces: readonly Buffer[] | null): void {
    const answer = pieces === null ? null : toCachedAnswer(reply, pieces);
    if (answer === null) {
      this.failed();
      return;
    }
    this.flights.land(this.key, answer);
    // Encoded, the pieces are a copy: what comes from the provider is parts of larger blocks, which would be held as well.
    const written = this.state.setBlob(this.key, encodeAnswer(answer), this.ttlMs);
    if (written instanceof Promise) void written.catch(() => undefined).then(() => this.flights.close(this.key));
    else this.flights.close(this.key);
  }
}
