import { cutAt, numbersOf } from './chat-streams.js';
import type { StubReply } from './stub-upstream.js';

/** A stream in up to forty pieces, cut where the seed says: inside events, lines and characters. */
export const inPieces =
  (bytes: Buffer, contentType: string, seed = 1): StubReply =>
  async (response) => {
    response.writeHead(200, { 'content-type': contentType });
    const next = numbersOf(seed);
    const cuts = Array.from({ length: Math.min(40, bytes.length) }, () => next(bytes.length));
    for (const piece of cutAt(bytes, cuts)) {
      if (piece.length > 0) response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
