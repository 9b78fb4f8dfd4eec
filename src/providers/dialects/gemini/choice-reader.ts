import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { FinishReason } from '../../../contract/chat-completion.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toAnnotations, type TextPart, type UrlAnnotation } from './annotations.js';
import { isAbnormal, nativeFinish, toFinishReason } from './finish-reason.js';
import { toLogprobs, type Logprobs } from './logprobs.js';
import { PartReader, type PartDelta, type ToolCallIds } from './part-reader.js';
import type { GeminiContext } from './refusal.js';

/** What the caller's request means for the reading of the answer. */
export interface ReadingWish {
  readonly isSingleCall: boolean;
  /** May the answer be grounded, so that its text must be kept for the places of citations? */
  readonly mayGround: boolean;
}

/** What comes when a choice has ended, besides its finish. */
export interface ClosingDelta extends PartDelta {
  readonly refusal?: string;
  readonly annotations?: readonly UrlAnnotation[];
  readonly extra_content?: { readonly google: JsonObject };
}

/** A candidate's members that have no place of OpenAI's: they go to `extra_content.google`. */
const EXTRAS = ['groundingMetadata', 'citationMetadata', 'urlContextMetadata', 'safetyRatings'] as const;

/** One choice of an answer, fed with the candidates that have its index: one of a whole answer, many of a stream. */
export class ChoiceReader {
  /** Google's word for the finish, null before it came. */
  native: string | null = null;
  private logprobs: Logprobs | null = null;
  private said = false;
  private finishMessage: string | null = null;
  private readonly parts: PartReader;
  private readonly texts: TextPart[] = [];
  private extras: JsonObject = {};

  constructor(
    ids: ToolCallIds,
    private readonly wish: ReadingWish,
    /** Do several candidates follow each other, whose texts are one for Google's count of bytes? */
    private readonly isStream: boolean,
  ) {
    this.parts = new PartReader(ids, wish.isSingleCall);
  }

  /** Has text, reasoning, a call or the like come? */
  get hasContent(): boolean {
    return this.said;
  }

  get finishReason(): FinishReason | null {
    return this.native === null ? null : toFinishReason(this.native, this.parts.calls > 0);
  }

  /** The deltas of the candidate's parts. */
  read(candidate: JsonObject): PartDelta[] {
    const deltas: PartDelta[] = [];
    const content = candidate['content'];
    const parts: unknown = isObject(content) ? content['parts'] : undefined;
    if (Array.isArray(parts)) {
      for (let index = 0; index < parts.length; index++) {
        const delta = this.parts.read(parts[index]);
        if (delta === null) continue;
        deltas.push(delta);
        this.said = true;
        if (this.wish.mayGround && delta.content !== undefined) this.keep(delta.content, index);
      }
    }
    this.native = nativeFinish(candidate['finishReason']) ?? this.native;
    if (isText(candidate['finishMessage'])) this.finishMessage = candidate['finishMessage'];
    const logprobs = toLogprobs(candidate['logprobsResult']);
    if (logprobs !== null)
      this.logprobs = { ...logprobs, content: [...(this.logprobs?.content ?? []), ...logprobs.content] };
    for (const name of EXTRAS) if (isFilled(candidate[name])) this.extras = { ...this.extras, [name]: candidate[name] };
    return deltas;
  }

  /** The log probabilities that came since it was last asked. */
  takeLogprobs(): Logprobs | null {
    const { logprobs } = this;
    this.logprobs = null;
    return logprobs;
  }

  /** The prompt was refused: there is no candidate. */
  block(reason: string, message: unknown): void {
    this.native = reason;
    this.finishMessage = isText(message) ? message : null;
  }

  /** What is left to say, null when nothing is. */
  close(isBlocked: boolean): ClosingDelta | null {
    const rest = this.parts.rest();
    if (rest !== null) this.said = true;
    const annotations = toAnnotations(this.extras['groundingMetadata'], this.texts);
    const isFiltered = isBlocked || this.finishReason === 'content_filter';
    const delta: ClosingDelta = {
      ...rest,
      ...(isFiltered && this.finishMessage !== null ? { refusal: this.finishMessage } : {}),
      ...(annotations.length === 0 ? {} : { annotations }),
      ...(Object.keys(this.extras).length === 0 ? {} : { extra_content: { google: this.extras } }),
    };
    return Object.keys(delta).length === 0 ? null : delta;
  }

  /** A finish that says that something went wrong, of a choice without content; null when all is well. */
  failure({ name, target }: GeminiContext): GatewayError | null {
    if (this.native === null || this.said || !isAbnormal(this.native)) return null;
    const why = this.finishMessage === null ? '' : ` ${this.finishMessage}`;
    return new GatewayError('upstream_failed', `${name} stopped with '${this.native}' and gave no content.${why}`, {
      provider: target.provider,
      model: target.model,
    });
  }

  private keep(text: string, partIndex: number): void {
    const last = this.texts.at(-1);
    if (this.isStream && last !== undefined) this.texts[0] = { partIndex: 0, text: last.text + text };
    else this.texts.push({ partIndex: this.isStream ? 0 : partIndex, text });
  }
}

const isFilled = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0;
