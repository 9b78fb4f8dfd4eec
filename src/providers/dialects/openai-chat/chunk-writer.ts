import type { FinishReason, Usage } from '../../../contract/chat-completion.js';
import type { JsonObject } from './json-value.js';

/** What every chunk of one stream says alike. */
export interface ChunkFrame {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** The last words of a stream. */
export interface StreamEnd {
  readonly finishReason: FinishReason;
  /** The provider's own word for it. */
  readonly nativeFinishReason: string;
  /** Sent as a chunk of its own; absent where the provider gave none, or the caller asked for none. */
  readonly usage?: Usage | undefined;
  /** What the provider says besides, as members of the chunk with the finish. */
  readonly extras?: JsonObject;
}

const TAIL = ',"finish_reason":null}]}\n\n';

/**
 * Writes OpenAI's stream of one choice for a provider that speaks otherwise: the role first, a tool call's fragments with index,
 * id and type first, one finish, usage, `[DONE]`. A chunk is its fixed head, the delta's JSON and its fixed tail.
 */
export class ChunkWriter {
  /** Has real content come? */
  started = false;
  private head: string | null = null;
  private pending = '';
  /** By tool index: did arguments come? */
  private readonly toolCalls: boolean[] = [];

  constructor(private frame: ChunkFrame) {}

  get toolCallCount(): number {
    return this.toolCalls.length;
  }

  /** The provider's own id and model: they count until the first chunk is written. */
  identify(id: string, model: string = this.frame.model): void {
    if (this.head === null) this.frame = { ...this.frame, id, model };
  }

  text(text: string, logprobs?: JsonObject): void {
    if (text === '') return;
    this.delta(`{"content":${JSON.stringify(text)}}`, logprobs);
  }

  reasoning(text: string): void {
    if (text !== '') this.delta(`{"reasoning_content":${JSON.stringify(text)}}`);
  }

  /** `reasoning_details`, `annotations` and the like. */
  extra(members: JsonObject): void {
    this.delta(JSON.stringify(members));
  }

  /** Returns the call's index among the stream's tool calls. `extra`: members of the call beside OpenAI's. */
  openToolCall(id: string, name: string, extra: JsonObject = {}): number {
    const index = this.toolCalls.push(false) - 1;
    const call = { index, id, type: 'function', function: { name, arguments: '' }, ...extra };
    this.delta(JSON.stringify({ tool_calls: [call] }));
    return index;
  }

  toolArguments(index: number, fragment: string): void {
    if (fragment === '') return;
    this.toolCalls[index] = true;
    this.delta(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(fragment)}}}]}`);
  }

  /** Arguments that never came are an empty object, so that they parse. */
  closeToolCall(index: number): void {
    if (this.toolCalls[index] === false) this.toolArguments(index, '{}');
  }

  finish({ finishReason, nativeFinishReason, usage, extras }: StreamEnd): void {
    const { id, created, model } = this.begin();
    const frame = { id, object: 'chat.completion.chunk', created, model };
    const choice = { index: 0, delta: {}, finish_reason: finishReason, native_finish_reason: nativeFinishReason };
    this.started = true;
    this.pending += `data: ${JSON.stringify({ ...frame, choices: [choice], ...extras })}\n\n`;
    if (usage !== undefined) this.pending += `data: ${JSON.stringify({ ...frame, choices: [], usage })}\n\n`;
    this.pending += 'data: [DONE]\n\n';
  }

  /** What was written since it was last asked. */
  take(): readonly Buffer[] {
    if (this.pending === '') return [];
    const bytes = Buffer.from(this.pending);
    this.pending = '';
    return [bytes];
  }

  /** A delta as JSON text: for dialects that know the escaped text already. */
  delta(json: string, logprobs?: JsonObject): void {
    this.begin();
    this.started = true;
    const tail = logprobs === undefined ? TAIL : `,"logprobs":${JSON.stringify(logprobs)}${TAIL}`;
    this.pending += this.head + json + tail;
  }

  private begin(): ChunkFrame {
    if (this.head === null) {
      const { id, created, model } = this.frame;
      const frame = JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1);
      this.head = `data: ${frame},"choices":[{"index":0,"delta":`;
      this.pending += `${this.head}{"role":"assistant","content":""}${TAIL}`;
    }
    return this.frame;
  }
}
