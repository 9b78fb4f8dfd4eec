import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { MAX_ATTEMPTS_HEADER, toAttemptsHeader } from '../providers/attempt.js';
import type { ServedReply } from '../providers/served-reply.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { serverConfig } from '../config/server.config.js';
import { toCompatErrorBody } from '../contract/error-body.js';
import { headerSafe } from '../contract/gateway-headers.js';
import { toRouteHeader } from '../contract/route-taken.js';
import type { ChatStream, StreamOutcome, StreamSink } from '../providers/chat-stream.js';
import { CORS_HEADERS } from './cors.js';
import { type Heart, Heartbeats } from './heartbeat.service.js';
import { pushPassedOn } from './passed-on-headers.js';

/** Whose answer it is: what the headers tell besides the reply. */
export interface Addressee {
  readonly requestId: string;
  readonly eventId: string;
  /** Did a browser ask across origins? */
  readonly crossOrigin: boolean;
  /** Entries of `cf-aig-metadata` that were not kept. */
  readonly droppedMetadata: readonly string[];
}

/** Whoever sent this request, about this call. */
export const addresseeOf = (
  { headers }: Pick<IncomingMessage, 'headers'>,
  call: {
    readonly requestId: string;
    readonly eventId: string;
    readonly inbound: { readonly metadata: { readonly dropped: readonly string[] } };
  },
): Addressee => ({
  requestId: call.requestId,
  eventId: call.eventId,
  crossOrigin: headers.origin !== undefined,
  droppedMetadata: call.inbound.metadata.dropped,
});

/**
 * Writes a reply to the raw response: the one place that touches it. Bytes travel as they came; headers are set once, as a flat
 * list (docs/performance.md says what the ordinary way costs).
 */
@Injectable()
export class ReplyPresenter {
  constructor(
    private readonly heartbeats: Heartbeats,
    @Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>,
  ) {}

  present(served: ServedReply, addressee: Addressee, response: ServerResponse): void {
    const { reply } = served;
    if (response.destroyed) {
      if (reply.kind !== 'json') leave(reply.stream);
      return;
    }
    const headers = commonHeaders(served, addressee);
    if (served.headers !== undefined) headers.push(...served.headers);
    if (reply.kind === 'passthrough') {
      pushPassedOn(headers, reply.headers);
      response.writeHead(reply.status, headers);
      reply.stream.pipe(new PassedOn(new Reader(response, this.config.stalledReaderTimeoutMs), reply.stream));
      return;
    }
    pushUpstreamHeaders(headers, reply.headers);
    if (reply.kind === 'json') {
      headers.push('content-type', 'application/json', 'content-length', String(reply.body.length));
      response.writeHead(200, headers);
      new Reader(response, this.config.stalledReaderTimeoutMs).end(reply.body);
    } else {
      headers.push(
        'content-type',
        'text/event-stream; charset=utf-8',
        'cache-control',
        'no-cache',
        'x-accel-buffering',
        'no',
      );
      response.writeHead(200, headers);
      const reader = new Reader(response, this.config.stalledReaderTimeoutMs);
      reply.stream.pipe(new SseResponse(reader, reply.stream, this.heartbeats));
    }
  }
}

/** The caller has gone: the stream is given up, unless it has ended, and whoever watches it is told of its end. */
function leave(stream: ChatStream): void {
  stream.abort();
  stream.pipe(NOWHERE);
}

const NOWHERE: StreamSink = { write: () => true, end: () => undefined };

/**
 * Whoever reads an answer. One that takes nothing for too long while bytes wait for it is cut off: it would hold its place among the
 * calls, and its provider's connection, for ever.
 */
class Reader {
  constructor(
    readonly response: ServerResponse,
    private readonly stalledMs: number,
  ) {}

  onDrain(goOn: () => void): void {
    this.response.on('drain', () => {
      this.response.socket?.setTimeout(0);
      goOn();
    });
  }

  /** False: it does not keep up. */
  write(bytes: Buffer): boolean {
    const keepsUp = this.response.write(bytes);
    if (!keepsUp) this.expect();
    return keepsUp;
  }

  end(bytes?: Buffer | string): void {
    this.response.end(bytes);
    if (this.response.writableLength > 0) this.expect();
  }

  /** The server closes a socket on which nothing moves for so long; with the next answer on it, it is as before. */
  private expect(): void {
    this.response.socket?.setTimeout(this.stalledMs);
  }
}

/** A provider's own bytes on their way to the caller. */
class PassedOn implements StreamSink {
  constructor(
    private readonly reader: Reader,
    stream: ChatStream,
  ) {
    reader.onDrain(() => stream.resume());
  }

  write(bytes: Buffer): boolean {
    return this.reader.write(bytes);
  }

  /** An error that the provider told in-band has been passed on. What broke off must not look whole: the connection breaks too. */
  end(outcome: StreamOutcome): void {
    if (outcome === 'completed' || outcome === 'failed') this.reader.end();
    else this.reader.response.destroy();
  }
}

/** A stream's far end: the caller's socket. */
class SseResponse implements StreamSink, Heart {
  lastByteAt = performance.now();

  constructor(
    private readonly reader: Reader,
    stream: ChatStream,
    private readonly heartbeats: Heartbeats,
  ) {
    heartbeats.add(this);
    reader.onDrain(() => stream.resume());
    reader.response.once('close', () => heartbeats.remove(this));
  }

  write(bytes: Buffer): boolean {
    this.lastByteAt = performance.now();
    return this.reader.write(bytes);
  }

  end(_outcome: unknown, error: GatewayError | null): void {
    this.heartbeats.remove(this);
    // No [DONE] after an error: its absence is the clearer sign.
    this.reader.end(error === null ? undefined : `data: ${JSON.stringify(toCompatErrorBody(error))}\n\n`);
  }

  beat(): void {
    // A slow reader needs no heartbeat: bytes are waiting for it already.
    if (!this.reader.response.writableNeedDrain) this.write(HEARTBEAT);
  }
}

const HEARTBEAT = Buffer.from(': keep-alive\n\n');

function commonHeaders(
  { attempt, attempts, route }: ServedReply,
  { requestId, eventId, crossOrigin, droppedMetadata }: Addressee,
): string[] {
  const headers = [
    'x-request-id',
    requestId,
    'cf-aig-request-id',
    requestId,
    'cf-aig-log-id',
    requestId,
    'cf-aig-event-id',
    eventId,
    'cf-aig-step',
    String(attempt.step),
    'cf-aig-provider',
    attempt.provider,
    'cf-aig-cache-status',
    attempt.outcome === 'cached' ? 'HIT' : 'MISS',
    'cf-aig-attempts',
    headerSafe(toAttemptsHeader(attempts), MAX_ATTEMPTS_HEADER),
  ];
  if (attempt.model !== '') headers.push('cf-aig-model', headerSafe(attempt.model));
  if (route !== undefined) headers.push('cf-aig-route', toRouteHeader(route));
  if (droppedMetadata.length > 0) headers.push('cf-aig-metadata-dropped', headerSafe(droppedMetadata.join(',')));
  if (crossOrigin) headers.push(...CORS_HEADERS);
  return headers;
}

/** Upstream headers a caller may act on. Its rate limits are the stored key's, not the caller's, so they get a name of their own. */
function pushUpstreamHeaders(headers: string[], upstream: ServedReply['reply']['headers']): void {
  for (const name in upstream) {
    // Three initials before the comparisons: most headers are of no interest.
    const initial = name.charCodeAt(0);
    if (initial !== 0x6f && initial !== 0x72 && initial !== 0x78) continue;
    const value = upstream[name];
    if (typeof value !== 'string') continue;
    if (name === 'x-request-id') headers.push('cf-aig-upstream-request-id', value);
    else if (name.startsWith('x-ratelimit-')) headers.push(`cf-aig-upstream-${name.slice(2)}`, value);
    else if (name.startsWith('openai-') || name.startsWith('retry-after') || name === 'x-should-retry') {
      headers.push(name, value);
    }
  }
}
