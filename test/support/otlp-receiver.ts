import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readOtlpJson, readOtlpProtobuf, type ReceivedSpan } from './otlp-spans.js';

/** One export as it came. */
export interface ReceivedExport {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly spans: readonly ReceivedSpan[];
}

/** A collector on loopback: takes OTLP over HTTP in both encodings. */
export class OtlpReceiver {
  readonly exports: ReceivedExport[] = [];
  /** Takes requests and says nothing. */
  isSilent = false;
  private unanswered: ServerResponse[] = [];
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer((request, response) => {
      void (async () => {
        const parts: Buffer[] = [];
        for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
        const body = Buffer.concat(parts);
        const isJson = request.headers['content-type'] === 'application/json';
        const spans = isJson ? readOtlpJson(body) : readOtlpProtobuf(body);
        receiver.exports.push({ path: request.url ?? '', headers: request.headers, spans });
        receiver.unanswered.push(response);
        if (!receiver.isSilent) receiver.answer();
        for (const wake of receiver.waiting.splice(0)) wake();
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new OtlpReceiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return receiver;
  }

  get spans(): readonly ReceivedSpan[] {
    return this.exports.flatMap(({ spans }) => spans);
  }

  /** Resolves when so many spans have come since the last `forget`. */
  async waitFor(count: number): Promise<readonly ReceivedSpan[]> {
    while (this.spans.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.spans;
  }

  /** Answers what it has not answered, and goes on doing so. */
  answer(): void {
    this.isSilent = false;
    for (const response of this.unanswered.splice(0))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  forget(): void {
    this.exports.length = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
