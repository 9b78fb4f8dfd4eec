import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { FinishReason, Usage } from '../../../contract/chat-completion.js';
import { EventTooLargeError, SseCutter } from '../../../transport/readers/sse-cutter.js';
import type { AnswerFacts, StreamTranslator } from '../../provider-strategy.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toNonsenseError } from '../openai-chat/error.mapper.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { readEvents, type SseEvent } from '../sse-events.js';
import { responsesOf, toFrame, toTier, type AnswerFrame } from './answer-frame.js';
import { ChoiceReader, type ReadingWish } from './choice-reader.js';
import { toGeminiInBandError } from './error.mapper.js';
import { FastText, type FastPiece } from './fast-text.js';
import { blockReason } from './finish-reason.js';
import { ToolCallIds, type PartDelta } from './part-reader.js';
import type { GeminiContext } from './refusal.js';
import { mergeUsage, toUsage } from './usage.js';

const NOTHING: readonly Buffer[] = [];
const DONE = 'data: [DONE]\n\n';

export interface StreamWish extends ReadingWish {
  /** Did the caller ask for usage? */
  readonly wantsUsage: boolean;
}

/** One choice on its way out. */
interface OpenChoice {
  readonly reader: ChoiceReader;
  /** What stands before and behind a delta's members. */
  readonly head: string;
  readonly tail: string;
  isBlocked: boolean;
}

/**
 * Gemini's events as chat completion chunks. Each event is a whole response with the parts that are new; its usage is a
 * snapshot; the end of the body is the end of the stream, and one in which a choice has no finish was cut. The finish is kept
 * back until then: usage and grounding may follow it. Text is wrapped in a head and a tail that are built once a choice.
 */
export class GeminiStreamTranslator implements StreamTranslator {
  error: GatewayError | null = null;
  private readonly cutter = new SseCutter();
  private readonly choices = new Map<number, OpenChoice>();
  private readonly ids: ToolCallIds;
  private frame: AnswerFrame | null = null;
  private rawUsage: JsonObject | null = null;
  /** The newest snapshot, as JSON text that nobody has needed yet. */
  private unreadUsage: string | null = null;
  private readonly fast = new FastText();
  private hasSaid = false;
  private events = 0;
  private isDone = false;

  constructor(
    private readonly wish: StreamWish,
    private readonly context: GeminiContext,
  ) {
    this.ids = new ToolCallIds(context.target.completionId);
  }

  get started(): boolean {
    return this.hasSaid || this.isFinished();
  }

  get status(): StreamTranslator['status'] {
    if (this.error !== null) return 'failed';
    return this.isFinished() ? 'complete' : 'open';
  }

  get facts(): AnswerFacts {
    const facts = toFacts(this.usage(), this.finishOf(this.choices.get(0)) ?? undefined, this.frame?.model);
    return { ...facts, events: this.events };
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.isDone || this.error !== null) return NOTHING;
    try {
      return toBuffers(this.readBlock(this.cutter.push(bytes)));
    } catch (cause) {
      if (!(cause instanceof EventTooLargeError)) throw cause;
      const { name, target } = this.context;
      this.error = new GatewayError('upstream_failed', `${name}: ${cause.message}`, {
        provider: target.provider,
        model: target.model,
      });
      return NOTHING;
    }
  }

  end(): readonly Buffer[] {
    if (this.isDone || this.error !== null) return NOTHING;
    const out = this.readRest(this.cutter.rest());
    if (this.status !== 'complete') return toBuffers(out);
    this.isDone = true;
    const usage = this.usage();
    return toBuffers(
      out + this.endings() + (this.wish.wantsUsage && usage !== undefined ? this.usageChunk(usage) : '') + DONE,
    );
  }

  private readBlock(block: Buffer): string {
    if (block.length === 0) return '';
    const text = block.toString();
    let out = '';
    for (let start = 0; start < text.length && this.error === null;) {
      const blank = text.indexOf('\n\n', start);
      const end = blank === -1 ? text.length : blank;
      const piece = this.fast.read(text, start, end);
      if (piece === null) {
        const raw = text.slice(start, end);
        for (const event of readEvents(raw)) out += this.readEvent(event, raw);
      } else out += this.readPiece(piece);
      start = end + 2;
    }
    return out;
  }

  /** One more piece of what the event before it was a piece of. */
  private readPiece({ escaped, usage }: FastPiece): string {
    this.events++;
    // A snapshot that is shorter than the one before may lack a member: that one counts too.
    if (usage !== null && this.unreadUsage !== null && usage.length < this.unreadUsage.length) this.readUsage();
    this.unreadUsage = usage ?? this.unreadUsage;
    const { member, index } = this.fast;
    return this.chunk(this.choiceOf(index), `"${member}":"${escaped}"`);
  }

  private readUsage(): void {
    if (this.unreadUsage === null) return;
    this.rawUsage = mergeUsage(this.rawUsage, parseJson(this.unreadUsage));
    this.unreadUsage = null;
  }

  private readEvent({ data, isForeign }: SseEvent, raw: string): string {
    if (isForeign) return this.fail(this.nonsense('with something that is not an event stream', data ?? ''));
    // Gemini ends without `[DONE]`; a proxy on the way may add one.
    if (data === null || data.trim() === '[DONE]') return '';
    this.events++;
    const responses = responsesOf(parseJson(data));
    if (responses === undefined) return this.fail(this.nonsense('with a stream event that is not JSON', data));
    // Where citations may follow, the text is kept as it is read.
    if (responses.length === 1 && !this.wish.mayGround) this.fast.learn(raw, responses[0]!);
    return this.readAll(responses);
  }

  /** The last event may lack its blank line. A body that is no event stream may be a list of events, or an error. */
  private readRest(rest: Buffer): string {
    const text = rest.toString().trim();
    const data = readEvents(text)[0]?.data ?? null;
    const responses = responsesOf(parseJson(data ?? text));
    if (responses !== undefined) return this.readAll(responses);
    // An event that was cut: the stream is not complete by it.
    if (text === '' || data !== null || this.hasSaid || /^(?::.*|[a-z]{1,5})$/.test(text)) return '';
    return this.fail(this.nonsense('with something that is not an event stream', text));
  }

  private readAll(responses: readonly JsonObject[]): string {
    let out = '';
    for (const response of responses) {
      if (this.error !== null) break;
      out += this.readResponse(response);
    }
    return out;
  }

  private readResponse(response: JsonObject): string {
    const { name, target } = this.context;
    if (isObject(response['error'])) return this.fail(toGeminiInBandError(response, {}, name, target));
    this.frame ??= toFrame(response, target);
    this.readUsage();
    this.rawUsage = mergeUsage(this.rawUsage, response['usageMetadata']);
    let out = '';
    const candidates: unknown = response['candidates'];
    if (Array.isArray(candidates)) {
      for (const candidate of candidates) if (isObject(candidate)) out += this.readCandidate(candidate);
    }
    const feedback = response['promptFeedback'];
    const reason = isObject(feedback) ? blockReason(feedback['blockReason']) : null;
    if (isObject(feedback) && reason !== null) {
      const choice = this.choiceOf(0);
      choice.reader.block(reason, feedback['blockReasonMessage']);
      choice.isBlocked = true;
    }
    return out;
  }

  private readCandidate(candidate: JsonObject): string {
    const choice = this.choiceOf(typeof candidate['index'] === 'number' ? candidate['index'] : 0);
    const { reader } = choice;
    const isFirst = !reader.hasContent;
    const deltas = reader.read(candidate);
    let out = '';
    for (const delta of deltas) out += this.chunk(choice, deltaMembers(delta));
    if (out !== '') {
      this.hasSaid = true;
      if (isFirst) out = this.chunk(choice, '"role":"assistant","content":""') + out;
    }
    const logprobs = reader.takeLogprobs();
    if (logprobs !== null) out += `${choice.head}},"logprobs":${JSON.stringify(logprobs)},"finish_reason":null}]}\n\n`;
    const failure = reader.failure(this.context);
    return failure === null || this.hasSaid ? out : this.fail(failure);
  }

  /** What each choice has left to say, and its finish. */
  private endings(): string {
    let out = '';
    for (const choice of this.choices.values()) {
      const { reader, head, isBlocked } = choice;
      const hadRole = reader.hasContent;
      const closing = reader.close(isBlocked);
      if (!hadRole) out += this.chunk(choice, '"role":"assistant","content":""');
      if (closing !== null) out += this.chunk(choice, membersOf(closing));
      out += `${head}},"logprobs":null,"finish_reason":"${this.finishOf(choice) ?? 'stop'}","native_finish_reason":${JSON.stringify(reader.native)}}]}\n\n`;
    }
    return out;
  }

  private chunk({ head, tail }: OpenChoice, members: string): string {
    return head + members + tail;
  }

  private usageChunk(usage: Usage): string {
    const tier = toTier(this.rawUsage);
    return `${this.frameText()},"choices":[],${tier === undefined ? '' : `"service_tier":${JSON.stringify(tier)},`}"usage":${JSON.stringify(usage)}}\n\n`;
  }

  private frameText(): string {
    const { id, created, model } = this.frame ?? toFrame({}, this.context.target);
    return `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)}`;
  }

  private choiceOf(index: number): OpenChoice {
    let choice = this.choices.get(index);
    if (choice === undefined) {
      choice = {
        reader: new ChoiceReader(this.ids, this.wish, true),
        head: `${this.frameText()},"choices":[{"index":${index},"delta":{`,
        tail: '},"logprobs":null,"finish_reason":null}]}\n\n',
        isBlocked: false,
      };
      this.choices.set(index, choice);
    }
    return choice;
  }

  private finishOf(choice: OpenChoice | undefined): FinishReason | null {
    if (choice === undefined) return null;
    return choice.isBlocked ? 'content_filter' : choice.reader.finishReason;
  }

  private isFinished(): boolean {
    if (this.choices.size === 0) return false;
    for (const { reader } of this.choices.values()) if (reader.native === null) return false;
    return true;
  }

  private usage(): Usage | undefined {
    this.readUsage();
    return toUsage(this.rawUsage);
  }

  private fail(error: GatewayError): string {
    this.error = error;
    return '';
  }

  private nonsense(what: string, text: string): GatewayError {
    const { name, target } = this.context;
    return toNonsenseError(what, Buffer.from(text), { name, target, rules: [] });
  }
}

const toBuffers = (text: string): readonly Buffer[] => (text === '' ? NOTHING : [Buffer.from(text)]);

/** Text is all that most deltas have: then nothing but the text is encoded. */
function deltaMembers(delta: PartDelta): string {
  const { content } = delta;
  if (content === undefined || hasMore(delta)) return membersOf(delta);
  return `"content":${JSON.stringify(content)}`;
}

/** Is there a member besides the first? */
function hasMore(delta: PartDelta): boolean {
  let count = 0;
  for (const _name in delta) if (++count > 1) return true;
  return false;
}

/** A delta's members without its braces. */
const membersOf = (delta: object): string => JSON.stringify(delta).slice(1, -1);
