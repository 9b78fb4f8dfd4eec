import { ERROR_CODES, type ErrorKey } from './error-codes.js';

/** What an error may carry besides its key and message. */
export interface GatewayErrorDetails {
  /** The request's field that is wrong, as a path: `messages[0].role`. */
  readonly param?: string;
  readonly provider?: string;
  readonly model?: string;
  /** Overrides of the table's values, for an upstream's own error. */
  readonly status?: number;
  readonly type?: string;
  readonly code?: string | null;
  readonly retryable?: boolean;
  /** What the caller may be told besides: goes to `error.metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Headers of the answer: `retry-after` and its kin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The provider's own words, for surfaces that pass them on as they are. */
  readonly answer?: ErrorAnswer;
  readonly cause?: unknown;
}

/** An error as a provider sent it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The one error services throw. The message is for the caller and says what to change; `cause` is for the log. */
export class GatewayError extends Error {
  override readonly name = 'AiGatewayError';
  readonly key: ErrorKey;
  readonly status: number;
  readonly internalCode: number;
  readonly type: string;
  readonly code: string | null;
  readonly description: string;
  readonly retryable: boolean;
  readonly param: string | null;
  readonly details: GatewayErrorDetails;

  constructor(key: ErrorKey, message: string, details: GatewayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const entry = ERROR_CODES[key];
    this.key = key;
    this.status = details.status ?? entry.status;
    this.internalCode = entry.internalCode;
    this.type = details.type ?? entry.type;
    this.code = details.code === undefined ? entry.code : details.code;
    this.description = entry.description;
    this.retryable = details.retryable ?? entry.retryable;
    this.param = details.param ?? null;
    this.details = details;
  }

  /** The same error, saying more. */
  with(more: GatewayErrorDetails): GatewayError {
    return new GatewayError(this.key, this.message, { ...this.details, ...more });
  }
}
