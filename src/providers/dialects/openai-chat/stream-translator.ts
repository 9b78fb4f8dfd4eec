import { GatewayError } from '../../../common/errors/gateway-error.js';
import { EventTooLargeError, SseCutter } from '../../../transport/readers/sse-cutter.js';
import type { AnswerFacts, StreamTranslator } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import type { AnswerQuirks } from './chat-quirks.js';
import { ChunkRepair } from './chunk-repair.js';
import { toFacts } from './completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from './error.mapper.js';
import { isFinishReason } from './finish-reason.js';
import { isObject, isText, parseJson, type JsonObject } from './json-value.js';
import { OrdinaryEvent } from './ordinary-event.js';
import { repairUsage, toUsage } from './usage.js';

const LF = 0x0a;
const DONE = Buffer.from('data: [DONE]\n\n');
const NOTHING: readonly Buffer[] = [];

interface StreamWish {
  /** Did the caller ask for usage (`stream_options.include_usage`)? If not, the chunk that holds nothing else is left out. */
  readonly wantsUsage: boolean;
  /** How many choices must finish. */
  readonly choices: number;
}

/** What one event is: whether the caller gets it as it came, changed, or not at all. */
type Verdict =
  { readonly kind: 'pass' } | { readonly kind: 'drop' } | { readonly kind: 'replace'; readonly bytes: Buffer };

const PASS: Verdict = { kind: 'pass' };
const DROP: Verdict = { kind: 'drop' };

/**
 * Chat completion chunks on their way from an OpenAI-shaped provider. Most events pass unread, as the memory they came in: what
 * an ordinary one looks like is learned from the first, and an event that looks otherwise is parsed. A usage field on a chunk
 * that also holds a choice stays where the provider put it, asked for or not: taking it out would re-encode the finish.
 */
export class ChatStreamTranslator implements StreamTranslator {
  status: StreamTranslator['status'] = 'open';
  error: GatewayError | null = null;
  private readonly cutter = new SseCutter();
  private readonly ordinary: OrdinaryEvent;
  private readonly repair: ChunkRepair;
  private usage: unknown;
  private model: unknown;
  private isDone = false;
  private events = 0;

  constructor(
    private readonly wish: StreamWish,
    private readonly quirks: AnswerQuirks,
    private readonly context: ErrorContext,
  ) {
    this.ordinary = new OrdinaryEvent(quirks.markers);
    this.repair = new ChunkRepair(quirks, context.target);
  }

  get started(): boolean {
    return this.repair.started;
  }

  get facts(): AnswerFacts {
    const finish = this.repair.finishReason;
    const known = isFinishReason(finish) ? finish : undefined;
    return { ...toFacts(toUsage(this.usage), known, this.model, toBill(this.usage)), events: this.events };
  }

  push(bytes: Buffer): readonly Buffer[] {
    if (this.isDone || this.status === 'failed') return NOTHING;
    try {
      return this.read(this.cutter.push(bytes));
    } catch (cause) {
      if (!(cause instanceof EventTooLargeError)) throw cause;
      this.fail(new GatewayError('upstream_failed', `${this.context.name}: ${cause.message}`, this.whose()));
      return NOTHING;
    }
  }

  end(): readonly Buffer[] {
    if (this.isDone || this.status === 'failed') return NOTHING;
    const out = [...this.readRest(this.cutter.rest())];
    if (this.isDone || this.failed()) return out;
    if (this.status === 'complete') {
      this.isDone = true;
      out.push(DONE);
    }
    return out;
  }

  private read(block: Buffer): readonly Buffer[] {
    if (block.length === 0) return NOTHING;
    this.ordinary.open(block);
    const out: Buffer[] = [];
    // Neighbours that pass unchanged leave as one piece.
    let passFrom = 0;
    let start = 0;
    while (start < block.length) {
      this.events++;
      const lineEnd = block.indexOf(LF, start);
      const isSingleLine = block[lineEnd + 1] === LF;
      const end = isSingleLine ? lineEnd + 2 : endOfEvent(block, start);
      // Until something has started each event is read, so that `started` is exact.
      const verdict =
        isSingleLine && this.repair.started && this.ordinary.matches(block, start, lineEnd)
          ? PASS
          : this.look(block, start, end);
      if (verdict.kind !== 'pass') {
        if (start > passFrom) out.push(block.subarray(passFrom, start));
        if (verdict.kind === 'replace') out.push(verdict.bytes);
        passFrom = end;
      }
      start = end;
      if (this.isDone || this.failed()) break;
    }
    if (start > passFrom) out.push(passFrom === 0 && start === block.length ? block : block.subarray(passFrom, start));
    return out;
  }

  /** The last event may lack its blank line, or be cut off: then it is not passed on, and the stream is not complete by it. */
  private readRest(rest: Buffer): readonly Buffer[] {
    const { data } = readLines(rest, 0, rest.length);
    if (data === null && !this.repair.started) return this.readWhole(rest);
    if (data === null || (data !== '[DONE]' && parseJson(data) === undefined)) return NOTHING;
    return this.read(Buffer.concat([rest, Buffer.from(rest.at(-1) === LF ? '\n' : '\n\n')]));
  }

  /** Not an event stream at all, whatever its content type said: an error as one JSON body, or rubbish. */
  private readWhole(rest: Buffer): readonly Buffer[] {
    const text = rest.toString().trim();
    if (text === '' || text.startsWith(':')) return NOTHING;
    const body = parseJson(text);
    const isErrorBody = isObject(body) && isError(body);
    this.fail(
      isErrorBody
        ? toInBandError(body, {}, this.context)
        : toNonsenseError('with something that is not an event stream', rest, this.context),
    );
    return NOTHING;
  }

  private look(block: Buffer, start: number, end: number): Verdict {
    const { data, event } = readLines(block, start, end);
    if (data === null) return this.withoutData(block, start, end);
    if (data.trim() === '[DONE]') return this.done(block, start, end);
    const parsed = parseJson(data);
    if (!isObject(parsed))
      return this.fail(toNonsenseError('with a stream event that is not JSON', Buffer.from(data), this.context));
    const chunk = this.quirks.adapt?.(parsed, true) ?? parsed;
    if (event === 'error' || isError(chunk)) return this.fail(toInBandError(chunk, {}, this.context));

    const usage: unknown = chunk['usage'];
    if (isObject(usage)) this.usage = usage;
    if (this.model === undefined && isText(chunk['model'])) this.model = chunk['model'];
    const sound = isObject(usage) ? withUsage(chunk, usage) : chunk;
    const repaired = this.repair.repair(sound);
    const { failedFinish } = this.repair;
    if (failedFinish !== null) {
      const message = `${this.context.name} stopped with '${failedFinish}' and gave no content.`;
      return this.fail(new GatewayError('upstream_failed', message, this.whose()));
    }
    if (this.repair.finished >= this.wish.choices) this.status = 'complete';
    if (repaired === null) return DROP;
    if (!this.wish.wantsUsage && isUsageOnly(repaired)) return DROP;
    if (repaired !== parsed) {
      if (this.repair.isForeign) this.ordinary.distrust();
      return { kind: 'replace', bytes: toEvent(repaired) };
    }
    if (!this.quirks.parsesAll) this.ordinary.learn(block, start, end);
    return PASS;
  }

  /** Comments and empty events travel on; lines of no known field are a sign that this is not an event stream at all. */
  private withoutData(block: Buffer, start: number, end: number): Verdict {
    const text = block.toString('utf8', start, end);
    if (text.split('\n').every((line) => /^(:|event:|id:|retry:|$)/.test(line))) return PASS;
    return this.fail(
      toNonsenseError('with something that is not an event stream', block.subarray(start, end), this.context),
    );
  }

  private done(block: Buffer, start: number, end: number): Verdict {
    const finishes = this.quirks.infersFinish && this.repair.started ? this.finishes() : NOTHING;
    this.status = 'complete';
    this.isDone = true;
    if (finishes.length === 0) return PASS;
    return { kind: 'replace', bytes: Buffer.concat([...finishes, block.subarray(start, end)]) };
  }

  private finishes(): Buffer[] {
    return this.repair.unfinished().map(({ index, hasTools }) => toEvent(this.repair.finishChunk(index, hasTools)));
  }

  private fail(error: GatewayError): Verdict {
    this.status = 'failed';
    this.error = error;
    return DROP;
  }

  /** Behind a method, so that the compiler does not take the status for what it was before a call that changes it. */
  private failed(): boolean {
    return this.status === 'failed';
  }

  private whose(): { readonly provider: string; readonly model: string } {
    return { provider: this.context.target.provider, model: this.context.target.model };
  }
}

const toEvent = (chunk: JsonObject): Buffer => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);

/** `{"error": …}`, also beside choices (OpenRouter), and the older `{"object": "error", …}`. */
const isError = (chunk: JsonObject): boolean =>
  (chunk['error'] !== undefined && chunk['error'] !== null) || chunk['object'] === 'error';

const isUsageOnly = (chunk: JsonObject): boolean =>
  isObject(chunk['usage']) && Array.isArray(chunk['choices']) && chunk['choices'].length === 0;

function withUsage(chunk: JsonObject, usage: JsonObject): JsonObject {
  const sound = repairUsage(usage);
  return sound === usage ? chunk : { ...chunk, usage: sound };
}

/** Where the event of several lines that begins at `start` ends: behind its blank line. */
function endOfEvent(block: Buffer, start: number): number {
  if (block[start] === LF) return start + 1;
  const blank = block.indexOf('\n\n', start, 'latin1');
  return blank === -1 ? block.length : blank + 2;
}

/** An event's data (lines joined by LF; null for comments and the like) and its name. */
function readLines(
  block: Buffer,
  start: number,
  end: number,
): { readonly data: string | null; readonly event: string | null } {
  let data: string | null = null;
  let event: string | null = null;
  for (const line of block.toString('utf8', start, end).split('\n')) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') continue;
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else data = data === null ? value : `${data}\n${value}`;
  }
  return { data, event };
}
