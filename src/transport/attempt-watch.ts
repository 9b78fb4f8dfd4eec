import type { TransportFault } from './transport-error.js';

/** How long each phase of an attempt may take, in milliseconds; 0: as long as it likes. */
export interface AttemptTimeouts {
  /** Until there is a connection and the request goes out on it. */
  readonly connectMs: number;
  /** Then until the answer's head. */
  readonly headersMs: number;
  /** For a stream: then until its first real content. */
  readonly firstTokenMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** All of it together. */
  readonly totalMs: number;
  /** From the start to the first byte that could go to the caller: `cf-aig-request-timeout`. */
  readonly requestMs: number;
}

/** When an attempt came to its phases, in milliseconds since 1970; 0: not yet. */
export interface AttemptPhases {
  readonly connectedAt: number;
  readonly headAt: number;
  readonly contentAt: number;
}

export type TimeoutFault = Extract<TransportFault, `${string}_timeout`>;

const NEVER = Number.POSITIVE_INFINITY;

/** `ms` from `now`; never for 0. */
const after = (now: number, ms: number): number => (ms === 0 ? NEVER : now + ms);

/**
 * The clocks of one attempt, on the steady clock of `performance.now()`: setting the time of day neither ends attempts nor lets them go on
 * for ever. Moving to the next phase, or a piece of a body, only writes a field; nothing is scheduled. The one
 * timer behind all attempts is `AttemptClocks`.
 */
export class AttemptWatch implements AttemptPhases {
  connectedAt = 0;
  headAt = 0;
  contentAt = 0;
  /** When the phase it is in must be over. */
  private phaseEnd: number;
  private fault: TimeoutFault = 'connect_timeout';
  private readonly totalEnd: number;
  private requestEnd: number;
  private onTimeout: ((fault: TimeoutFault) => void) | null = null;
  private isStarted = false;

  constructor(
    private readonly timeouts: AttemptTimeouts,
    private readonly streams: boolean,
    now: number,
    /** Those who are looked after: it leaves them when it is done. */
    private readonly watches: Set<AttemptWatch>,
  ) {
    watches.add(this);
    this.phaseEnd = after(now, timeouts.connectMs);
    this.totalEnd = after(now, timeouts.totalMs);
    this.requestEnd = after(now, timeouts.requestMs);
  }

  /** Whom to tell when a clock runs out: at most once. */
  whenOver(onTimeout: (fault: TimeoutFault) => void): void {
    this.onTimeout = onTimeout;
  }

  connected(): void {
    this.connectedAt = this.enter('headers_timeout', this.timeouts.headersMs);
  }

  headCame(): void {
    if (this.streams) this.headAt = this.enter('first_token_timeout', this.timeouts.firstTokenMs);
    else {
      this.contentCame();
      this.headAt = this.contentAt;
    }
  }

  /** The first real content: from here on the caller may be answered. */
  contentCame(): void {
    this.isStarted = true;
    this.requestEnd = NEVER;
    this.contentAt = this.enter('idle_timeout', this.timeouts.idleMs);
  }

  /** A piece of the body. Before the first content it does not count: role-only deltas and pings are no progress. */
  bytesCame(): void {
    if (this.isStarted) this.phaseEnd = after(performance.now(), this.timeouts.idleMs);
  }

  /** Time in which the reader held the body back is not the provider's. */
  held(): void {
    this.phaseEnd = NEVER;
  }

  /** The attempt is over, however it ended. Nothing holds on to it from here: a watch kept for a tick would keep the whole call. */
  done(): void {
    this.watches.delete(this);
    this.onTimeout = null;
  }

  /** Tells what has run out by `now`: that is the end of it. */
  check(now: number): void {
    const fault =
      now >= this.phaseEnd
        ? this.fault
        : now >= this.requestEnd
          ? 'request_timeout'
          : now >= this.totalEnd
            ? 'total_timeout'
            : null;
    if (fault === null) return;
    const { onTimeout } = this;
    this.done();
    onTimeout?.(fault);
  }

  /** Returns when that was. */
  private enter(fault: TimeoutFault, ms: number): number {
    this.fault = fault;
    this.phaseEnd = after(performance.now(), ms);
    return Date.now();
  }
}
