import type { GatewayError } from '../common/errors/gateway-error.js';
import type { TransportError } from '../transport/transport-error.js';
import type { BodySink, UpstreamBody } from '../transport/upstream-body.js';
import type { AnswerFacts, StreamTranslator } from './provider-strategy.js';

/**
 * How a stream ended. `truncated`: the upstream broke off, fell silent or sent what makes no sense, without a terminal event.
 * `failed`: it sent an error.
 * `aborted`: our side gave up, mostly because the caller left.
 */
export type StreamOutcome = 'completed' | 'truncated' | 'failed' | 'aborted';

/** Takes a stream's bytes, whole events at a time. */
export interface StreamSink {
  /** Returns false to pause; `ChatStream.resume` goes on. */
  write(bytes: Buffer): boolean;
  /** `error` is null only for a completed stream. */
  end(outcome: StreamOutcome, error: GatewayError | null): void;
}

/** What a provider may send before its first real content; more than this commits the stream as well. */
const MAX_HELD_BYTES = 256 * 1024;

/** What all streams under way may keep: slow readers of long answers must not fill the memory. */
const MAX_KEPT_TOGETHER = 256 * 1024 * 1024;
let keptTogether = 0;

/** Turns the ways in which an upstream can break off into the error a caller is told. */
export interface StreamErrors {
  transport(error: TransportError): GatewayError;
  truncated(): GatewayError;
}

/**
 * A provider's stream on its way to the caller: upstream bytes through the translator to a sink, pushed, with back-pressure.
 * Nothing leaves before the first real content: until `opened` resolves, the call may still be tried elsewhere unseen.
 */
export class ChatStream implements BodySink {
  /** Resolves when the stream has real content or is complete. Rejects with the `GatewayError` of one that failed before. */
  readonly opened: Promise<void>;
  private commit!: () => void;
  private refuse!: (error: GatewayError) => void;
  private committed = false;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Bytes the provider has sent. */
  received = 0;
  /** Bytes that went to the sink. */
  sent = 0;
  /** What went to the sink, as far as it is kept; null: nobody asked for it. */
  kept: Buffer[] | null = null;
  private keptBytes = 0;
  private maxKeptBytes = 0;
  private sink: StreamSink | null = null;
  private result: { readonly outcome: StreamOutcome; readonly error: GatewayError | null } | null = null;
  private readonly observers: ((outcome: StreamOutcome, error: GatewayError | null) => void)[] = [];

  constructor(
    private readonly body: UpstreamBody,
    private readonly translator: StreamTranslator,
    private readonly errors: StreamErrors,
  ) {
    this.opened = new Promise((resolve, reject) => {
      this.commit = resolve;
      this.refuse = reject;
    });
    body.pipe(this);
  }

  get facts(): AnswerFacts {
    return this.translator.facts;
  }

  /**
   * Keeps what goes to the sink, up to `maxBytes` of it, or more where more is asked for as well, and while all streams together
   * keep no more than they may. No copy: the memory is held for as long as the stream is.
   */
  keep(maxBytes: number): void {
    this.kept ??= [];
    this.maxKeptBytes = Math.max(this.maxKeptBytes, maxBytes);
  }

  /** Is all that went to the sink kept? */
  get keepsAll(): boolean {
    return this.kept !== null && this.keptBytes === this.sent;
  }

  /** Is told once, when the stream has ended and before the sink is. */
  observe(observer: (outcome: StreamOutcome, error: GatewayError | null) => void): void {
    this.observers.push(observer);
  }

  /** Starts delivery: what was held, then the rest as it comes. */
  pipe(sink: StreamSink): void {
    this.sink = sink;
    const { held } = this;
    this.held = [];
    const flowing = this.deliver(held);
    if (this.result !== null) this.finish();
    else if (flowing) this.body.resume();
  }

  resume(): void {
    this.body.resume();
  }

  abort(): void {
    this.body.abort();
  }

  data(bytes: Buffer): boolean {
    if (this.result !== null) return true;
    this.received += bytes.length;
    const out = this.translator.push(bytes);
    if (this.translator.status === 'failed') {
      this.deliver(out);
      const { error } = this.translator;
      this.settle(error?.key === 'upstream_error' ? 'failed' : 'truncated', error);
      this.body.abort();
      return true;
    }
    const flowing = this.deliver(out);
    if (!this.committed && (this.translator.started || this.heldBytes > MAX_HELD_BYTES)) {
      this.committed = true;
      this.commit();
    }
    return flowing;
  }

  end(): void {
    if (this.result !== null) return;
    this.deliver(this.translator.end());
    const { status, error } = this.translator;
    if (status === 'complete') this.settle('completed', null);
    else this.settle(status === 'failed' ? 'failed' : 'truncated', error ?? this.errors.truncated());
  }

  error(cause: TransportError): void {
    if (this.result !== null) return;
    // A connection that is lost after the terminal event has cost the caller nothing.
    if (this.translator.status === 'complete' && cause.fault !== 'aborted') this.end();
    else this.settle(cause.fault === 'aborted' ? 'aborted' : 'truncated', this.errors.transport(cause));
  }

  private deliver(out: readonly Buffer[]): boolean {
    if (this.sink === null) {
      for (const bytes of out) {
        this.held.push(bytes);
        this.heldBytes += bytes.length;
      }
      return this.heldBytes <= MAX_HELD_BYTES;
    }
    if (out.length === 0) return true;
    const bytes = out.length === 1 ? out[0]! : Buffer.concat(out);
    if (this.keepsAll) this.keepPiece(bytes);
    this.sent += bytes.length;
    return this.sink.write(bytes);
  }

  private keepPiece(bytes: Buffer): void {
    const room = Math.min(this.maxKeptBytes - this.keptBytes, MAX_KEPT_TOGETHER - keptTogether);
    if (room <= 0) return;
    const piece = bytes.length <= room ? bytes : bytes.subarray(0, room);
    this.kept?.push(piece);
    this.keptBytes += piece.length;
    keptTogether += piece.length;
  }

  private settle(outcome: StreamOutcome, error: GatewayError | null): void {
    this.result = { outcome, error };
    if (!this.committed) {
      this.committed = true;
      if (error === null) this.commit();
      else this.refuse(error);
    }
    if (this.sink !== null) this.finish();
  }

  private finish(): void {
    const { sink, result } = this;
    if (sink === null || result === null) return;
    for (const observer of this.observers) observer(result.outcome, result.error);
    keptTogether -= this.keptBytes;
    sink.end(result.outcome, result.error);
  }
}
