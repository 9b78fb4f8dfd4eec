import type { CallRecord } from '../accounting/call-record.js';
import { ulidTime } from '../common/ids.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { Attempt } from '../providers/attempt.js';

/** What has no column of its own. */
export interface LogDetail {
  readonly usage: CallRecord['usage'];
  readonly usage_source: CallRecord['usageSource'];
  /** Nano-dollars. */
  readonly cost: Readonly<Record<'computed' | 'reported' | 'charged', number | null>> & {
    readonly basis: string;
    readonly price_version: string | null;
  };
  readonly timings: LogTimings;
  readonly attempts: readonly Record<string, unknown>[];
  /** The dynamic route it took. */
  readonly route?: RouteTaken;
  readonly metadata_dropped?: readonly string[];
}

/** Milliseconds. Null: it did not come to that, or it is not known. */
export interface LogTimings {
  /** Until the try that was answered began. */
  readonly queue: number | null;
  /** Then until it went out on a connection. */
  readonly connect: number | null;
  /** Then until its head came. */
  readonly headers: number | null;
  /** From the call's beginning until its first real content: what a caller waits for. */
  readonly first_token: number | null;
  readonly total: number;
}

const MODEL_TYPES: Readonly<Record<string, string>> = { chat: 'text-generation', embeddings: 'text-embeddings' };

/** Columns of `request_logs` that a call brings, in the order of `toLogRow`. */
export const LOG_COLUMNS = [
  'id',
  'gateway_internal_id',
  'created_at',
  'provider',
  'model',
  'requested_model',
  'model_type',
  'request_type',
  'surface',
  'path',
  'duration_ms',
  'success',
  'status_code',
  'outcome',
  'cached',
  'streamed',
  'step',
  'tokens_in',
  'tokens_out',
  'cost_nano',
  'custom_cost',
  'metadata',
  'request_content_type',
  'response_content_type',
  'request_size',
  'response_size',
  'event_id',
  'user_agent',
  'token_id',
  'credential',
  'error',
  'error_message',
  'finish_reason',
  'detail',
] as const;

/** Where a row says whose it is: it begins with its id. */
const ID_AT = '{"id":"'.length;

/** The id of a row that `toLogRow` made. */
export const idOfRow = (row: Buffer): string => row.toString('latin1', ID_AT, ID_AT + 26);

/**
 * A row of `request_logs` as JSON, its members named as the columns are. Runs on every call that is logged, so it is written out: an
 * object of as many members takes `JSON.stringify` twice as long. A row without metadata, an error or an event id lacks those columns.
 */
export function toLogRow(record: CallRecord): string {
  const { requestId, inbound, usage, kind, provider, model, cost, attempts } = record;
  const { dropped, entries } = inbound.metadata;
  const name = provider === null ? null : `${provider}/${model ?? ''}`;
  let row =
    `{"id":"${requestId}","gateway_internal_id":"${record.gateway.internalId}","created_at":"${isoTime(ulidTime(requestId))}",` +
    `"provider":${known(provider)},"model":${known(name)},"requested_model":${known(record.requestedModel)},` +
    `"model_type":${known(kind === null ? null : (MODEL_TYPES[kind] ?? null))},"request_type":${known(kind)},` +
    `"surface":"${inbound.surface}","path":${known(inbound.path)},"duration_ms":${record.durationMs},` +
    `"success":${record.outcome === 'completed' && record.status < 400},"status_code":${record.status},` +
    `"outcome":"${record.outcome}","cached":${record.cached},"streamed":${record.streamed},"step":${record.step},` +
    `"tokens_in":${usage?.prompt_tokens ?? null},"tokens_out":${usage?.completion_tokens ?? null},` +
    `"cost_nano":${cost.charged},"custom_cost":${cost.basis === 'custom'},` +
    `"request_content_type":${known(inbound.contentType)},"response_content_type":${known(record.responseContentType)},` +
    `"request_size":${Math.min(record.requestBytes, MAX_INT)},"response_size":${record.responseBytes},` +
    `"user_agent":${known(inbound.userAgent)},"token_id":${known(record.tokenId)},` +
    `"credential":${known(record.attempt?.key ?? null)},"finish_reason":${known(record.finishReason)},`;
  if (record.eventId !== requestId) row += `"event_id":${JSON.stringify(record.eventId)},`;
  if (record.error !== null) row += `"error":"${record.error}","error_message":${JSON.stringify(record.errorMessage)},`;
  if (!isEmpty(entries)) row += `"metadata":${JSON.stringify(entries)},`;
  row +=
    `"detail":{"usage":${JSON.stringify(usage)},"usage_source":${known(record.usageSource)},` +
    `"cost":{"computed":${cost.computed},"reported":${cost.reported},"charged":${cost.charged},"basis":"${cost.basis}",` +
    `"price_version":${known(cost.priceVersion)}},"timings":${toTimings(record)},"attempts":[`;
  for (let i = 0; i < attempts.length; i++) row += (i === 0 ? '' : ',') + toAttempt(attempts[i]!);
  row += ']';
  if (record.route !== null) row += `,"route":${JSON.stringify(record.route)}`;
  if (dropped.length > 0) row += `,"metadata_dropped":${JSON.stringify(dropped)}`;
  row += '}}';
  // Postgres has no NUL in text and no lone surrogates in JSON, which `JSON.stringify` writes as escapes.
  return row.includes('\\u') ? row.replaceAll(UNSTORABLE, (_escape, backslash?: string) => backslash ?? '\uFFFD') : row;
}

function toTimings({ attempt, startedAt, firstContentMs, durationMs }: CallRecord): string {
  if (attempt === null) return `{"queue":null,"connect":null,"headers":null,"first_token":null,"total":${durationMs}}`;
  const { phases, startedAt: began } = attempt;
  const connectedAt = phases?.connectedAt ?? 0;
  const headAt = phases?.headAt ?? 0;
  const connect = connectedAt === 0 ? null : connectedAt - began;
  const headers = headAt === 0 ? null : headAt - connectedAt;
  return `{"queue":${began - startedAt},"connect":${connect},"headers":${headers},"first_token":${firstContentMs},"total":${durationMs}}`;
}

const toAttempt = (attempt: Attempt): string =>
  `{"step":${attempt.step},"provider":${known(attempt.provider)},"model":${known(attempt.model)},"key":${known(attempt.key)},` +
  `"started_at":${attempt.startedAt},"outcome":"${attempt.outcome}","status":${attempt.status},` +
  `"duration_ms":${attempt.durationMs},"bytes":${attempt.bytes},"next":${known(attempt.next)}}`;

/** Texts that come again and again (paths, models, user agents), as JSON. */
const quoted = new Map<string, string>();
const MAX_QUOTED = 1000;

function known(text: string | null): string {
  if (text === null) return 'null';
  let json = quoted.get(text);
  if (json === undefined) {
    json = JSON.stringify(text);
    if (quoted.size >= MAX_QUOTED) quoted.clear();
    quoted.set(text, json);
  }
  return json;
}

/** What a caller says in `content-length` before it is refused may be anything. */
const MAX_INT = 2 ** 31 - 1;

/** A backslash that stands for itself, which is passed over, or one of their escapes: the text is gone through once. */
const UNSTORABLE = /(\\\\)|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

function isEmpty(entries: Readonly<Record<string, unknown>>): boolean {
  for (const _name in entries) return false;
  return true;
}

const SECOND = 1000;
let lastSecond = Number.NaN;
let lastIso = '';

/** Calls share their second with others. */
function isoTime(time: number): string {
  const second = Math.floor(time / SECOND);
  if (second !== lastSecond) {
    lastSecond = second;
    lastIso = new Date(second * SECOND).toISOString().slice(0, -4);
  }
  return `${lastIso}${String(time % SECOND).padStart(3, '0')}Z`;
}
