import type { CallRecord } from '../accounting/call-record.js';
import { ulidTime } from '../common/ids.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { Attempt } from '../providers/attempt.js';
import { JsonWriter, piece } from './json-writer.js';
import { withoutKeys } from './redaction.js';

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

/**
 * What a call brings to `request_logs`: the column, its type in SQL, and its name in the JSON of a row, which is as short as can be since
 * every byte of it is written twice and read once on every call.
 */
export const LOG_COLUMNS = [
  ['id', 'text', 'i'],
  ['gateway_internal_id', 'uuid', 'g'],
  ['created_at', 'timestamptz', 't'],
  ['provider', 'text', 'p'],
  ['model', 'text', 'm'],
  ['requested_model', 'text', 'M'],
  ['model_type', 'text', 'k'],
  ['request_type', 'text', 'K'],
  ['surface', 'text', 'f'],
  ['path', 'text', 'P'],
  ['duration_ms', 'int', 'd'],
  ['success', 'bool', 's'],
  ['status_code', 'int', 'S'],
  ['outcome', 'text', 'o'],
  ['cached', 'bool', 'h'],
  ['streamed', 'bool', 'H'],
  ['step', 'int', 'n'],
  ['tokens_in', 'int', 'a'],
  ['tokens_out', 'int', 'A'],
  ['cost_nano', 'bigint', 'c'],
  ['custom_cost', 'bool', 'C'],
  ['metadata', 'jsonb', 'e'],
  ['request_content_type', 'text', 'q'],
  ['response_content_type', 'text', 'r'],
  ['request_size', 'int', 'Q'],
  ['response_size', 'int', 'R'],
  ['event_id', 'text', 'E'],
  ['user_agent', 'text', 'u'],
  ['token_id', 'text', 'T'],
  ['credential', 'text', 'y'],
  ['error', 'text', 'x'],
  ['error_message', 'text', 'X'],
  ['finish_reason', 'text', 'F'],
  ['detail', 'jsonb', 'D'],
] as const;
/** The id of a row that `toLogRow` made, which begins with it. */
export const idOfRow = (bytes: Buffer, start: number): string =>
  bytes.toString('latin1', start + ID_AT, start + ID_AT + ID_BYTES);

const ID_AT = '{"i":"'.length;
const ID_BYTES = 26;

const writer = new JsonWriter();
/** Pieces of a row, each with what stands before its value. */
const BEFORE = {
  id: piece('{"i":'),
  createdAt: piece(',"t":'),
  durationMs: piece('"d":'),
  requestSize: piece(',"Q":'),
  responseSize: piece(',"R":'),
  tokensIn: piece(',"a":'),
  tokensOut: piece(',"A":'),
  costNano: piece(',"c":'),
  eventId: piece(',"E":'),
  error: piece(',"x":'),
  errorMessage: piece(',"X":'),
  metadata: piece(',"e":'),
  cost: piece(',"D":{"cost":{"computed":'),
  reported: piece(',"reported":'),
  charged: piece(',"charged":'),
  basis: piece(',"basis":'),
  priceVersion: piece(',"price_version":'),
  usageSource: piece('},"usage_source":'),
  usage: piece(',"usage":'),
  timings: piece(',"timings":{"queue":'),
  connect: piece(',"connect":'),
  headers: piece(',"headers":'),
  firstToken: piece(',"first_token":'),
  total: piece(',"total":'),
  attempts: piece('},"attempts":['),
  anotherAttempt: piece(','),
  route: piece('],"route":'),
  metadataDropped: piece(',"metadata_dropped":'),
} as const;
const NO_ROUTE = piece(']');
const END = piece('}}');

/**
 * A row of `request_logs` as JSON (`LOG_COLUMNS`), without keys; it is there until the next is made. Runs on every call that is logged,
 * so it is written byte by byte: as one string of many parts it takes four times as long, and as an object ten times. A row
 * without metadata, an error or an event id lacks those columns.
 */
export function toLogRow(record: CallRecord): Buffer {
  const { requestId, usage, cost, attempts, route } = record;
  const { dropped, entries } = record.inbound.metadata;
  writer.begin();
  writer.piece(BEFORE.id);
  writer.id(requestId);
  writer.piece(BEFORE.createdAt);
  writer.id(isoTimeOf(requestId));
  writer.copy(commonPartOf(record));
  member(BEFORE.durationMs, record.durationMs);
  member(BEFORE.requestSize, Math.min(record.requestBytes, MAX_INT));
  member(BEFORE.responseSize, record.responseBytes);
  member(BEFORE.tokensIn, usage === null ? null : usage.prompt_tokens);
  member(BEFORE.tokensOut, usage === null ? null : usage.completion_tokens);
  member(BEFORE.costNano, cost.charged);
  if (record.eventId !== requestId) textMember(BEFORE.eventId, toJson(record.eventId));
  if (record.error !== null) {
    textMember(BEFORE.error, toJson(record.error));
    textMember(BEFORE.errorMessage, toJson(record.errorMessage));
  }
  if (!isEmpty(entries)) textMember(BEFORE.metadata, toJson(entries));
  member(BEFORE.cost, cost.computed);
  member(BEFORE.reported, cost.reported);
  member(BEFORE.charged, cost.charged);
  knownMember(BEFORE.basis, cost.basis);
  knownMember(BEFORE.priceVersion, cost.priceVersion);
  knownMember(BEFORE.usageSource, record.usageSource);
  writer.piece(BEFORE.usage);
  writeUsage(usage);
  writeTimings(record);
  writer.piece(BEFORE.attempts);
  for (let i = 0; i < attempts.length; i++) {
    if (i > 0) writer.piece(BEFORE.anotherAttempt);
    writeAttempt(attempts[i]!);
  }
  if (route === null) writer.piece(NO_ROUTE);
  else textMember(BEFORE.route, toJson(route));
  if (dropped.length > 0) textMember(BEFORE.metadataDropped, toJson(dropped));
  writer.piece(END);
  return writer.written;
}

function member(before: Uint8Array, value: number | null): void {
  writer.piece(before);
  writer.number(value);
}

function textMember(before: Uint8Array, json: string): void {
  writer.piece(before);
  writer.json(json);
}

function knownMember(before: Uint8Array, text: string | null): void {
  writer.piece(before);
  writer.piece(known(text));
}

/** What many calls have in common: its JSON, and what it was made of. */
interface CommonPart {
  readonly of: CallRecord;
  readonly json: Buffer;
}

const MAX_COMMON_PARTS = 64;
const MAX_COMMON_BYTES = 8 * 1024;
const commonParts: CommonPart[] = [];
let replaced = 0;

function commonPartOf(record: CallRecord): Buffer {
  for (const { of, json } of commonParts) if (isAlike(of, record)) return json;
  const json = Buffer.from(toCommonPart(record));
  if (json.length > MAX_COMMON_BYTES) return json;
  // Bodies and attempts hold memory.
  const of = { ...record, requestBody: null, responseBody: null, attempts: [] };
  commonParts[commonParts.length < MAX_COMMON_PARTS ? commonParts.length : replaced++ % MAX_COMMON_PARTS] = {
    of,
    json,
  };
  return json;
}

/** Compares all that `toCommonPart` reads, what differs most first. */
const isAlike = (a: CallRecord, b: CallRecord): boolean =>
  a.requestedModel === b.requestedModel &&
  a.tokenId === b.tokenId &&
  a.gateway.internalId === b.gateway.internalId &&
  a.status === b.status &&
  a.streamed === b.streamed &&
  a.finishReason === b.finishReason &&
  a.cached === b.cached &&
  a.outcome === b.outcome &&
  a.provider === b.provider &&
  a.model === b.model &&
  a.kind === b.kind &&
  a.step === b.step &&
  a.attempt?.key === b.attempt?.key &&
  a.cost.basis === b.cost.basis &&
  a.inbound.surface === b.inbound.surface &&
  a.inbound.path === b.inbound.path &&
  a.inbound.userAgent === b.inbound.userAgent &&
  a.inbound.contentType === b.inbound.contentType &&
  a.responseContentType === b.responseContentType;

function toCommonPart(record: CallRecord): string {
  const { inbound, kind, provider, model } = record;
  const name = provider === null ? null : `${provider}/${model ?? ''}`;
  return (
    `,"g":"${record.gateway.internalId}","p":${toJson(provider)},"m":${toJson(name)},"M":${toJson(record.requestedModel)},` +
    `"k":${toJson(kind === null ? null : (MODEL_TYPES[kind] ?? null))},"K":${toJson(kind)},` +
    `"f":"${inbound.surface}","P":${toJson(inbound.path)},` +
    `"s":${record.outcome === 'completed' && record.status < 400},"S":${record.status},` +
    `"o":"${record.outcome}","h":${record.cached},"H":${record.streamed},"n":${record.step},` +
    `"C":${record.cost.basis === 'custom'},"q":${toJson(inbound.contentType)},"r":${toJson(record.responseContentType)},` +
    `"u":${toJson(inbound.userAgent)},"T":${toJson(record.tokenId)},` +
    `"y":${toJson(record.attempt?.key ?? null)},"F":${toJson(record.finishReason)},`
  );
}

const BEFORE_USAGE = {
  prompt: piece('{"prompt_tokens":'),
  completion: piece(',"completion_tokens":'),
  total: piece(',"total_tokens":'),
  promptDetails: piece(',"prompt_tokens_details":{'),
  completionDetails: piece(',"completion_tokens_details":{'),
} as const;
const COMMA = piece(',');
const CLOSE = piece('}');

function writeUsage(usage: CallRecord['usage']): void {
  if (usage === null) {
    writer.number(null);
    return;
  }
  member(BEFORE_USAGE.prompt, usage.prompt_tokens);
  member(BEFORE_USAGE.completion, usage.completion_tokens);
  member(BEFORE_USAGE.total, usage.total_tokens);
  writeNumbers(BEFORE_USAGE.promptDetails, usage.prompt_tokens_details);
  writeNumbers(BEFORE_USAGE.completionDetails, usage.completion_tokens_details);
  writer.piece(CLOSE);
}

function writeNumbers(before: Uint8Array, numbers: Readonly<Record<string, number | undefined>> | undefined): void {
  if (numbers === undefined) return;
  writer.piece(before);
  let isFirst = true;
  for (const name in numbers) {
    const number = numbers[name];
    if (number === undefined) continue;
    if (!isFirst) writer.piece(COMMA);
    isFirst = false;
    member(nameOf(name), number);
  }
  writer.piece(CLOSE);
}

function writeTimings({ attempt, startedAt, firstContentMs, durationMs }: CallRecord): void {
  const began = attempt?.startedAt ?? null;
  const connectedAt = attempt?.phases?.connectedAt ?? 0;
  const headAt = attempt?.phases?.headAt ?? 0;
  member(BEFORE.timings, began === null ? null : began - startedAt);
  member(BEFORE.connect, began === null || connectedAt === 0 ? null : connectedAt - began);
  member(BEFORE.headers, headAt === 0 ? null : headAt - connectedAt);
  member(BEFORE.firstToken, began === null ? null : firstContentMs);
  member(BEFORE.total, durationMs);
}

const BEFORE_ATTEMPT = {
  step: piece('{"step":'),
  provider: piece(',"provider":'),
  model: piece(',"model":'),
  key: piece(',"key":'),
  startedAt: piece(',"started_at":'),
  outcome: piece(',"outcome":'),
  status: piece(',"status":'),
  durationMs: piece(',"duration_ms":'),
  bytes: piece(',"bytes":'),
  next: piece(',"next":'),
} as const;

function writeAttempt(attempt: Attempt): void {
  member(BEFORE_ATTEMPT.step, attempt.step);
  knownMember(BEFORE_ATTEMPT.provider, attempt.provider);
  knownMember(BEFORE_ATTEMPT.model, attempt.model);
  knownMember(BEFORE_ATTEMPT.key, attempt.key);
  writer.piece(BEFORE_ATTEMPT.startedAt);
  writer.piece(numeralOf(attempt.startedAt));
  knownMember(BEFORE_ATTEMPT.outcome, attempt.outcome);
  member(BEFORE_ATTEMPT.status, attempt.status);
  member(BEFORE_ATTEMPT.durationMs, attempt.durationMs);
  member(BEFORE_ATTEMPT.bytes, attempt.bytes);
  knownMember(BEFORE_ATTEMPT.next, attempt.next);
  writer.piece(CLOSE);
}

/** Texts that come again and again (names of models and keys), as JSON. */
const quoted = new Map<string | null, Uint8Array>();
const MAX_QUOTED = 1000;

function known(text: string | null): Uint8Array {
  let json = quoted.get(text);
  if (json === undefined) {
    json = piece(toJson(text));
    if (quoted.size >= MAX_QUOTED) quoted.clear();
    quoted.set(text, json);
  }
  return json;
}

/** Names of members: those of the contract, and so not many. */
const names = new Map<string, Uint8Array>();

function nameOf(name: string): Uint8Array {
  let json = names.get(name);
  if (json === undefined) names.set(name, (json = piece(`${JSON.stringify(name)}:`)));
  return json;
}

/** Whatever a caller or a provider may have written: without keys, and without what Postgres cannot store. */
function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  // Postgres has no NUL in text and no lone surrogates in JSON, which `JSON.stringify` writes as escapes.
  return withoutKeys(
    json.includes('\\u') ? json.replaceAll(UNSTORABLE, (_escape, backslash?: string) => backslash ?? '\uFFFD') : json,
  );
}

/** What a caller says in `content-length` before it is refused may be anything. */
const MAX_INT = 2 ** 31 - 1;

/** A backslash that stands for itself, which is passed over, or one of their escapes: the text is gone through once. */
const UNSTORABLE = /(\\\\)|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

function isEmpty(entries: Readonly<Record<string, unknown>>): boolean {
  for (const _name in entries) return false;
  return true;
}

const TIME_CHARACTERS = 10;
let lastStart = ' ';
let lastIso = '';

/** When the call came, by its id. Calls share their millisecond with others. */
function isoTimeOf(id: string): string {
  if (!id.startsWith(lastStart)) {
    lastStart = id.slice(0, TIME_CHARACTERS);
    lastIso = new Date(ulidTime(id)).toISOString();
  }
  return lastIso;
}

let lastTime = 0;
let lastNumeral = piece('0');

/** The same for a time in milliseconds: what does not fit into 31 bits is dear to write. */
function numeralOf(time: number): Uint8Array {
  if (time !== lastTime) {
    lastTime = time;
    lastNumeral = piece(String(time));
  }
  return lastNumeral;
}
