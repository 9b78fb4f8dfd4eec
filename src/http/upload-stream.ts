import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A caller's body on its way to a provider, at the provider's pace. Not the request itself: whoever gives up reading destroys the
 * stream, and the request's connection is needed for the answer. What nobody reads any more is thrown away. A caller that leaves half-way
 * says so by its cancellation, as with any other call: that is no fault of the provider's.
 */
export class UploadStream extends Readable {
  constructor(private readonly request: IncomingMessage) {
    super();
    request.on('data', this.onData);
    request.once('end', this.onEnd);
    request.pause();
  }

  private readonly onData = (bytes: Buffer): void => {
    if (!this.push(bytes)) this.request.pause();
  };

  private readonly onEnd = (): void => {
    this.push(null);
  };

  override _read(): void {
    this.request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { request } = this;
    request.off('data', this.onData).off('end', this.onEnd);
    if (!request.destroyed) request.resume();
    done(error);
  }
}
