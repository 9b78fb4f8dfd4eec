import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { FinishReason } from '../../../contract/chat-completion.js';
import { EventTooLargeError, SseCutter } from '../../../transport/readers/sse-cutter.js';
import type { AnswerFacts, StreamTranslator } from '../../provider-strategy.js';
import { ChunkWriter } from '../openai-chat/chunk-writer.js';
import { toBill } from '../bill.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { readEvents, type SseEvent } from '../sse-events.js';
import { citedMembers, codePoints, toCited, type Cited } from './annotations.js';
import { refusalOf } from './completion.mapper.js';
import { ContentBlock, type BlockKind } from './content-block.js';
import { toFinishReason } from './finish-reason.js';
import { toNativeContent } from './native-content.js';
import { toCallExtra, toReasoningDetail } from './reasoning-details.js';
import { ANSWER_TOOL } from './structured-output.js';
import { mergeUsage, toCallerUsage, toServiceTier, toUsage } from './usage.js';

const NOTHING: readonly Buffer[] = [];

export interface StreamWish {
  readonly wantsUsage: boolean;
  /** Does a tool's call stand for the answer's text? */
  readonly isAnswerTool: boolean;
  /** May the provider run tools of its own, so that the turn must be kept whole? */
  readonly keepsBlocks: boolean;
}

/**
 * A Messages stream as chat completion chunks. Pieces of text, thinking and arguments, nearly all of a stream, go from one JSON
 * text into the other without being parsed. What a client must send back (signed thinking, the provider's own tools) and
 * citations come once and whole before the finish: SDKs that join deltas keep the last of a member they do not know.
 */
export class MessagesStreamTranslator implements StreamTranslator {
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly cutter = new SseCutter();
  private readonly writer: ChunkWriter;
  private begun: { readonly id: unknown } | null = null;
  private readonly open = new Map<number, ContentBlock>();
  /** The block whose deltas come now. */
  private current: ContentBlock | null = null;
  private readonly details: JsonObject[] = [];
  private readonly blocks: JsonObject[] = [];
  private readonly cited: Cited[] = [];
  /** Code points of text so far. */
  private position = 0;
  private toolCount = 0;
  /** Texts before an answer in a tool's clothes: they count only if it never comes. */
  private aside = '';
  private hasAnswer = false;
  private usage: unknown;
  private model: unknown;
  private native: string | null = null;
  private refusal: string | null = null;
  private finish: FinishReason | undefined;

  constructor(
    private readonly wish: StreamWish,
    private readonly context: ErrorContext,
  ) {
    const { completionId: id, createdAt: created, model } = context.target;
    this.writer = new ChunkWriter({ id, created, model });
  }

  get started(): boolean {
    return this.writer.started;
  }

  get facts(): AnswerFacts {
    return toFacts(toUsage(this.usage), this.finish, this.model, toBill(this.usage));
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    try {
      return this.read(this.cutter.push(bytes));
    } catch (cause) {
      if (!(cause instanceof EventTooLargeError)) throw cause;
      this.fail(this.nonsense(cause.message));
      return NOTHING;
    }
  }

  end(): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    const rest = this.cutter.rest();
    const text = rest.toString().trim();
    const events = readEvents(text);
    if (this.begun === null && events.some(({ data, isForeign }) => data === null && isForeign)) {
      this.readWhole(text, rest);
      return NOTHING;
    }
    // The last event may lack its blank line; one that was cut off says nothing.
    const last = events.filter(({ data }) => data !== null && parseJson(data) !== undefined);
    return this.translate(last);
  }

  private read(block: Buffer): readonly Buffer[] {
    if (block.length === 0) return NOTHING;
    let start = 0;
    while (start < block.length && this.status === 'open') {
      const piece = this.current?.fast?.read(block, start) ?? null;
      if (piece !== null) {
        this.take(this.current!, piece.escaped, piece.points);
        start = piece.end;
        continue;
      }
      const blank = block.indexOf('\n\n', start, 'latin1');
      const end = blank === -1 ? block.length : blank + 2;
      for (const event of readEvents(block.toString('utf8', start, end))) this.look(event);
      start = end;
    }
    return this.writer.take();
  }

  private translate(events: readonly SseEvent[]): readonly Buffer[] {
    for (const event of events) if (this.status === 'open') this.look(event);
    return this.writer.take();
  }

  private look({ data, name, isForeign }: SseEvent): void {
    if (data === null) {
      if (isForeign) this.fail(this.nonsense('Something that is not an event stream came.'));
      return;
    }
    if (data.trim() === '[DONE]') return;
    const event = parseJson(data);
    if (!isObject(event)) {
      this.fail(toNonsenseError('with a stream event that is not JSON', Buffer.from(data), this.context));
    } else if (name === 'error' || event['type'] === 'error' || isObject(event['error'])) {
      this.fail(toInBandError(event, {}, this.context));
    } else {
      this.event(event);
    }
  }

  /** Types nobody has seen are passed over, as Anthropic asks; so are pings: the gateway keeps its own connection alive. */
  private event(event: JsonObject): void {
    switch (event['type']) {
      case 'message_start':
        return this.begin(event['message']);
      case 'content_block_start':
        return this.openBlock(event);
      case 'content_block_delta':
        return this.delta(event);
      case 'content_block_stop':
        return this.closeBlock(this.open.get(indexOf(event)));
      case 'message_delta':
        return this.nearEnd(event);
      case 'message_stop':
        return this.stop();
      default:
    }
  }

  private begin(message: unknown): void {
    if (!isObject(message)) return this.fail(this.nonsense('It began a message that is none.'));
    const { id } = message;
    if (this.begun !== null) {
      // Some proxies repeat the beginning. A second message after the first has spoken would be glued to it.
      if (this.begun.id === id && !this.hasSpoken()) return;
      return this.fail(this.nonsense('It began a second message before the first had ended.'));
    }
    this.begun = { id };
    this.model = message['model'];
    this.usage = message['usage'];
    const { completionId, model } = this.context.target;
    this.writer.identify(isText(id) ? id : completionId, isText(this.model) ? this.model : model);
  }

  private hasSpoken(): boolean {
    return this.open.size > 0 || this.started || this.details.length > 0;
  }

  private openBlock(event: JsonObject): void {
    const start = event['content_block'];
    if (!isObject(start)) return;
    const kind = this.kindOf(start);
    const block = new ContentBlock(kind, indexOf(event), start, kind === 'tool' ? this.toolCount : -1, this.position);
    this.open.set(block.index, block);
    this.current = block;
    if (kind === 'text') this.takePlain(block, start['text']);
    if (kind === 'thinking') this.takePlain(block, start['thinking']);
    if (kind === 'answer') this.hasAnswer = true;
    if (kind === 'tool') this.openTool(start);
  }

  private kindOf({ type, name }: JsonObject): BlockKind {
    if (type === 'text' || type === 'thinking') return type;
    if (type !== 'tool_use') return 'other';
    return this.wish.isAnswerTool && name === ANSWER_TOOL ? 'answer' : 'tool';
  }

  private openTool({ id, name }: JsonObject): void {
    if (!isText(id) || !isText(name)) return this.fail(this.nonsense('It began a tool call without id or name.'));
    const index = this.toolCount++;
    const extra = index === 0 && this.details.length > 0 ? toCallExtra(this.details) : {};
    this.writer.extra({
      tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' }, ...extra }],
    });
  }

  private delta(event: JsonObject): void {
    const block = this.open.get(indexOf(event));
    const { delta } = event;
    if (block === undefined || !isObject(delta)) return;
    this.current = block;
    switch (delta['type']) {
      case 'text_delta':
        return this.takePlain(block, delta['text']);
      case 'thinking_delta':
        return this.takePlain(block, delta['thinking']);
      case 'input_json_delta':
        return this.takePlain(block, delta['partial_json']);
      case 'signature_delta':
        if (isText(delta['signature'])) block.signature += delta['signature'];
        return;
      case 'citations_delta':
        block.citations.push(delta['citation']);
        return;
      default:
    }
  }

  private takePlain(block: ContentBlock, text: unknown): void {
    if (isText(text)) this.take(block, JSON.stringify(text).slice(1, -1), codePoints(text));
  }

  /** A piece of a block's text, escaped. */
  private take(block: ContentBlock, escaped: string, points: number): void {
    if (escaped === '') return;
    const { kind } = block;
    if (kind === 'text') {
      this.position += points;
      if (this.wish.isAnswerTool) this.aside += escaped;
      else this.writer.delta(`{"content":"${escaped}"}`);
    } else if (kind === 'thinking') {
      this.writer.delta(`{"reasoning_content":"${escaped}"}`);
    } else if (kind === 'tool') {
      this.writer.delta(`{"tool_calls":[{"index":${block.toolIndex},"function":{"arguments":"${escaped}"}}]}`);
    } else if (kind === 'answer') {
      this.writer.delta(`{"content":"${escaped}"}`);
    }
    // Of a tool's arguments only whether any came is asked for.
    if (kind === 'thinking' || this.wish.keepsBlocks) block.escaped += escaped;
    else if (block.escaped === '') block.escaped = escaped;
  }

  private closeBlock(block: ContentBlock | undefined): void {
    if (block === undefined) return;
    this.open.delete(block.index);
    if (this.current === block) this.current = null;
    const { kind, start } = block;
    if ((kind === 'tool' || kind === 'answer') && block.escaped === '') {
      // Given whole at the start, or without arguments: they must parse all the same.
      this.takePlain(block, JSON.stringify(isObject(start['input']) ? start['input'] : {}));
    }
    if (kind === 'thinking' || start['type'] === 'redacted_thinking') {
      const detail = toReasoningDetail(block.whole(), block.index);
      if (detail !== null) this.details.push(detail);
    }
    if (block.citations.length > 0) {
      this.cited.push(toCited(block.citations, { start: block.position, end: this.position }));
    }
    if (this.wish.keepsBlocks) this.blocks.push(block.whole());
  }

  /** Counts here are totals; older models give the output's only. */
  private nearEnd(event: JsonObject): void {
    this.usage = mergeUsage(this.usage, event['usage']);
    const { delta } = event;
    if (!isObject(delta)) return;
    if (isText(delta['stop_reason'])) this.native = delta['stop_reason'];
    this.refusal = refusalOf(delta) ?? this.refusal;
  }

  private stop(): void {
    const { native, wish } = this;
    for (const block of this.open.values()) this.closeBlock(block);
    if (native === null) return this.fail(this.nonsense('The stream ended without a reason why.'));
    if (!this.hasAnswer && this.aside !== '') this.writer.delta(`{"content":"${this.aside}"}`);
    const nativeContent = wish.keepsBlocks ? toNativeContent(this.blocks) : undefined;
    const extras = {
      ...(this.details.length === 0 ? {} : { reasoning_details: this.details }),
      ...citedMembers(this.cited),
      ...(nativeContent === undefined ? {} : { native_content: nativeContent }),
      ...(this.refusal === null ? {} : { refusal: this.refusal }),
    };
    if (Object.keys(extras).length > 0) this.writer.extra(extras);
    this.finish = toFinishReason(native, this.toolCount > 0);
    const tier = toServiceTier(this.usage);
    this.writer.finish({
      finishReason: this.finish,
      nativeFinishReason: native,
      usage: wish.wantsUsage ? toCallerUsage(this.usage) : undefined,
      ...(tier === undefined ? {} : { extras: { service_tier: tier } }),
    });
    this.status = 'complete';
  }

  /** Not an event stream at all, whatever its content type said: an error as one JSON body, or rubbish. */
  private readWhole(text: string, bytes: Buffer): void {
    const body = parseJson(text);
    this.fail(
      isObject(body) && isObject(body['error'])
        ? toInBandError(body, {}, this.context)
        : toNonsenseError('with something that is not an event stream', bytes, this.context),
    );
  }

  private fail(error: GatewayError): void {
    this.status = 'failed';
    this.error = error;
  }

  private nonsense(what: string): GatewayError {
    const { name, target } = this.context;
    return new GatewayError('upstream_failed', `The stream of ${name} makes no sense: ${what}`, {
      provider: target.provider,
      model: target.model,
    });
  }
}

const indexOf = (event: JsonObject): number => (typeof event['index'] === 'number' ? event['index'] : 0);
