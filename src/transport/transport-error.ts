/** What went wrong between us and an upstream, before or while its answer came. */
export type TransportFault =
  | 'connect_failed'
  | 'connect_timeout'
  | 'headers_timeout'
  | 'first_token_timeout'
  | 'idle_timeout'
  | 'total_timeout'
  | 'request_timeout'
  | 'connection_lost'
  | 'invalid_answer'
  | 'answer_too_large'
  | 'egress_refused'
  | 'aborted';

/** What a clock that ran out says. */
export const TIMEOUTS: Readonly<Record<Extract<TransportFault, `${string}_timeout`>, string>> = {
  connect_timeout: 'no connection in time',
  headers_timeout: 'no answer in time',
  first_token_timeout: 'no first token in time',
  idle_timeout: 'it fell silent',
  total_timeout: 'the whole answer took too long',
  request_timeout: 'nothing came within cf-aig-request-timeout',
};

export const isTimeout = (fault: TransportFault): fault is keyof typeof TIMEOUTS => fault in TIMEOUTS;

/** Thrown by the transport alone. `aborted` means that our own side gave up: the caller left, or a timer of ours ran out. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    readonly fault: TransportFault,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

const FAULTS: Readonly<Record<string, TransportFault>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'headers_timeout',
  UND_ERR_BODY_TIMEOUT: 'idle_timeout',
  UND_ERR_ABORTED: 'aborted',
  UND_ERR_SOCKET: 'connection_lost',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  ECONNREFUSED: 'connect_failed',
  ENOTFOUND: 'connect_failed',
  EAI_AGAIN: 'connect_failed',
  EHOSTUNREACH: 'connect_failed',
  ENETUNREACH: 'connect_failed',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection_lost',
};

/** What a caller may read of each: never an address, which may be one inside the operator's network. */
const SAID: Readonly<Record<TransportFault, string>> = {
  ...TIMEOUTS,
  connect_failed: 'no connection',
  connection_lost: 'the connection broke off',
  invalid_answer: 'its answer is not HTTP',
  answer_too_large: 'its answer is too large',
  egress_refused: 'its address may not be reached from here',
  aborted: 'the call was given up',
};

/** The transport's word for whatever undici or the system threw. What that said is the `cause`, for the log. */
export function toTransportError(cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  // HTTP parser errors carry codes of their own: HPE_INVALID_CONSTANT and its kin.
  const fault = FAULTS[code] ?? (code.startsWith('HPE_') ? 'invalid_answer' : 'connect_failed');
  return new TransportError(fault, SAID[fault], cause);
}
