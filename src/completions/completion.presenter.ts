import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { toAttemptsHeader } from '../providers/attempt.js';
import type { ServedReply } from '../providers/served-reply.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { toCompatErrorBody } from '../contract/error-body.js';
import { headerSafe } from '../contract/gateway-headers.js';
import { CORS_HEADERS } from '../http/cors.js';
import { type Heart, Heartbeats } from '../http/heartbeat.service.js';
import type { ChatStream, StreamSink } from '../providers/chat-stream.js';

/** Whose answer it is: what the headers tell besides the reply. */
export interface Addressee {
  readonly requestId: string;
  readonly eventId: string;
  /** Did a browser ask across origins? */
  readonly crossOrigin: boolean;
}

/**
 * Writes a reply to the raw response: the one place that touches it. Bytes travel as they came; headers are set once, as a flat
 * list (docs/performance.md says what the ordinary way costs).
 */
@Injectable()
export class CompletionPresenter {
  constructor(private readonly heartbeats: Heartbeats) {}

  present(served: ServedReply, addressee: Addressee, response: ServerResponse): void {
    const { reply } = served;
    if (response.destroyed) {
      if (reply.kind === 'stream') reply.stream.abort();
      return;
    }
    const headers = commonHeaders(served, addressee);
    if (reply.kind === 'json') {
      headers.push('content-type', 'application/json', 'content-length', String(reply.body.length));
      response.writeHead(200, headers).end(reply.body);
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
      reply.stream.pipe(new SseResponse(response, reply.stream, this.heartbeats));
    }
  }
}

/** A stream's far end: the caller's socket. */
class SseResponse implements StreamSink, Heart {
  lastByteAt = Date.now();

  constructor(
    private readonly response: ServerResponse,
    private readonly stream: ChatStream,
    private readonly heartbeats: Heartbeats,
  ) {
    heartbeats.add(this);
    response.on('drain', () => stream.resume());
    response.once('close', () => heartbeats.remove(this));
  }

  write(bytes: Buffer): boolean {
    this.lastByteAt = Date.now();
    return this.response.write(bytes);
  }

  end(_outcome: unknown, error: GatewayError | null): void {
    this.heartbeats.remove(this);
    // No [DONE] after an error: its absence is the clearer sign.
    if (error !== null) this.response.write(`data: ${JSON.stringify(toCompatErrorBody(error))}\n\n`);
    this.response.end();
  }

  beat(): void {
    // A slow reader needs no heartbeat: bytes are waiting for it already.
    if (!this.response.writableNeedDrain) this.write(HEARTBEAT);
  }
}

const MAX_ATTEMPTS_HEADER = 2048;
const HEARTBEAT = Buffer.from(': keep-alive\n\n');

function commonHeaders(
  { reply, attempt, attempts }: ServedReply,
  { requestId, eventId, crossOrigin }: Addressee,
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
    'cf-aig-model',
    headerSafe(attempt.model),
    'cf-aig-cache-status',
    'MISS',
    'cf-aig-attempts',
    headerSafe(toAttemptsHeader(attempts), MAX_ATTEMPTS_HEADER),
  ];
  if (crossOrigin) headers.push(...CORS_HEADERS);
  pushUpstreamHeaders(headers, reply.headers);
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
