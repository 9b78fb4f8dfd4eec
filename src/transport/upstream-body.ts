import { TransportError, toTransportError } from './transport-error.js';

/** Takes an answer's body as it comes. */
export interface BodySink {
  /** Returns false to pause; `UpstreamBody.resume` goes on. */
  data(bytes: Buffer): boolean;
  end(): void;
  error(error: TransportError): void;
}

/** An answer's body on its way: piped to one sink, once. Leaving early is `abort`, which closes the connection. */
export interface UpstreamBody {
  pipe(sink: BodySink): void;
  resume(): void;
  /** @param reason What the sink is told; without one, that the call was given up. */
  abort(reason?: TransportError): void;
}

export const givenUp = (): TransportError => new TransportError('aborted', 'The call was given up.');

export const tooLarge = (maxBytes: number): TransportError =>
  new TransportError('answer_too_large', `The answer is larger than ${maxBytes} bytes.`);

/** Reads a body to its end. Rejects with `answer_too_large` beyond `maxBytes`, and with whatever broke it off. */
export function readBody(body: UpstreamBody, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.pipe({
      data(bytes) {
        size += bytes.length;
        if (size > maxBytes) {
          reject(tooLarge(maxBytes));
          body.abort();
          return true;
        }
        chunks.push(bytes);
        return true;
      },
      end: () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
      error: reject,
    });
  });
}

/** A body that is made in this process: the sandbox's. */
export class IterableBody implements UpstreamBody {
  private wake: (() => void) | null = null;
  private aborted: TransportError | null = null;

  constructor(private readonly source: AsyncIterable<Buffer>) {}

  pipe(sink: BodySink): void {
    void this.run(sink);
  }

  resume(): void {
    this.wake?.();
  }

  abort(reason: TransportError = givenUp()): void {
    this.aborted ??= reason;
    this.wake?.();
  }

  private async run(sink: BodySink): Promise<void> {
    try {
      for await (const bytes of this.source) {
        if (this.aborted !== null) break;
        if (!sink.data(bytes)) await new Promise<void>((resolve) => (this.wake = resolve));
      }
      if (this.aborted !== null) sink.error(this.aborted);
      else sink.end();
    } catch (cause) {
      sink.error(toTransportError(cause));
    }
  }
}
