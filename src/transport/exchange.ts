import type { Dispatcher } from 'undici';
import type { Cancellation } from '../common/cancellation.js';
import type { AttemptWatch, TimeoutFault } from './attempt-watch.js';
import { TIMEOUTS, TransportError, toTransportError } from './transport-error.js';
import { type BodySink, givenUp, tooLarge, type UpstreamBody } from './upstream-body.js';
import type { UpstreamAnswer, UpstreamHeaders } from './upstream.types.js';

/** What may come before a body's reader is there. */
const MAX_EARLY_BYTES = 64 * 1024;

/** An answer whose head has come. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: UpstreamBody;
}

/** One request's life with undici: what ends it early, and that it ends once. */
export abstract class Exchange implements Dispatcher.DispatchHandler {
  protected controller: Dispatcher.DispatchController | null = null;
  protected failure: TransportError | null = null;
  protected ended = false;

  constructor(
    protected readonly watch: AttemptWatch,
    private readonly cancellation: Cancellation,
  ) {
    cancellation.onCancel(this.onAbort);
    watch.whenOver(this.onTimeout);
  }

  private readonly onTimeout = (fault: TimeoutFault): void => this.abort(new TransportError(fault, TIMEOUTS[fault]));

  /** Is nobody waiting for it any more? */
  get cancelled(): boolean {
    return this.cancellation.cancelled;
  }

  private readonly onAbort = (): void => this.abort();

  abort(reason: TransportError = givenUp()): void {
    // Before undici has a connection there is no controller yet: the reader is told at once, the request when it starts.
    if (this.controller === null) this.fail(reason);
    else this.controller.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure !== null) controller.abort(this.failure);
    else this.watch.connected();
  }

  abstract onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    statusText?: string,
  ): void;
  abstract onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void;

  onResponseEnd(): void {
    this.release();
    this.ended = true;
    this.complete();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.fail(toTransportError(cause));
  }

  /** All of the answer has come. */
  protected abstract complete(): void;
  /** Nothing more will come. */
  protected abstract tell(error: TransportError): void;

  private fail(error: TransportError): void {
    if (this.failure !== null || this.ended) return;
    this.failure = error;
    this.release();
    this.tell(error);
  }

  private release(): void {
    this.watch.done();
    this.cancellation.off(this.onAbort);
  }
}

/** An answer whose body is handed on as it comes. */
export class StreamedExchange extends Exchange implements UpstreamBody {
  private sink: BodySink | null = null;
  private early: Buffer[] = [];
  private earlyBytes = 0;
  private answered = false;

  constructor(
    private readonly resolve: (response: UpstreamResponse) => void,
    private readonly reject: (error: TransportError) => void,
    watch: AttemptWatch,
    cancellation: Cancellation,
  ) {
    super(watch, cancellation);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    // 1xx answers are announcements; the real one follows.
    if (status < 200) return;
    this.answered = true;
    this.watch.headCame();
    this.resolve({ status, headers, body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.watch.bytesCame();
    if (this.sink === null) {
      // A small answer comes with its head, before the reader had its turn; pausing at once would cost it another.
      this.early.push(bytes);
      this.earlyBytes += bytes.length;
      if (this.earlyBytes > MAX_EARLY_BYTES) controller.pause();
    } else if (!this.sink.data(bytes)) {
      controller.pause();
      this.watch.held();
    }
  }

  pipe(sink: BodySink): void {
    this.sink = sink;
    let flowing = true;
    for (const bytes of this.early) flowing = sink.data(bytes) && flowing;
    this.early = [];
    if (this.failure !== null) sink.error(this.failure);
    else if (this.ended) sink.end();
    else if (flowing) this.controller?.resume();
  }

  resume(): void {
    this.watch.bytesCame();
    this.controller?.resume();
  }

  protected complete(): void {
    this.sink?.end();
  }

  protected tell(error: TransportError): void {
    if (!this.answered) this.reject(error);
    else this.sink?.error(error);
  }
}

/** An answer that is wanted whole: one promise for all of it, where head, body and its reader take four. */
export class WholeExchange extends Exchange {
  private status = 0;
  private headers: UpstreamHeaders = {};
  private readonly parts: Buffer[] = [];
  private size = 0;

  constructor(
    private readonly resolve: (answer: UpstreamAnswer) => void,
    private readonly reject: (error: TransportError) => void,
    watch: AttemptWatch,
    cancellation: Cancellation,
    private readonly maxBytes: number,
  ) {
    super(watch, cancellation);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.watch.headCame();
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.watch.bytesCame();
    this.size += bytes.length;
    if (this.size > this.maxBytes) this.abort(tooLarge(this.maxBytes));
    else this.parts.push(bytes);
  }

  protected complete(): void {
    const { status, headers, parts } = this;
    this.resolve({ status, headers, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts, this.size) });
  }

  protected tell(error: TransportError): void {
    this.reject(error);
  }
}
