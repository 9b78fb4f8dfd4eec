import type { ChatCompletionRequest, ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { CacheMarker } from './cache-control.js';
import type { ClaudeModel } from './claude-models.catalog.js';
import { toBlocks, toContent } from './content.mapper.js';
import { parseExact } from './exact-json.js';
import { fromNativeContent } from './native-content.js';
import { placeThinking, toThinkingBlocks } from './reasoning-details.js';
import { toToolUseId } from './tool-ids.js';
import { invalid, unsupported, type Refuser } from './unsupported.js';

interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  blocks: JsonObject[];
  /** Where its first message stands in the request. */
  readonly at: number;
}

/** Calls of an assistant's message that wait for their results. */
interface OpenCalls {
  readonly ids: readonly string[];
  readonly results: Map<string, JsonObject>;
  /** The user's turn that takes the results. */
  readonly turn: Turn;
  readonly at: number;
}

export interface MessagesAndSystem {
  readonly system: readonly JsonObject[];
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  /** Does the model go on with an answer that the caller has begun? */
  readonly hasPrefill: boolean;
  /** A tool loop whose last call came back without the thinking before it: Anthropic takes none then. */
  readonly lacksThinking: boolean;
}

/**
 * OpenAI's messages as Anthropic's turns: leading system messages (on older models all) go to the top, neighbours of one role
 * become one turn, results of tools go together, first and in the order of their calls, into the turn after them.
 * Throws a 400 for a call without result, a result without call, and an answer begun where the model does not go on with it.
 */
export function toMessages(
  request: ChatCompletionRequest,
  model: ClaudeModel,
  mark: CacheMarker,
  refuser: Refuser,
): MessagesAndSystem {
  return new Conversation(model, mark, refuser).read(request.messages);
}

class Conversation {
  private readonly system: JsonObject[] = [];
  private readonly turns: Turn[] = [];
  private open: OpenCalls | null = null;

  constructor(
    private readonly model: ClaudeModel,
    private readonly mark: CacheMarker,
    private readonly refuser: Refuser,
  ) {}

  read(messages: readonly ChatMessage[]): MessagesAndSystem {
    for (const [index, message] of messages.entries()) this.take(message, index);
    this.close();
    const [first] = this.turns;
    if (first === undefined) throw invalid('messages', 'The conversation needs a message of the user.', this.refuser);
    if (first.role === 'assistant') {
      const hint = 'The first message after the system ones must be of the user.';
      throw unsupported(`messages[${first.at}]`, hint, this.refuser);
    }
    return {
      system: this.system,
      hasPrefill: this.checkPrefill(messages),
      lacksThinking: this.lacksThinking(),
      messages: this.turns.map(({ role, blocks }) => ({ role, content: blocks.length === 0 ? '' : toContent(blocks) })),
    };
  }

  private take(message: ChatMessage, index: number): void {
    const param = `messages[${index}]`;
    switch (message.role) {
      case 'system':
      case 'developer':
        return this.instruct(this.blocksOf(message, param), index);
      case 'user':
        this.add('user', this.blocksOf(message, param), index);
        return;
      case 'assistant':
        return this.answer(message, index);
      case 'tool':
        return this.result(message, param);
      default:
        throw unsupported(`${param}.role`, 'Roles are system, developer, user, assistant and tool.', this.refuser);
    }
  }

  private instruct(blocks: JsonObject[], at: number): void {
    if (blocks.length === 0) return;
    if (this.turns.length === 0 || !this.model.systemMessages) this.system.push(...blocks);
    else this.add('system', blocks, at);
  }

  private answer(message: ChatMessage, at: number): void {
    this.close();
    const native = fromNativeContent(message);
    const blocks = native ?? this.assistantBlocks(message, at);
    if (blocks.length === 0) return;
    this.add('assistant', blocks, at);
    const ids = blocks.flatMap(({ type, id }) => (type === 'tool_use' && isText(id) ? [id] : []));
    if (ids.length > 0) this.open = { ids, results: new Map(), turn: this.add('user', [], at + 1), at };
  }

  private assistantBlocks(message: ChatMessage, at: number): JsonObject[] {
    const param = `messages[${at}]`;
    const content = this.blocksOf(message, param);
    // An answer that declined comes back as its refusal.
    const said =
      content.length === 0 && isText(message['refusal'])
        ? toBlocks(message['refusal'], param, this.mark, this.refuser)
        : content;
    const calls = (message.tool_calls ?? []).map((call, index) => this.toolUse(call, `${param}.tool_calls[${index}]`));
    const thinking = this.model.thinking === 'none' ? [] : toThinkingBlocks(message);
    // An answer of thinking alone cannot go back: something has to follow it.
    return said.length + calls.length === 0 ? [] : placeThinking(thinking, [...said, ...calls]);
  }

  private toolUse(call: JsonObject, param: string): JsonObject {
    const { id, function: body } = call;
    if (!isObject(body) || !isText(body['name'])) {
      throw unsupported(param, "It knows calls of functions only: {id, type: 'function', function: …}.", this.refuser);
    }
    if (!isText(id)) throw invalid(`${param}.id`, 'A tool call needs an id.', this.refuser);
    const input = toInput(body['arguments']);
    if (input === null) {
      throw invalid(`${param}.function.arguments`, 'The arguments must be the JSON text of an object.', this.refuser);
    }
    return this.mark(call, { type: 'tool_use', id: toToolUseId(id), name: body['name'], input });
  }

  private result(message: ChatMessage, param: string): void {
    const id = isText(message.tool_call_id) ? toToolUseId(message.tool_call_id) : null;
    if (id === null || this.open?.ids.includes(id) !== true) {
      const text = `No tool call of the assistant's message before it has the id '${message.tool_call_id ?? ''}'.`;
      throw invalid(`${param}.tool_call_id`, text, this.refuser);
    }
    const blocks = toBlocks(message.content, param, this.mark, this.refuser);
    // A breakpoint at the end of the content is one at the end of the result, where Anthropic takes it.
    const { cache_control: last, ...bare } = blocks.at(-1) ?? {};
    const content = last === undefined ? blocks : [...blocks.slice(0, -1), bare];
    const block = {
      type: 'tool_result',
      tool_use_id: id,
      ...(content.length === 0 ? {} : { content: toContent(content) }),
      ...(message['is_error'] === true ? { is_error: true } : {}),
      ...(last === undefined ? {} : { cache_control: last }),
    };
    this.open.results.set(id, this.mark(message, block));
  }

  /** Puts the results of the last calls into their turn. */
  private close(): void {
    const { open } = this;
    if (open === null) return;
    const results = open.ids.map((id) => {
      const result = open.results.get(id);
      if (result !== undefined) return result;
      const text = `The tool call '${id}' has no result: a message of the role 'tool' must follow it.`;
      throw invalid(`messages[${open.at}].tool_calls`, text, this.refuser);
    });
    open.turn.blocks = [...results, ...open.turn.blocks];
    this.open = null;
  }

  private blocksOf(message: ChatMessage, param: string): JsonObject[] {
    const blocks = toBlocks(message.content, param, this.mark, this.refuser);
    const last = blocks.at(-1);
    return last === undefined ? blocks : [...blocks.slice(0, -1), this.mark(message, last)];
  }

  private add(role: Turn['role'], blocks: JsonObject[], at: number): Turn {
    const last = this.turns.at(-1);
    if (last?.role === role) {
      last.blocks.push(...blocks);
      return last;
    }
    const turn = { role, blocks: [...blocks], at };
    this.turns.push(turn);
    return turn;
  }

  private checkPrefill(messages: readonly ChatMessage[]): boolean {
    const last = this.turns.at(-1);
    // A turn that Anthropic paused is sent back to go on with; that is no prefill.
    if (last?.role !== 'assistant' || (messages.at(-1) !== undefined && fromNativeContent(messages.at(-1)!) !== null)) {
      return false;
    }
    if (!this.model.prefill) {
      const hint = 'It does not go on with an answer that is begun: end with a message of the user.';
      throw unsupported(`messages[${last.at}]`, hint, this.refuser);
    }
    const block = last.blocks.at(-1);
    // White space at the end is a 400.
    if (block !== undefined && isText(block['text'])) {
      last.blocks = [...last.blocks.slice(0, -1), { ...block, text: block['text'].trimEnd() }];
    }
    return true;
  }

  private lacksThinking(): boolean {
    const last = this.turns.at(-1);
    if (last?.role !== 'user' || !last.blocks.some(({ type }) => type === 'tool_result')) return false;
    const before = this.turns.findLast(({ role }) => role === 'assistant');
    const type = before?.blocks[0]?.['type'];
    return type !== 'thinking' && type !== 'redacted_thinking';
  }
}

/** Arguments as an object: parsed, or as some clients give them. Empty means none; null is what makes no sense. */
function toInput(value: unknown): JsonObject | null {
  if (value === undefined || value === null || value === '') return {};
  const input = typeof value === 'string' ? (value.trim() === '' ? {} : parseExact(value)) : value;
  return isObject(input) ? input : null;
}
