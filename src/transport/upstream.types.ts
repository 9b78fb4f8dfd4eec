import type { Readable } from 'node:stream';
import type { HttpMethod } from '../common/http-methods.js';

/** What goes out: everything a strategy decides about one attempt. No sockets, no signals: those are the transport's. */
export interface UpstreamRequest {
  readonly method: HttpMethod;
  /** Scheme, host and port: `https://api.openai.com`. Connections are pooled by it. */
  readonly origin: string;
  /** Path with its query string. */
  readonly path: string;
  /** Names (lower case) and values in turn. `content-length` is set by the transport, but for an upload, whose length it cannot know. */
  readonly headers: string[];
  readonly body: Buffer | null;
  /** A body that is still coming, in the place of `body`. It can be sent once. */
  readonly upload?: Readable;
}

/** Response headers, names in lower case. A header that came more than once is a list. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A whole answer, read to its end. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
}

/** The first value of a header, or null. */
export function headerOf(headers: UpstreamHeaders, name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  return typeof value === 'string' ? value : (value[0] ?? null);
}
