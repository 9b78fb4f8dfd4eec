import type { ProviderTarget } from '../../provider-strategy.js';
import type { AnswerQuirks } from './chat-quirks.js';
import { finishFor } from './completion.mapper.js';
import { isFailedFinish } from './finish-reason.js';
import { isObject, isText, type JsonObject } from './json-value.js';
import { argumentsText, toolCallId } from './message-repair.js';

/** What is known of one choice of a stream so far. */
interface ChoiceState {
  hasRole: boolean;
  hasTools: boolean;
  isFinished: boolean;
}

/**
 * The repairs of a stream's chunks that need memory: which choice has had its role and its finish, which tool call a fragment
 * belongs to. Only chunks that are parsed come here; a chunk without a fault comes back as the same object.
 */
export class ChunkRepair {
  /** Has any choice sent text, reasoning, a tool call, a refusal or a finish? */
  started = false;
  /** How many choices have finished. */
  finished = 0;
  /** The first finish reason for the caller. */
  finishReason: unknown = undefined;
  /** The provider stopped because something broke, before it said anything. */
  failedFinish: string | null = null;
  /** A chunk lacked what each chunk must have (id, model, a choice's index): its fellows will too, and each needs repair. */
  isForeign = false;
  private readonly choices = new Map<number, ChoiceState>();
  /** The provider's key of a tool call (choice, then index or id) to its index for the caller. */
  private readonly tools = new Map<string, number>();
  /** Ids in use, each with its choice: two choices may well call with one id. */
  private readonly toolIds = new Set<string>();
  private toolCount = 0;
  private lastTool = 0;
  /** Members of an event that came before the answer and is none of its chunks (Azure's findings on the prompt). */
  private preface: JsonObject | null = null;
  /** The first whole chunk's: all chunks of an answer have the same. */
  private head: JsonObject = {};

  constructor(
    private readonly quirks: AnswerQuirks,
    private readonly target: ProviderTarget,
  ) {}

  /** Null when nothing of the chunk is left for the caller. */
  repair(chunk: JsonObject): JsonObject | null {
    if (isPreface(chunk)) {
      this.preface = withoutHead(chunk);
      return null;
    }
    return this.prefaced(this.repairChunk(chunk));
  }

  private prefaced(chunk: JsonObject | null): JsonObject | null {
    if (chunk === null || this.preface === null) return chunk;
    const whole = { ...chunk, ...this.preface };
    this.preface = null;
    return whole;
  }

  private repairChunk(chunk: JsonObject): JsonObject | null {
    const choices: unknown = chunk['choices'];
    const hasUsage = isObject(chunk['usage']);
    if (!Array.isArray(choices)) return this.framed({ ...chunk, choices: [] });
    const repaired = choices.map((choice: unknown) => this.choice(choice));
    const left = repaired.filter((choice) => choice !== null);
    if (left.length === 0 && choices.length > 0 && !hasUsage) return null;
    const isChanged = left.length < choices.length || left.some((choice, index) => choice !== choices[index]);
    return this.framed(isChanged ? { ...chunk, choices: left } : chunk);
  }

  /** Choices that have content and no finish, for providers that leave it out. */
  unfinished(): { readonly index: number; readonly hasTools: boolean }[] {
    return [...this.choices]
      .filter(([, { isFinished }]) => !isFinished)
      .map(([index, { hasTools }]) => ({ index, hasTools }));
  }

  /** The chunk that ends a choice. */
  finishChunk(index: number, hasTools: boolean): JsonObject {
    const finish = hasTools ? 'tool_calls' : 'stop';
    this.finished++;
    this.finishReason ??= finish;
    return this.framed({ choices: [{ index, delta: {}, finish_reason: finish }] });
  }

  private framed(chunk: JsonObject): JsonObject {
    const isWhole =
      isText(chunk['id']) && isText(chunk['object']) && typeof chunk['created'] === 'number' && isText(chunk['model']);
    if (isWhole) {
      if (this.head['id'] === undefined)
        this.head = { id: chunk['id'], created: chunk['created'], model: chunk['model'] };
      return chunk;
    }
    const { target, head } = this;
    this.isForeign = true;
    const { id = target.completionId, created = target.createdAt, model = target.model } = head;
    return {
      ...chunk,
      id: isText(chunk['id']) ? chunk['id'] : id,
      object: 'chat.completion.chunk',
      created: typeof chunk['created'] === 'number' && chunk['created'] > 0 ? chunk['created'] : created,
      model: isText(chunk['model']) ? chunk['model'] : model,
    };
  }

  private choice(choice: unknown): unknown {
    if (!isObject(choice)) return choice;
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0;
    const state = this.stateOf(index);
    const original = isObject(choice['delta']) ? choice['delta'] : {};
    let delta = this.toolCalls(original, index);
    for (const repair of this.quirks.repairs) delta = repair(delta);
    const hasContent = isContent(delta);
    const native = choice['finish_reason'];
    if (state.isFinished && isText(native) && !hasContent) {
      // The finish again, beside the usage (OpenRouter): one finish a choice is the contract.
      return null;
    }
    if (!state.hasRole && isText(delta['role'])) state.hasRole = true;
    // Once the stream has started, events pass unread, and a later choice's role may be among them.
    const seesAll = !this.started || this.quirks.parsesAll || this.isForeign;
    if (!state.hasRole && seesAll && (hasContent || isText(native))) {
      delta = { role: 'assistant', ...delta };
      state.hasRole = true;
    }
    if (Array.isArray(delta['tool_calls']) && delta['tool_calls'].length > 0) state.hasTools = true;
    if (hasContent) this.started = true;
    const finish = isText(native) ? this.finish(native, state) : native;
    if (isText(native)) this.started = true;

    const hasIndex = typeof choice['index'] === 'number';
    if (!hasIndex) this.isForeign = true;
    const isWhole = hasIndex && isObject(choice['delta']);
    if (delta === original && finish === native && isWhole) return choice;
    return {
      ...choice,
      index,
      delta,
      ...(finish === undefined ? {} : { finish_reason: finish }),
      ...(finish === native || !isText(native)
        ? {}
        : { native_finish_reason: choice['native_finish_reason'] ?? native }),
    };
  }

  private finish(native: string, state: ChoiceState): unknown {
    if (isFailedFinish(native) && !this.started) this.failedFinish = native;
    const finish = finishFor(native, state.hasTools, this.quirks.infersFinish);
    if (!state.isFinished) this.finished++;
    state.isFinished = true;
    this.finishReason ??= finish;
    return finish;
  }

  private stateOf(index: number): ChoiceState {
    let state = this.choices.get(index);
    if (state === undefined) {
      state = { hasRole: false, hasTools: false, isFinished: false };
      this.choices.set(index, state);
    }
    return state;
  }

  /** A tool call's fragments carry its index; the first also id, `type` and name. Clients lose calls that lack them. */
  private toolCalls(delta: JsonObject, choice: number): JsonObject {
    const calls: unknown = delta['tool_calls'];
    if (!Array.isArray(calls) || calls.length === 0) return delta;
    const repaired = calls.map((call: unknown) => (isObject(call) ? this.toolCall(call, choice) : call));
    if (repaired.every((call, index) => call === calls[index])) return delta;
    const left = repaired.filter((call) => call !== null);
    const { tool_calls: _calls, ...rest } = delta;
    return left.length === 0 ? rest : { ...rest, tool_calls: left };
  }

  /** Null for a fragment that says nothing: some hosts close a call with nulls. */
  private toolCall(call: JsonObject, choice: number): JsonObject | null {
    const body = isObject(call['function']) ? call['function'] : {};
    const key = this.keyOf(call, body, choice);
    const isFirst = !this.tools.has(key);
    if (isFirst) this.tools.set(key, typeof call['index'] === 'number' ? call['index'] : this.toolCount);
    const index = this.tools.get(key) ?? 0;
    this.lastTool = index;

    if (!isFirst) return laterFragment(call, body, index);
    this.toolCount++;
    const isFree = isText(call['id']) && !this.toolIds.has(`${choice}/${call['id']}`);
    const id = isText(call['id']) && isFree ? call['id'] : toolCallId(this.target.completionId, index);
    this.toolIds.add(`${choice}/${id}`);
    const type = isText(call['type']) && call['type'] !== 'null' ? call['type'] : 'function';
    const args = body['arguments'];
    const isArgumentsText = args === undefined || typeof args === 'string';
    if (id === call['id'] && type === call['type'] && call['index'] === index && isArgumentsText) return call;
    return { ...call, index, id, type, function: isArgumentsText ? body : { ...body, arguments: argumentsText(args) } };
  }

  private keyOf(call: JsonObject, body: JsonObject, choice: number): string {
    if (typeof call['index'] === 'number') return `${choice}/${call['index']}`;
    // Without an index a new call is told by its name, and a fragment belongs to the call before it.
    return isText(body['name']) ? `${choice}/new${this.toolCount}` : `${choice}/${this.lastTool}`;
  }
}

/** An event without choices, usage and id says something, but is no chunk: clients would take the id from it. */
const isPreface = (chunk: JsonObject): boolean =>
  Array.isArray(chunk['choices']) && chunk['choices'].length === 0 && chunk['id'] === '' && !isObject(chunk['usage']);

function withoutHead(chunk: JsonObject): JsonObject {
  const { id: _id, object: _object, created: _created, model: _model, choices: _choices, ...rest } = chunk;
  return rest;
}

/** Only the arguments go on: an empty name or a null would be taken for a change by clients that join fragments. */
function laterFragment(call: JsonObject, body: JsonObject, index: number): JsonObject | null {
  const { arguments: args, name } = body;
  const isFaulty =
    call['index'] !== index || typeof args !== 'string' || name === '' || name === null || call['id'] === null;
  if (!isFaulty) return call;
  const text = argumentsText(args);
  if (text === '' && !isText(name)) return null;
  return { index, function: { ...(isText(name) ? { name } : {}), arguments: text } };
}

function isContent(delta: JsonObject): boolean {
  const { content, refusal, tool_calls: tools } = delta;
  return (
    isText(content) ||
    (Array.isArray(content) && content.length > 0) ||
    isText(delta['reasoning_content']) ||
    isText(delta['reasoning']) ||
    isText(refusal) ||
    (Array.isArray(tools) && tools.length > 0) ||
    isObject(delta['function_call']) ||
    isObject(delta['audio'])
  );
}
