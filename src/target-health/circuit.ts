/** What a circuit does to calls: lets all through, none, or a growing share. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** When a circuit opens, and how it closes again. */
export interface CircuitRules {
  /** Failures in a row that open it. */
  readonly consecutiveFailures: number;
  /** Or this share of failures among at least `minCalls` of the last `windowMs`. */
  readonly failureRate: number;
  readonly minCalls: number;
  readonly windowMs: number;
  /** The first pause; each opening without a success between doubles it, up to `maxPauseMs`. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  /** Shares of calls let through while half open; each success moves one on, the last closes it. */
  readonly ramp: readonly number[];
}

export const CIRCUIT_RULES: CircuitRules = {
  consecutiveFailures: 5,
  failureRate: 0.5,
  minCalls: 20,
  windowMs: 30_000,
  pauseMs: 5_000,
  maxPauseMs: 60_000,
  ramp: [0.05, 0.1, 0.25, 0.5],
};

/** The breaker of one target: passive signals only. Time and chance come in, so that a test can replay it. */
export class Circuit {
  state: CircuitState = 'closed';
  /** Milliseconds since 1970 until which an open circuit lets nothing through. */
  openUntil = 0;
  consecutiveFailures = 0;
  private pauses = 0;
  private rampStep = 0;
  /** When the probe that is out was sent; null: none is. */
  private probedAt: number | null = null;
  private windowStart = 0;
  private calls = 0;
  private failures = 0;

  constructor(private readonly rules: CircuitRules = CIRCUIT_RULES) {}

  /** May a call be tried here? A half-open circuit lets one probe through at a time, then a growing share. */
  admits(now: number, roll: number): boolean {
    // Further away than any pause: the clock was put back.
    if (this.state === 'open' && (now >= this.openUntil || this.openUntil - now > this.rules.maxPauseMs)) {
      this.state = 'half_open';
      this.rampStep = 0;
      this.probedAt = null;
    }
    if (this.state === 'closed') return true;
    if (this.state === 'open') return false;
    if (this.rampStep === 0) {
      // A probe whose caller has left says nothing: after a while another may go.
      if (this.probedAt !== null && Math.abs(now - this.probedAt) < this.rules.pauseMs) return false;
      this.probedAt = now;
      return true;
    }
    return roll < (this.rules.ramp[this.rampStep] ?? 1);
  }

  succeeded(now: number): void {
    this.consecutiveFailures = 0;
    this.count(now, false);
    if (this.state !== 'half_open') return;
    this.probedAt = null;
    if (++this.rampStep < this.rules.ramp.length) return;
    this.state = 'closed';
    this.pauses = 0;
    this.calls = 0;
    this.failures = 0;
  }

  failed(now: number): void {
    this.consecutiveFailures++;
    this.count(now, true);
    const { consecutiveFailures, failureRate, minCalls } = this.rules;
    const isBad =
      this.consecutiveFailures >= consecutiveFailures ||
      (this.calls >= minCalls && this.failures / this.calls >= failureRate);
    if (this.state === 'half_open' || (this.state === 'closed' && isBad)) this.open(now);
  }

  /** Another replica's circuit for the same target has opened: a closed one here opens for as long. */
  openedElsewhere(until: number): void {
    if (this.state !== 'closed') return;
    this.state = 'open';
    this.openUntil = until;
  }

  private open(now: number): void {
    this.state = 'open';
    this.openUntil = now + Math.min(this.rules.pauseMs * 2 ** this.pauses, this.rules.maxPauseMs);
    this.pauses++;
    this.calls = 0;
    this.failures = 0;
  }

  private count(now: number, isFailure: boolean): void {
    if (now - this.windowStart > this.rules.windowMs) {
      this.windowStart = now;
      this.calls = 0;
      this.failures = 0;
    }
    this.calls++;
    if (isFailure) this.failures++;
  }
}
