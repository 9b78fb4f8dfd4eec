import { StringDecoder } from 'node:string_decoder';
import { type Attributes, type Context, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { failureOf } from '../accounting/call-failure.js';
import type { CallRecord } from '../accounting/call-record.js';
import { toDollars } from '../common/money.js';
import { toRouteHeader } from '../contract/route-taken.js';
import { assembledAnswer } from '../request-logs/assembled-answer.js';
import { redact } from '../request-logs/redaction.js';

/** How much of what was asked, and of what was answered, goes into a span: collectors refuse spans that are larger. */
const MAX_PAYLOAD_BYTES = 32 * 1024;
/** Longer streams are not put together: that would take the time of many calls. */
const MAX_ASSEMBLED_BYTES = 256 * 1024;

/** Names that a caller's metadata may not speak for. */
const RESERVED = 'gen_ai.';

/**
 * Writes a finished call as one span: Cloudflare's documented attributes, then the semantic conventions' and ours. Its tries are
 * events of it.
 */
export function writeSpan(tracer: Tracer, record: CallRecord, parent: Context): void {
  const { startedAt, durationMs, attempts } = record;
  const operation = record.kind ?? 'call';
  const model = record.model ?? record.requestedModel;
  const attributes = { ...metadataOf(record), ...attributesOf(record, operation, model) };
  const options = { kind: SpanKind.SERVER, startTime: new Date(startedAt), attributes };
  const span = tracer.startSpan(`${operation} ${model}`.trim(), options, parent);
  for (const { startedAt: at, provider, model: tried, key, outcome, status, durationMs: tookMs } of attempts) {
    const told = { provider, model: tried, outcome, duration_ms: tookMs };
    span.addEvent('attempt', { ...told, ...given('key', key), ...given('status', status) }, new Date(at));
  }
  const failure = failureOf(record);
  if (failure !== null) span.setAttribute('error.type', failure);
  if (record.outcome === 'failed' || record.outcome === 'truncated') {
    span.setStatus({ code: SpanStatusCode.ERROR, message: record.errorMessage ?? record.outcome });
  } else if (record.outcome === 'completed') span.setStatus({ code: SpanStatusCode.OK });
  span.end(new Date(startedAt + durationMs));
}

function attributesOf(record: CallRecord, operation: string, model: string): Attributes {
  const { provider, usage, finishReason, cost } = record;
  return {
    'gen_ai.request.model': model,
    ...given('gen_ai.model.provider', provider),
    ...given('gen_ai.usage.input_tokens', usage?.prompt_tokens),
    ...given('gen_ai.usage.output_tokens', usage?.completion_tokens),
    ...given('gen_ai.usage.cost', cost.charged === null ? null : toDollars(cost.charged)),
    ...payloadsOf(record),
    'gen_ai.operation.name': operation,
    ...given('gen_ai.provider.name', provider),
    ...(finishReason === null ? {} : { 'gen_ai.response.finish_reasons': [finishReason] }),
    'http.response.status_code': record.status,
    'aig.account_id': record.accountId,
    'aig.gateway_id': record.gatewayId,
    'aig.log_id': record.requestId,
    'aig.event_id': record.eventId,
    ...given('aig.token_id', record.tokenId),
    ...given('aig.route', record.route === null ? null : toRouteHeader(record.route)),
    'aig.cached': record.cached,
    'aig.streamed': record.streamed,
    ...given('aig.first_content_ms', record.firstContentMs),
    ...given('aig.usage_source', record.usageSource),
    'aig.cost_basis': cost.basis,
  };
}

/** What was asked and answered, unless the caller's headers keep it from being logged. */
function payloadsOf({ inbound, gateway, requestBody, responseBody, responseContentType }: CallRecord): Attributes {
  // A gateway that keeps no logs itself may well send them elsewhere; a caller's own word counts here too.
  const isWithheld = !inbound.collectsPayload || (gateway.collectLogs && !inbound.collectsLog);
  if (isWithheld) return {};
  return {
    ...(requestBody === null ? {} : { 'gen_ai.prompt_json': toText([requestBody]) }),
    ...(responseBody === null ? {} : { 'gen_ai.completion_json': toText(answerOf(responseBody, responseContentType)) }),
  };
}

/** A stream as the answer that it amounts to. Of one that is too long for that its beginning stands, as it was sent. */
function answerOf(pieces: readonly Buffer[], contentType: string): readonly Buffer[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > MAX_ASSEMBLED_BYTES) return pieces;
  const assembled = assembledAnswer({ bytes: Buffer.concat(pieces), contentType, isCut: false });
  return assembled === null ? pieces : [assembled.bytes];
}

function metadataOf({ inbound }: CallRecord): Attributes {
  return Object.fromEntries(Object.entries(inbound.metadata.entries).filter(([name]) => !name.startsWith(RESERVED)));
}

/** The first bytes as text, cut between two characters, without the keys that stand in them. */
function toText(pieces: readonly Buffer[]): string {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = Buffer.concat(pieces, Math.min(length, MAX_PAYLOAD_BYTES));
  redact(bytes);
  return new StringDecoder('utf8').write(bytes);
}

const given = (name: string, value: string | number | null | undefined): Attributes =>
  value === null || value === undefined ? {} : { [name]: value };
