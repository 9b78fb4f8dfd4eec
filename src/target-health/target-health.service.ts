import { Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import { Clock } from '../common/clock.js';
import { Dice } from '../common/dice.js';
import { errorClassOf } from '../common/errors/error-class.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { retryAfterMs } from '../common/retry-after.js';
import { Circuit, type CircuitState } from './circuit.js';

/** One thing whose health is kept: a model at a provider, with the stored key used there. */
export interface HealthSubject {
  readonly gatewayInternalId: string;
  readonly provider: string;
  readonly model: string;
  /** The stored key's id; null where the provider needs none. Keys that callers bring are their own affair. */
  readonly keyId: string | null;
  readonly keyAlias: string | null;
}

/** What the admin API shows of one. Times are milliseconds since 1970. */
export interface HealthReport extends HealthSubject {
  readonly circuit: CircuitState;
  readonly consecutiveFailures: number;
  readonly openUntil: number | null;
  /** The key is left alone until then: the provider said so, or refused it. */
  readonly parkedUntil: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: number | null;
}

/** A circuit that has opened, and until when (milliseconds since 1970). */
export interface CircuitOpening {
  readonly subject: HealthSubject;
  readonly until: number;
}

interface Health {
  readonly subject: HealthSubject;
  readonly circuit: Circuit;
  lastError: string | null;
  lastErrorAt: number | null;
}

/** How long a key that was refused, or has no money left, is left alone. */
const DEAD_KEY_MS = 60_000;
/** A `retry-after` beyond this is cut: a provider's mistake must not take a key away for a day. */
const MAX_PARKING_MS = 60 * 60 * 1000;
/** Targets that nobody has called make room beyond this many. */
const MAX_TARGETS = 10_000;

/**
 * What is known of the targets from the calls that were made: a circuit for each target, and a parking place for keys. It steers
 * calls away where there is another way and never refuses the only one: a caller of a single provider sees that provider.
 */
@Injectable()
export class TargetHealth {
  private readonly targets = new Map<string, Health>();
  private readonly openings = new Subject<CircuitOpening>();
  /** Circuits as they open, by what happened here. */
  readonly opened$: Observable<CircuitOpening> = this.openings.asObservable();
  /** Keys, or keys for a model, that are left alone, and until when. */
  private readonly parked = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly dice: Dice,
  ) {}

  /** Should a call be tried here, given that there is another way? */
  admits(subject: HealthSubject): boolean {
    // Nothing has ever failed: the ordinary case.
    if (this.targets.size === 0) return true;
    if (subject.keyId !== null && this.isParked(subject.keyId, subject.model)) return false;
    return this.targets.get(idOf(subject))?.circuit.admits(this.clock.now(), this.dice.roll()) ?? true;
  }

  /** Is this key to be left alone, for this model? */
  isParked(keyId: string, model: string): boolean {
    if (this.parked.size === 0) return false;
    const now = this.clock.now();
    return this.parkedUntil(keyId, now) !== null || this.parkedUntil(parkingOf(keyId, model), now) !== null;
  }

  succeeded(subject: HealthSubject): void {
    if (this.targets.size > 0) this.targets.get(idOf(subject))?.circuit.succeeded(this.clock.now());
  }

  /** Errors of the caller's own making say nothing of a target. */
  failed(subject: HealthSubject, error: GatewayError): void {
    const now = this.clock.now();
    const kind = errorClassOf(error);
    if (kind === 'caller' || kind === 'context_length' || kind === 'content_filter' || kind === 'not_found') return;
    const health = this.healthOf(subject);
    health.lastError = kind;
    health.lastErrorAt = now;
    if (subject.keyId !== null && (kind === 'auth' || kind === 'quota')) {
      this.parked.set(subject.keyId, now + DEAD_KEY_MS);
      return;
    }
    if (kind === 'rate_limit') {
      const wait = retryAfterMs(error.details.headers, now);
      if (subject.keyId !== null && wait !== null) {
        this.parked.set(parkingOf(subject.keyId, subject.model), now + Math.min(wait, MAX_PARKING_MS));
      }
      return;
    }
    const { circuit } = health;
    const before = circuit.state;
    circuit.failed(now);
    if (circuit.state === 'open' && before !== 'open') this.openings.next({ subject, until: circuit.openUntil });
  }

  /** Another replica's calls have failed there. */
  openedElsewhere({ subject, until }: CircuitOpening): void {
    if (until > this.clock.now()) this.healthOf(subject).circuit.openedElsewhere(until);
  }

  /** Leaves a key alone, for this model, until then: it has been used as often as it may. */
  park(keyId: string, model: string, until: number): void {
    this.parked.set(parkingOf(keyId, model), until);
  }

  /** Targets that have been in trouble, of one gateway or of all, and how they stand. */
  report(gatewayInternalId: string | null): readonly HealthReport[] {
    const now = this.clock.now();
    return [...this.targets.values()]
      .filter(({ subject }) => gatewayInternalId === null || subject.gatewayInternalId === gatewayInternalId)
      .map(({ subject, circuit, lastError, lastErrorAt }) => ({
        ...subject,
        circuit: circuit.state,
        consecutiveFailures: circuit.consecutiveFailures,
        openUntil: circuit.state === 'open' ? circuit.openUntil : null,
        parkedUntil:
          subject.keyId === null
            ? null
            : (this.parkedUntil(subject.keyId, now) ?? this.parkedUntil(parkingOf(subject.keyId, subject.model), now)),
        lastError,
        lastErrorAt,
      }));
  }

  /** Forgets what is known of a gateway's targets, or of one provider's among them. Returns how many. */
  reset(gatewayInternalId: string, provider: string | null): number {
    let count = 0;
    for (const [id, { subject }] of this.targets) {
      if (subject.gatewayInternalId !== gatewayInternalId) continue;
      if (provider !== null && subject.provider !== provider) continue;
      this.targets.delete(id);
      if (subject.keyId !== null) {
        this.parked.delete(subject.keyId);
        this.parked.delete(parkingOf(subject.keyId, subject.model));
      }
      count++;
    }
    return count;
  }

  private parkedUntil(place: string, now: number): number | null {
    const until = this.parked.get(place);
    if (until === undefined) return null;
    if (until > now) return until;
    this.parked.delete(place);
    return null;
  }

  private healthOf(subject: HealthSubject): Health {
    const id = idOf(subject);
    let health = this.targets.get(id);
    if (health === undefined) {
      health = { subject, circuit: new Circuit(), lastError: null, lastErrorAt: null };
      // Map keeps the order of insertion: the first is the oldest.
      if (this.targets.size >= MAX_TARGETS) this.targets.delete(this.targets.keys().next().value ?? '');
      this.targets.set(id, health);
    }
    return health;
  }
}

const idOf = ({ gatewayInternalId, provider, model, keyId }: HealthSubject): string =>
  JSON.stringify([gatewayInternalId, provider, model, keyId]);

/** A rate limit mostly holds for a model, so another model may still be asked with the same key. */
const parkingOf = (keyId: string, model: string): string => `${keyId} ${model}`;
