import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the stub received it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  json(): unknown;
  /** Resolves when the connection it came on is closed, or the answer is done. */
  readonly closed: Promise<void>;
}

/** Writes one answer. */
export type StubReply = (response: ServerResponse, request: ReceivedRequest) => void | Promise<void>;

/**
 * A provider on loopback: a real HTTP server that answers from a script, can stop half-way, hang or drop the connection, and
 * keeps what it received. The last reply of the script goes on answering.
 */
export class StubUpstream {
  readonly received: ReceivedRequest[] = [];
  private script: StubReply[] = [];
  /** Requests whose headers have come, since the script was set. */
  begun = 0;
  /** Requests whose body broke off. */
  brokenRequests = 0;
  /** Answers that have been begun and whose connection is still open. */
  openAnswers = 0;

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<StubUpstream> {
    const server = createServer((request, response) => void stub.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stub = new StubUpstream(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return stub;
  }

  /** Sets the script, and forgets what was received. */
  replies(...script: StubReply[]): void {
    this.script = script;
    this.begun = 0;
    this.received.length = 0;
  }

  /** The only request, or the last one. */
  get last(): ReceivedRequest {
    const request = this.received.at(-1);
    if (request === undefined) throw new Error('The upstream received nothing.');
    return request;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.begun++;
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      // The connection broke off in the middle of the body: there is nobody to answer.
      this.brokenRequests++;
      return;
    }
    const body = Buffer.concat(parts);
    // It may have broken off behind the body, before anybody listened: that will not be told again.
    if (request.socket.destroyed) return;
    this.openAnswers++;
    response.once('close', () => this.openAnswers--);
    const received: ReceivedRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      json: () => JSON.parse(body.toString('utf8')) as unknown,
      closed: new Promise((resolve) => response.once('close', resolve)),
    };
    this.received.push(received);
    const reply = this.script.length > 1 ? this.script.shift() : this.script[0];
    if (reply === undefined) response.writeHead(599).end('The script is empty.');
    else await reply(response, received);
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): StubReply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const text =
  (status: number, body: string, contentType = 'text/html'): StubReply =>
  (response) => {
    response.writeHead(status, { 'content-type': contentType }).end(body);
  };

/** Server-sent events, a write each; `[DONE]` only when it is among them. */
export const sse =
  (...events: readonly unknown[]): StubReply =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      response.write(frame(event));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

/** Events, and then the connection is cut. */
export const sseCut =
  (...events: readonly unknown[]): StubReply =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(frame(event));
    await new Promise((resolve) => setTimeout(resolve, 20));
    response.destroy();
  };

/** Events, and then nothing more, for ever. */
export const sseHang =
  (...events: readonly unknown[]): StubReply =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(frame(event));
  };

export const frame = (event: unknown): string =>
  `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
