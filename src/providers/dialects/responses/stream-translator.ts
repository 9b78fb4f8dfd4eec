import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { FinishReason } from '../../../contract/chat-completion.js';
import { EventTooLargeError, SseCutter } from '../../../transport/readers/sse-cutter.js';
import type { AnswerFacts, StreamTranslator } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { readEvents, type SseEvent } from '../sse-events.js';
import { toFailure, toHead, toTail, toUsageMember } from './answer.mapper.js';
import { OutputDeltas } from './output-deltas.js';
import { toFinish } from './output.mapper.js';
import type { ResponsesFlavour } from './responses-flavour.js';
import { toUsage } from './usage.js';

const NOTHING: readonly Buffer[] = [];
const DONE = 'data: [DONE]\n\n';
/** Each ends the stream, and holds the whole answer. */
const TERMINAL: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/** A Responses stream as chat completion chunks. */
export class ResponsesStreamTranslator implements StreamTranslator {
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly cutter = new SseCutter();
  private readonly deltas: OutputDeltas;
  /** What each chunk begins with; null until the answer has been announced. */
  private head: ReturnType<typeof toHead> | null = null;
  private usage: unknown;
  private model: unknown;
  private finishReason: FinishReason | undefined;

  constructor(
    private readonly wantsUsage: boolean,
    flavour: ResponsesFlavour,
    private readonly context: ErrorContext,
  ) {
    this.deltas = new OutputDeltas(flavour, context.target.completionId);
  }

  get started(): boolean {
    return this.deltas.started || this.finishReason !== undefined;
  }

  get facts(): AnswerFacts {
    return toFacts(toUsage(this.usage), this.finishReason, this.model, toBill(this.usage));
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    try {
      return this.read(this.cutter.push(bytes).toString());
    } catch (cause) {
      if (!(cause instanceof EventTooLargeError)) throw cause;
      const { target, name } = this.context;
      const whose = { provider: target.provider, model: target.model };
      this.fail(new GatewayError('upstream_failed', `${name}: ${cause.message}`, whose));
      return NOTHING;
    }
  }

  end(): readonly Buffer[] {
    if (this.status !== 'open') return NOTHING;
    const rest = this.cutter.rest();
    const text = rest.toString();
    const whole = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
    if (whole !== undefined && !this.started) {
      // An error as one JSON body, whatever the content type said.
      const isErrorBody = isObject(whole) && isError(whole, null);
      this.fail(
        isErrorBody
          ? toInBandError(whole, {}, this.context)
          : toNonsenseError('with something that is not an event stream', rest, this.context),
      );
      return NOTHING;
    }
    // The last event may lack its blank line, or be cut off: then it is as if it had not come.
    const [event] = readEvents(text);
    if (event?.data != null && parseJson(event.data) === undefined) return NOTHING;
    return this.read(text);
  }

  private read(block: string): readonly Buffer[] {
    if (block === '') return NOTHING;
    let out = '';
    for (const event of readEvents(block)) {
      out += this.event(event);
      if (this.status !== 'open') break;
    }
    return out === '' ? NOTHING : [Buffer.from(out)];
  }

  private event({ data, name, isForeign }: SseEvent): string {
    if (isForeign && data === null) return this.nonsense('with something that is not an event stream', name ?? '');
    if (data === null || data.trim() === '[DONE]') return '';
    const event = parseJson(data);
    if (!isObject(event)) return this.nonsense('with a stream event that is not JSON', data);
    if (isError(event, name)) return this.fail(toInBandError(toErrorBody(event), {}, this.context));

    const response = isObject(event['response']) ? event['response'] : null;
    const opening = response === null ? '' : this.open(response);
    if (TERMINAL.has(event['type'])) return opening + this.terminate(response ?? {}, event['type']);
    return opening + this.chunks(this.deltas.read(event), event['logprobs']);
  }

  /** The first event that holds the answer's id begins the stream. */
  private open(response: JsonObject): string {
    const { model } = response;
    if (this.model === undefined && typeof model === 'string' && model !== '') this.model = model;
    if (this.head !== null) return '';
    this.head = toHead(response, this.context);
    return this.chunk({ role: 'assistant', content: '' });
  }

  private chunks(deltas: readonly JsonObject[], logprobs?: unknown): string {
    const opening = deltas.length > 0 && this.head === null ? this.open({}) : '';
    const content = Array.isArray(logprobs) && logprobs.length > 0 ? { logprobs: { content: logprobs } } : {};
    return opening + deltas.map((delta) => this.chunk(delta, content)).join('');
  }

  private terminate(response: JsonObject, type: unknown): string {
    const failure = toFailure(type === 'response.failed' ? { status: 'failed', ...response } : response, this.context);
    if (failure !== null) return this.fail(failure);
    const rest = this.chunks([...this.deltas.readOutput(response['output']), ...this.deltas.citations()]);
    const state = type === 'response.incomplete' ? { ...response, status: 'incomplete' } : response;
    const { finishReason, native } = toFinish(state, this.deltas.hasTools);
    this.finishReason = finishReason;
    this.usage = response['usage'];
    this.status = 'complete';
    const finish = this.chunk(
      {},
      { finish_reason: finishReason, ...(native === null ? {} : { native_finish_reason: native }) },
      { ...toTail(response), ...this.deltas.extras },
    );
    const usage = this.wantsUsage ? toUsageMember(this.usage) : undefined;
    return rest + finish + (usage === undefined ? '' : this.framed([], { usage })) + DONE;
  }

  private chunk(delta: JsonObject, choice: JsonObject = {}, rest: JsonObject = {}): string {
    return this.framed([{ index: 0, delta, finish_reason: null, ...choice }], rest);
  }

  private framed(choices: readonly JsonObject[], rest: JsonObject): string {
    const { id, created, model } = this.head ?? toHead({}, this.context);
    const chunk = { id, object: 'chat.completion.chunk', created, model, choices, ...rest };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }

  private nonsense(what: string, text: string): string {
    return this.fail(toNonsenseError(what, Buffer.from(text), this.context));
  }

  private fail(error: GatewayError): string {
    this.status = 'failed';
    this.error = error;
    return '';
  }
}

/** `{error: …}`, the older `{object: 'error', …}`, and OpenAI's `{type: 'error', code, message}`. */
const isError = (event: JsonObject, name: string | null): boolean =>
  name === 'error' ||
  event['type'] === 'error' ||
  event['object'] === 'error' ||
  (event['error'] !== undefined && event['error'] !== null);

/** `type` names the event, not the error. */
function toErrorBody(event: JsonObject): JsonObject {
  if (event['type'] !== 'error' || isObject(event['error'])) return event;
  const { type: _type, ...error } = event;
  return { error };
}
