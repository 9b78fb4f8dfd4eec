import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { GatewayError } from '../../../common/errors/gateway-error.js';
import { ownMember } from '../../../common/own-member.js';
import type { FinishReason, Usage } from '../../../contract/chat-completion.js';
import { headerOf, type UpstreamHeaders } from '../../../transport/upstream.types.js';
import type { AnswerHead } from '../../native-call.js';
import type { AnswerFacts, StreamTranslator } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import { toInBandError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { finishOf, modelOf, rawUsageOf, toNativeUsage } from './answer-facts.js';
import { AwsEvents } from './aws-events.js';
import type { EventReader, OnEvent } from './event-reader.js';
import { meaningOf } from './event-meaning.js';
import { redactedAnswer, redactedBytes } from './redacted-answer.js';
import { SseEvents } from './sse-events.js';

/** How a provider counts, where it is in none of the common forms. */
export interface Counting {
  readonly usageIn?: ((raw: JsonObject) => Usage | undefined) | undefined;
  readonly usageOf?: ((headers: UpstreamHeaders) => Usage | undefined) | undefined;
}

/** A JSON answer up to this size is looked at whole; of a larger one the end, where the counts are. */
const MAX_WHOLE_BYTES = 256 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * Watches a native answer go by. Its bytes come out as they went in, all of them and at once (but for a key that an error repeats):
 * what is read on the side changes nothing. A JSON answer counts as begun when it has ended, so that a connection lost half-way may be tried again; a stream
 * with its first content; any other with its first byte.
 */
export class AnswerWatch implements StreamTranslator {
  started = false;
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly events: EventReader | null;
  private readonly isJson: boolean;
  /** Of a JSON answer all, or its end; of a stream what came before its first content. */
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private isCut = false;
  private rawUsage: JsonObject | null = null;
  private finish: FinishReason | undefined;
  private model: string | undefined;
  /** Does a stream of this kind say when it is over? */
  private needsEnd = false;

  constructor(
    private readonly head: AnswerHead,
    private readonly context: ErrorContext,
    private readonly counting: Counting,
  ) {
    const type = headerOf(head.headers, 'content-type')?.toLowerCase() ?? '';
    this.isJson = /^application\/(?:[^;]+\+)?json/.test(type);
    this.events = encodingOf(head.headers) === null ? this.readerFor(type) : null;
  }

  get facts(): AnswerFacts {
    const facts: { -readonly [Name in keyof AnswerFacts]: AnswerFacts[Name] } = {};
    const usage = this.usage();
    if (usage !== undefined) facts.usage = usage;
    const bill = toBill(this.rawUsage);
    if (bill !== undefined) facts.bill = bill;
    if (this.finish !== undefined) facts.finishReason = this.finish;
    if (this.model !== undefined) facts.model = this.model;
    if (this.events !== null) facts.events = this.events.events;
    return facts;
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.events !== null) {
      if (!this.started) this.keep(bytes);
      this.events.push(bytes, !this.started);
      if (this.started) this.forget();
    } else if (this.isJson) this.keep(bytes);
    else this.started = true;
    return [this.error === null ? bytes : redactedBytes(bytes, this.context.target)];
  }

  end(): readonly Buffer[] {
    if (this.isJson && this.events === null) this.readWhole();
    if (this.error !== null) this.status = 'failed';
    else if (!this.needsEnd) this.status = 'complete';
    this.forget();
    return [];
  }

  private readerFor(type: string): EventReader | null {
    const onEvent: OnEvent = (name, body) => this.look(name, body);
    if (type.startsWith('text/event-stream')) return new SseEvents(onEvent);
    return type.startsWith('application/vnd.amazon.eventstream') ? new AwsEvents(onEvent) : null;
  }

  private look(name: string | null, body: JsonObject | null): void {
    const meaning = meaningOf(name, body);
    if (body !== null) this.read(body);
    if (meaning.needsEnd) this.needsEnd = true;
    switch (meaning.kind) {
      case 'failure':
        return this.fail(body ?? {});
      case 'end':
        this.started = true;
        this.status = 'complete';
        return;
      case 'content':
        this.started = true;
        return;
      case 'preamble':
    }
  }

  /** Until the first content another target may do better; after it the provider's own words go on their way. */
  private fail(body: JsonObject): void {
    if (this.error !== null || this.status === 'complete') return;
    const { status, headers } = this.head;
    this.error = toInBandError(body, headers, this.context);
    if (this.started) return;
    const answer = { status, headers, body: Buffer.concat(this.kept) };
    this.error = this.error.with({ answer: redactedAnswer(answer, this.context.target) });
    this.status = 'failed';
  }

  private readWhole(): void {
    const bytes = decoded(Buffer.concat(this.kept), encodingOf(this.head.headers));
    const body = bytes === null ? undefined : this.isCut ? tailOf(bytes) : parseJson(bytes.toString());
    if (isObject(body)) this.read(body);
    // Gemini's streams are a list of chunks where they are not asked for as events.
    else if (Array.isArray(body)) for (const chunk of body.filter(isObject)) this.read(chunk);
  }

  private read(body: JsonObject): void {
    const usage = rawUsageOf(body);
    // Later counts are totals that may lack what an earlier event said.
    if (usage !== null) this.rawUsage = this.rawUsage === null ? usage : { ...this.rawUsage, ...usage };
    this.finish = finishOf(body) ?? this.finish;
    this.model ??= modelOf(body);
  }

  private usage(): Usage | undefined {
    const { rawUsage, counting } = this;
    const counted = rawUsage === null ? undefined : (counting.usageIn?.(rawUsage) ?? toNativeUsage(rawUsage));
    return counted ?? counting.usageOf?.(this.head.headers);
  }

  private keep(bytes: Buffer): void {
    this.kept.push(bytes);
    this.keptBytes += bytes.length;
    if (this.keptBytes <= MAX_WHOLE_BYTES) return;
    this.isCut = true;
    while (this.keptBytes - (this.kept[0]?.length ?? 0) >= TAIL_BYTES) this.keptBytes -= this.kept.shift()?.length ?? 0;
  }

  private forget(): void {
    this.kept = [];
    this.keptBytes = 0;
  }
}

/** Null for bytes that are what they say. */
function encodingOf(headers: UpstreamHeaders): string | null {
  const encoding = headerOf(headers, 'content-encoding')?.toLowerCase() ?? 'identity';
  return encoding === 'identity' ? null : encoding;
}

const LIMIT = { maxOutputLength: 16 * MAX_WHOLE_BYTES } as const;
const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  deflate: (bytes) => inflateSync(bytes, LIMIT),
  br: (bytes) => brotliDecompressSync(bytes, LIMIT),
};

/** The upstream is asked for plain bytes; some compress all the same. Null for what cannot be read. */
function decoded(bytes: Buffer, encoding: string | null): Buffer | null {
  if (encoding === null) return bytes;
  try {
    return ownMember(DECODERS, encoding)?.(bytes) ?? null;
  } catch {
    return null;
  }
}

/** The last members of an object whose beginning is gone, from its usage on; undefined where it has none there. */
function tailOf(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  const start = Math.max(text.lastIndexOf('"usage"'), text.lastIndexOf('"usageMetadata"'));
  return start === -1 ? undefined : parseJson(`{${text.slice(start)}`);
}
