import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../common/errors/gateway-error.js';
import { TransportError } from '../transport/transport-error.js';
import type { BodySink, UpstreamBody } from '../transport/upstream-body.js';
import { ChatStream, type StreamSink } from './chat-stream.js';
import type { StreamTranslator } from './provider-strategy.js';

/** A body that a test drives by hand. */
class HandBody implements UpstreamBody {
  sink!: BodySink;
  resumed = 0;
  aborted = false;

  pipe(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed++;
  }

  abort(): void {
    this.aborted = true;
  }
}

/** Passes bytes on; `content` starts, `[DONE]` completes, `bad` fails. */
class HandTranslator implements StreamTranslator {
  started = false;
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  facts = {};

  push(bytes: Buffer): readonly Buffer[] {
    const text = bytes.toString();
    if (text.includes('content')) this.started = true;
    if (text.includes('[DONE]')) this.status = 'complete';
    if (text.includes('bad')) {
      this.status = 'failed';
      this.error = new GatewayError(text.includes('nonsense') ? 'upstream_failed' : 'upstream_error', text);
      return [];
    }
    return [bytes];
  }

  end(): readonly Buffer[] {
    return [];
  }
}

class HandSink implements StreamSink {
  text = '';
  flowing = true;
  ended: string | null = null;
  error: GatewayError | null = null;

  write(bytes: Buffer): boolean {
    this.text += bytes.toString();
    return this.flowing;
  }

  end(outcome: string, error: GatewayError | null): void {
    this.ended = outcome;
    this.error = error;
  }
}

/** Passes everything on unread, and has started. */
class OpenTranslator extends HandTranslator {
  override push(bytes: Buffer): readonly Buffer[] {
    this.started = true;
    return [bytes];
  }
}

const aStream = (translator: StreamTranslator = new HandTranslator()) => {
  const body = new HandBody();
  const stream = new ChatStream(body, translator, {
    transport: (cause) => new GatewayError('upstream_failed', cause.fault),
    truncated: () => new GatewayError('upstream_failed', 'truncated'),
  });
  return { body, stream, sink: new HandSink() };
};
const push = (body: HandBody, text: string) => body.sink.data(Buffer.from(text));

describe('ChatStream', () => {
  it('holds everything back until the first real content', async () => {
    const { body, stream, sink } = aStream();
    let opened = false;
    void stream.opened.then(() => (opened = true));

    expect(push(body, 'role;')).toBe(true);
    await Promise.resolve();
    expect(opened).toBe(false);

    expect(push(body, 'content;')).toBe(true);
    await stream.opened;
    stream.pipe(sink);
    expect(sink.text).toBe('role;content;');
    expect(body.resumed).toBe(1);
  });

  it('pauses the provider when too much comes before anybody takes it', async () => {
    const { body, stream, sink } = aStream();

    expect(push(body, `content;${'x'.repeat(300_000)}`)).toBe(false);
    await stream.opened;
    stream.pipe(sink);

    expect(sink.text).toHaveLength(300_008);
    expect(body.resumed).toBe(1);
  });

  it('refuses to open a stream that fails before its first content', async () => {
    const { body, stream } = aStream();

    push(body, 'role;');
    push(body, 'bad');

    await expect(stream.opened).rejects.toThrow('bad');
    expect(body.aborted).toBe(true);
  });

  it.each([
    ['ends', (sink: BodySink) => sink.end(), 'truncated'],
    ['is cut', (sink: BodySink) => sink.error(new TransportError('connection_lost', 'x')), 'connection_lost'],
    ['falls silent', (sink: BodySink) => sink.error(new TransportError('idle_timeout', 'x')), 'idle_timeout'],
  ])('refuses to open a stream that %s before its first content', async (_name, breakOff, message) => {
    const { body, stream } = aStream();

    push(body, 'role;');
    breakOff(body.sink);

    await expect(stream.opened).rejects.toThrow(message);
  });

  it('opens a stream that is complete without content', async () => {
    const { body, stream, sink } = aStream();

    push(body, '[DONE]');
    body.sink.end();
    await stream.opened;
    stream.pipe(sink);

    expect(sink).toMatchObject({ text: '[DONE]', ended: 'completed', error: null });
  });

  it('keeps what it sends as long as all streams together keep no more than they may', () => {
    // One buffer many times over: what is kept is not copied.
    const megabytes = Buffer.alloc(64 * 1024 * 1024);
    const streams = [aStream(new OpenTranslator()), aStream(new OpenTranslator())];
    for (const { body, stream } of streams) {
      stream.keep(200 * 1024 * 1024);
      stream.pipe({ write: () => true, end: () => undefined });
      for (let i = 0; i < 3; i++) body.sink.data(megabytes);
    }

    expect(streams.map(({ stream }) => stream.keepsAll)).toEqual([true, false]);
    expect(streams.map(({ stream }) => stream.kept?.length)).toEqual([3, 1]);

    for (const { body } of streams) body.sink.error(new TransportError('aborted', 'The call was given up.'));
    const next = aStream(new OpenTranslator());
    next.stream.keep(megabytes.length * 4);
    next.stream.pipe({ write: () => true, end: () => undefined });
    for (let i = 0; i < 4; i++) next.body.sink.data(megabytes);

    expect(next.stream.keepsAll).toBe(true);
    next.body.sink.error(new TransportError('aborted', 'The call was given up.'));
  });

  it('keeps back-pressure both ways', async () => {
    const { body, stream, sink } = aStream();
    push(body, 'content;');
    await stream.opened;
    stream.pipe(sink);

    sink.flowing = false;
    expect(push(body, 'more;')).toBe(false);
    stream.resume();
    expect(body.resumed).toBe(2);
  });

  it.each([
    ['completed', (body: HandBody) => (push(body, '[DONE]'), body.sink.end()), null],
    [
      'completed',
      (body: HandBody) => (push(body, '[DONE]'), body.sink.error(new TransportError('connection_lost', 'x'))),
      null,
    ],
    ['truncated', (body: HandBody) => body.sink.end(), 'truncated'],
    ['truncated', (body: HandBody) => body.sink.error(new TransportError('connection_lost', 'x')), 'connection_lost'],
    ['failed', (body: HandBody) => push(body, 'bad'), 'bad'],
    ['truncated', (body: HandBody) => push(body, 'bad nonsense'), 'bad nonsense'],
    ['aborted', (body: HandBody) => body.sink.error(new TransportError('aborted', 'x')), 'aborted'],
  ])('ends as %s, once, and tells its observers', async (outcome, breakOff, message) => {
    const { body, stream, sink } = aStream();
    const seen: string[] = [];
    stream.observe((ended) => seen.push(ended));
    push(body, 'content;');
    await stream.opened;
    stream.pipe(sink);

    breakOff(body);
    body.sink.end();
    push(body, 'late');

    expect(sink.ended).toBe(outcome);
    expect(sink.error?.message ?? null).toBe(message);
    expect(sink.text).not.toContain('late');
    expect(seen).toEqual([outcome]);
  });
});
