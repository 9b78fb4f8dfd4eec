import { GatewayError } from '../../common/errors/gateway-error.js';
import { EventTooLargeError, SseCutter } from '../../transport/readers/sse-cutter.js';
import { citedMembers, codePoints, type Cited } from '../dialects/anthropic-messages/annotations.js';
import { ChunkWriter } from '../dialects/openai-chat/chunk-writer.js';
import { toBill } from '../dialects/bill.js';
import { toFacts } from '../dialects/openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { readEvents, type SseEvent } from '../dialects/sse-events.js';
import type { AnswerFacts, StreamTranslator } from '../provider-strategy.js';
import { toCited } from './citations.js';
import { isErrorBody, toFailedFinish } from './error.mapper.js';
import { isFailedFinish, toFinishReason } from './finish-reason.js';
import { toLogprobs } from './logprobs.js';
import { toUsage } from './usage.js';

const NOTHING: readonly Buffer[] = [];

/** Cohere's events as chat completion chunks. `message-end` holds the finish and the usage, and is the end. */
export class CohereStreamTranslator implements StreamTranslator {
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly cutter = new SseCutter();
  private readonly writer: ChunkWriter;
  /** By Cohere's index, the call's index among the stream's. */
  private readonly toolCalls = new Map<unknown, number>();
  /** By the content part's index, where it begins in the whole text, in code points. */
  private readonly offsets = new Map<unknown, number>();
  private readonly cited: Cited[] = [];
  private textLength = 0;
  private events = 0;
  private usage: unknown;
  private nativeFinish: string | null = null;

  constructor(
    private readonly wantsUsage: boolean,
    private readonly context: ErrorContext,
  ) {
    const { completionId: id, createdAt: created, model } = context.target;
    this.writer = new ChunkWriter({ id, created, model });
  }

  get started(): boolean {
    return this.writer.started;
  }

  get facts(): AnswerFacts {
    const finish = this.nativeFinish === null ? undefined : toFinishReason(this.nativeFinish, this.callsTools);
    return { ...toFacts(toUsage(this.usage), finish, undefined, toBill(this.usage)), events: this.events };
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    try {
      this.readAll(readEvents(this.cutter.push(bytes).toString()));
    } catch (cause) {
      if (!(cause instanceof EventTooLargeError)) throw cause;
      const { target, name } = this.context;
      const whose = { provider: target.provider, model: target.model };
      this.fail(new GatewayError('upstream_failed', `${name}: ${cause.message}`, whose));
    }
    return this.writer.take();
  }

  end(): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    const rest = this.cutter.rest();
    // The last event may lack its blank line, or be cut off: then it does not count.
    const events = readEvents(rest.toString());
    if (!this.started && events.some(({ isForeign }) => isForeign)) this.readWhole(rest);
    else this.readAll(events.filter(({ data }) => data !== null && isObject(parseJson(data))));
    return this.writer.take();
  }

  private get callsTools(): boolean {
    return this.writer.toolCallCount > 0;
  }

  private readAll(events: readonly SseEvent[]): void {
    for (const event of events) {
      this.read(event);
      if (this.status !== 'open') return;
    }
  }

  private read({ data, name, isForeign }: SseEvent): void {
    if (data === null) {
      if (!isForeign) return;
      return this.fail(toNonsenseError('with something that is not an event stream', Buffer.alloc(0), this.context));
    }
    if (data.trim() === '[DONE]') return;
    const event = parseJson(data);
    if (!isObject(event)) {
      return this.fail(toNonsenseError('with a stream event that is not JSON', Buffer.from(data), this.context));
    }
    if (name === 'error' || isErrorBody(event)) return this.fail(toInBandError(event, {}, this.context));
    this.events++;
    this.readEvent(event);
  }

  /** Events of types nobody here knows, `debug` among them, are passed over. */
  private readEvent(event: JsonObject): void {
    const { type, index, id } = event;
    const delta = isObject(event['delta']) ? event['delta'] : {};
    const message = isObject(delta['message']) ? delta['message'] : {};
    switch (type) {
      case 'message-start':
        if (isText(id)) this.writer.identify(id);
        return;
      case 'content-start':
        this.offsets.set(index, this.textLength);
        return this.readContent(message['content'], event['logprobs']);
      case 'content-delta':
        return this.readContent(message['content'], event['logprobs'] ?? delta['logprobs']);
      case 'tool-plan-delta':
        if (isText(message['tool_plan'])) this.writer.reasoning(message['tool_plan']);
        return;
      case 'tool-call-start':
        return this.openCall(index, message['tool_calls']);
      case 'tool-call-delta':
        return this.readArguments(index, message['tool_calls']);
      case 'tool-call-end':
        return this.closeCall(index);
      case 'citation-start':
        return this.readCitation(message['citations']);
      case 'message-end':
        return this.finish(delta);
      default:
    }
  }

  private readContent(content: unknown, logprobs: unknown): void {
    if (!isObject(content)) return;
    const { text, thinking } = content;
    if (isText(thinking)) this.writer.reasoning(thinking);
    if (!isText(text)) return;
    this.textLength += codePoints(text);
    this.writer.text(text, toLogprobs(logprobs));
  }

  private openCall(index: unknown, call: unknown): void {
    const { id, function: body } = isObject(call) ? call : {};
    const { name } = isObject(body) ? body : {};
    const own = isText(id) ? id : `${this.context.target.completionId}-${this.writer.toolCallCount}`;
    this.toolCalls.set(index, this.writer.openToolCall(own, isText(name) ? name : ''));
    this.readArguments(index, call);
  }

  private readArguments(index: unknown, call: unknown): void {
    const own = this.toolCalls.get(index);
    const body = isObject(call) && isObject(call['function']) ? call['function'] : {};
    if (own !== undefined && isText(body['arguments'])) this.writer.toolArguments(own, body['arguments']);
  }

  private closeCall(index: unknown): void {
    const own = this.toolCalls.get(index);
    if (own !== undefined) this.writer.closeToolCall(own);
  }

  private readCitation(citations: unknown): void {
    // One object an event; whole answers have a list.
    for (const citation of (Array.isArray(citations) ? citations : [citations]).filter(isObject)) {
      this.cited.push(toCited(citation, this.offsets.get(citation['content_index'] ?? 0) ?? 0));
    }
  }

  private finish({ finish_reason: native, usage, error }: JsonObject): void {
    this.usage = usage;
    if (!isText(native) || isFailedFinish(native) || isText(error)) {
      return this.fail(toFailedFinish(isText(native) ? native : 'ERROR', error, this.context));
    }
    for (const own of this.toolCalls.values()) this.writer.closeToolCall(own);
    this.nativeFinish = native;
    // Lists come once and whole: clients put a later list in the place of an earlier one.
    const cited = citedMembers(this.cited);
    if (Object.keys(cited).length > 0) this.writer.extra(cited);
    this.writer.finish({
      finishReason: toFinishReason(native, this.callsTools),
      nativeFinishReason: native,
      usage: this.wantsUsage ? toUsage(usage) : undefined,
    });
    this.status = 'complete';
  }

  /** Not an event stream at all, whatever its content type said: an error as one JSON body, or rubbish. */
  private readWhole(rest: Buffer): void {
    const body = parseJson(rest.toString());
    this.fail(
      isObject(body) && isErrorBody(body)
        ? toInBandError(body, {}, this.context)
        : toNonsenseError('with something that is not an event stream', rest, this.context),
    );
  }

  private fail(error: GatewayError): void {
    this.status = 'failed';
    this.error = error;
  }
}
