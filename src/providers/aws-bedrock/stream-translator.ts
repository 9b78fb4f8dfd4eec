import type { GatewayError } from '../../common/errors/gateway-error.js';
import {
  AwsEventStreamReader,
  EventStreamError,
  type AwsEventMessage,
} from '../../transport/readers/aws-event-stream.js';
import { citedMembers, codePoints, type Cited } from '../dialects/anthropic-messages/annotations.js';
import { toCallExtra } from '../dialects/anthropic-messages/reasoning-details.js';
import { ChunkWriter } from '../dialects/openai-chat/chunk-writer.js';
import { toFacts } from '../dialects/openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { AnswerFacts, ProviderTarget, StreamTranslator } from '../provider-strategy.js';
import { toCited } from './citations.js';
import { toStreamError } from './error.mapper.js';
import { isFailedStop, toFinishReason } from './finish-reason.js';
import { toDetail } from './reasoning.mapper.js';
import { isServerTool, toExtras, toFailedStop } from './response.mapper.js';
import { ANSWER_TOOL, type OutputPlan } from './structured-output.js';
import { toUsage } from './usage.js';

const NOTHING: readonly Buffer[] = [];

/** A content block that is open. Text and reasoning have no start event: they begin with their first delta. */
interface Block {
  /** `answer`: a tool that stands for the answer; `hidden`: a tool of the service's own, or its result. */
  readonly kind: 'said' | 'tool' | 'answer' | 'hidden';
  /** Among the stream's tool calls. */
  readonly toolIndex: number;
  /** Where in the text it began, in code points. */
  readonly textStart: number;
  isEmpty: boolean;
  reasoning: string;
  signature: string;
  redacted: string;
  readonly citations: JsonObject[];
}

interface StreamContext {
  readonly wantsUsage: boolean;
  readonly plan: OutputPlan;
  /** The call's target, its credential whole: what of it must not be told is found there. */
  readonly target: ProviderTarget;
  readonly errors: ErrorContext;
}

/** ConverseStream's events as chat completion chunks. The finish waits for the usage, which comes after it. */
export class ConverseStreamTranslator implements StreamTranslator {
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly reader = new AwsEventStreamReader();
  private readonly writer: ChunkWriter;
  private readonly blocks = new Map<number, Block>();
  private readonly details: JsonObject[] = [];
  private readonly cited: Cited[] = [];
  private textLength = 0;
  private events = 0;
  private stopReason: string | null = null;
  private metadata: JsonObject | null = null;
  private extras: JsonObject = {};
  private isDone = false;

  constructor(private readonly context: StreamContext) {
    const { completionId: id, createdAt: created, model } = context.target;
    this.writer = new ChunkWriter({ id, created, model });
  }

  get started(): boolean {
    return this.writer.started;
  }

  get facts(): AnswerFacts {
    const finish = this.stopReason === null ? undefined : toFinishReason(this.stopReason, this.callsTools);
    return { ...toFacts(toUsage(this.metadata?.['usage']), finish, undefined), events: this.events };
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.isDone || this.status === 'failed') return NOTHING;
    try {
      for (const message of this.reader.push(bytes)) {
        this.read(message);
        if (this.isDone || this.failed()) break;
      }
    } catch (cause) {
      if (!(cause instanceof EventStreamError)) throw cause;
      const what = `with something that is not an event stream (${cause.message})`;
      this.fail(toNonsenseError(what, this.reader.rest(), this.context.errors));
    }
    return this.writer.take();
  }

  end(): readonly Buffer[] {
    if (this.isDone || this.status === 'failed') return NOTHING;
    if (this.status === 'complete') this.finish();
    else if (!this.started) this.readWhole(this.reader.rest());
    return this.writer.take();
  }

  private get callsTools(): boolean {
    return this.writer.toolCallCount > 0;
  }

  private read({ headers, payload }: AwsEventMessage): void {
    const kind = headers.get(':message-type') ?? 'event';
    const text = payload.toString();
    if (kind !== 'event') {
      const name = headers.get(':exception-type') ?? headers.get(':error-code') ?? kind;
      const words = headers.get(':error-message');
      const body = words === undefined ? text : JSON.stringify({ message: words });
      return this.fail(toStreamError(name, body, this.context.target, this.context.errors));
    }
    const event = parseJson(text);
    if (!isObject(event)) {
      return this.fail(toNonsenseError('with a stream event that is not JSON', payload, this.context.errors));
    }
    this.readEvent(headers.get(':event-type') ?? '', event);
  }

  /** Events of types nobody here knows are passed over. */
  private readEvent(type: string, event: JsonObject): void {
    this.events++;
    const index = typeof event['contentBlockIndex'] === 'number' ? event['contentBlockIndex'] : 0;
    switch (type) {
      case 'contentBlockStart':
        return this.open(index, isObject(event['start']) ? event['start'] : {});
      case 'contentBlockDelta':
        if (isObject(event['delta']))
          this.readDelta(this.blocks.get(index) ?? this.begin(index, 'said'), event['delta']);
        return;
      case 'contentBlockStop':
        return this.close(index);
      case 'messageStop':
        return this.stop(event);
      case 'metadata':
        this.metadata = event;
        this.extras = { ...this.extras, ...toExtras(event) };
        if (this.stopReason !== null) this.finish();
        return;
      default:
    }
  }

  private open(index: number, { toolUse, toolResult }: JsonObject): void {
    if (isObject(toolResult) || (isObject(toolUse) && isServerTool(toolUse))) {
      this.begin(index, 'hidden');
    } else if (isObject(toolUse)) {
      const { toolUseId: id, name } = toolUse;
      if (this.context.plan.kind === 'tool' && name === ANSWER_TOOL) {
        this.begin(index, 'answer');
        return;
      }
      const isFirst = !this.callsTools;
      // Clients that keep nothing of a message but its calls bring the thinking back with the first.
      const extra = isFirst && this.details.length > 0 ? toCallExtra(this.details) : {};
      this.begin(index, 'tool', this.writer.openToolCall(String(id), String(name), extra));
    }
  }

  private begin(index: number, kind: Block['kind'], toolIndex = -1): Block {
    const block: Block = {
      kind,
      toolIndex,
      textStart: this.textLength,
      isEmpty: true,
      reasoning: '',
      signature: '',
      redacted: '',
      citations: [],
    };
    this.blocks.set(index, block);
    return block;
  }

  private readDelta(block: Block, { text, toolUse, reasoningContent, citation }: JsonObject): void {
    if (block.kind === 'hidden') return;
    if (isText(text)) this.say(text);
    if (isObject(toolUse) && isText(toolUse['input'])) this.readInput(block, toolUse['input']);
    if (isObject(reasoningContent)) this.readReasoning(block, reasoningContent);
    if (isObject(citation)) block.citations.push(citation);
  }

  private readInput(block: Block, fragment: string): void {
    block.isEmpty = false;
    if (block.kind === 'tool') this.writer.toolArguments(block.toolIndex, fragment);
    else if (block.kind === 'answer') this.say(fragment);
  }

  private readReasoning(block: Block, { text, signature, redactedContent }: JsonObject): void {
    if (isText(text)) {
      block.reasoning += text;
      this.writer.reasoning(text);
    }
    if (isText(signature)) block.signature += signature;
    if (isText(redactedContent)) block.redacted += redactedContent;
  }

  private say(text: string): void {
    this.textLength += codePoints(text);
    this.writer.text(text);
  }

  private close(index: number): void {
    const block = this.blocks.get(index);
    if (block === undefined) return;
    this.blocks.delete(index);
    if (block.kind === 'tool') this.writer.closeToolCall(block.toolIndex);
    if (block.kind === 'answer' && block.isEmpty) this.say('{}');
    const { reasoning: text, signature, redacted, citations, textStart: start } = block;
    const detail = toDetail({ text, signature, redacted }, index);
    if (detail !== null) this.details.push(detail);
    this.cited.push(...citations.map((citation) => toCited(citation, { start, end: this.textLength })));
  }

  private stop(event: JsonObject): void {
    const native = event['stopReason'];
    if (!isText(native)) {
      const body = Buffer.from(JSON.stringify(event));
      return this.fail(toNonsenseError('without a reason for its end', body, this.context.errors));
    }
    for (const index of this.blocks.keys()) this.close(index);
    if (isFailedStop(native) && this.textLength === 0 && !this.callsTools) {
      return this.fail(toFailedStop(native, this.context.errors));
    }
    this.stopReason = native;
    this.extras = { ...this.extras, ...toExtras(event) };
    this.status = 'complete';
    if (this.metadata !== null) this.finish();
  }

  /** Lists come once and whole: clients put a later list in the place of an earlier one. */
  private finish(): void {
    if (this.stopReason === null) return;
    const { details } = this;
    const lists = { ...(details.length === 0 ? {} : { reasoning_details: details }), ...citedMembers(this.cited) };
    if (Object.keys(lists).length > 0) this.writer.extra(lists);
    this.writer.finish({
      finishReason: toFinishReason(this.stopReason, this.callsTools),
      nativeFinishReason: this.stopReason,
      usage: this.context.wantsUsage ? toUsage(this.metadata?.['usage']) : undefined,
      extras: this.extras,
    });
    this.isDone = true;
  }

  /** Too short to be a message, and all there is: an error as one JSON body, or a stream that broke off at once. */
  private readWhole(rest: Buffer): void {
    const body = rest.length === 0 ? undefined : parseJson(rest.toString());
    if (isObject(body)) this.fail(toInBandError(body, {}, this.context.errors));
  }

  private fail(error: GatewayError): void {
    this.status = 'failed';
    this.error = error;
  }

  /** Behind a method, so that the compiler does not take the status for what it was before a call that changes it. */
  private failed(): boolean {
    return this.status === 'failed';
  }
}
