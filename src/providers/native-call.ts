import type { Readable } from 'node:stream';
import type { HttpMethod } from '../common/http-methods.js';
import type { UpstreamHeaders } from '../transport/upstream.types.js';

/** Dialects that clients speak to whoever has the model, and that travel as they are: OpenAI's Responses, Anthropic's Messages. */
export type NativeDialect = 'responses' | 'messages';

/** A call in the provider's own words, to be passed on as it came. Never changed: a retry must see the same request. */
export interface NativeCall {
  readonly method: HttpMethod;
  /** What followed the provider's slug, with its query string, as it was written: `/v1/messages?beta=true`. Holds no token of ours. */
  readonly path: string;
  /**
   * Of a call to whoever has the model, the dialect it is in: `path` is the dialect's own then, and `request.model` the name by which the
   * caller knows the model. Absent: the call is one provider's, as it is.
   */
  readonly dialect?: NativeDialect;
  /** What was read of the body, or of the path where the body does not say. */
  readonly request: {
    /** The model's id at the provider; empty where the call names none. */
    readonly model: string;
    /** Was a stream asked for? */
    readonly stream: boolean;
  };
  /** The whole body; empty where there is none, or where it comes as an upload. */
  readonly raw: Buffer;
  /** A body that is passed on as it arrives, and so can be sent once: large ones, and what is not JSON. */
  readonly upload: Upload | null;
  /** The caller's headers that travel on, names (lower case) and values in turn. No credential, nothing of ours, no hop's own. */
  readonly headers: readonly string[];
  /** The caller's own credential headers as they were sent, names and values in turn; empty where a stored key is shown. */
  readonly credentials: readonly string[];
}

export interface Upload {
  readonly stream: Readable;
  /** As announced; null when it comes in chunks. */
  readonly length: number | null;
}

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: UpstreamHeaders;
}
