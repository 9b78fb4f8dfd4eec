import { createHash } from 'node:crypto';
import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { invalid, unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { BedrockModel } from './aws-bedrock.catalog.js';
import { toBlocks, withWords, type ContentContext } from './content.mapper.js';
import { withReasoning } from './reasoning.mapper.js';

interface Turn {
  readonly role: 'user' | 'assistant';
  blocks: readonly JsonObject[];
  /** Where its first message stands in the request. */
  readonly at: number;
}

/** Calls of an assistant's message that wait for their results. */
interface OpenCalls {
  /** As the caller has them. */
  readonly ids: readonly string[];
  readonly results: Map<string, readonly JsonObject[]>;
  /** The user's turn that takes the results. */
  readonly turn: Turn;
  readonly at: number;
}

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly messages: readonly { readonly role: string; readonly content: readonly JsonObject[] }[];
  /** A tool loop whose last call came back without the thinking before it: Claude with a budget takes none then. */
  readonly lacksThinking: boolean;
}

const STRICT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const LOOSE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * OpenAI's messages as Converse's turns, which begin with the user and alternate: system messages wherever they stand go to the
 * top, neighbours of one role become one turn, results of tools go together, first and in the order of their calls.
 *
 * @param asText Calls and results are told as text: Bedrock refuses their blocks where no tools go along.
 */
export function toConversation(
  request: ChatCompletionRequest,
  model: BedrockModel,
  asText: boolean,
  refuser: Refuser,
): Conversation {
  return new ConversationMapper(model, asText, refuser).read(request.messages);
}

class ConversationMapper {
  private readonly system: JsonObject[] = [];
  private readonly turns: Turn[] = [];
  private open: OpenCalls | null = null;
  private readonly context: ContentContext;

  constructor(
    private readonly model: BedrockModel,
    private readonly asText: boolean,
    private readonly refuser: Refuser,
  ) {
    this.context = { refuser, documentNames: new Set(), caches: model.cachePoints !== 'nowhere' };
  }

  read(messages: readonly ChatMessage[]): Conversation {
    for (const [index, message] of messages.entries()) this.take(message, index);
    this.close();
    const [first] = this.turns;
    if (first === undefined) throw invalid('messages', 'The conversation needs a message of the user.', this.refuser);
    if (first.role === 'assistant') {
      const hint = 'The first message after the system ones must be of the user.';
      throw unsupported(`messages[${first.at}]`, hint, this.refuser);
    }
    this.checkPrefill();
    return {
      system: this.system,
      messages: this.turns.map(({ role, blocks }) => ({ role, content: role === 'user' ? withWords(blocks) : blocks })),
      lacksThinking: this.lacksThinking(),
    };
  }

  private take(message: ChatMessage, index: number): void {
    const param = `messages[${index}]`;
    switch (message.role) {
      case 'system':
      case 'developer':
        this.instruct(message, param);
        return;
      case 'user':
        this.add('user', toBlocks(message, param, this.context), index);
        return;
      case 'assistant':
        this.answer(message, index);
        return;
      case 'tool':
        this.result(message, param);
        return;
      default:
        throw unsupported(`${param}.role`, 'Roles are system, developer, user, assistant and tool.', this.refuser);
    }
  }

  private instruct(message: ChatMessage, param: string): void {
    const blocks = toBlocks(message, param, this.context);
    if (blocks.some((block) => !('text' in block || 'cachePoint' in block))) {
      throw unsupported(`${param}.content`, 'System messages are text.', this.refuser);
    }
    this.system.push(...blocks);
  }

  private answer(message: ChatMessage, at: number): void {
    this.close();
    const param = `messages[${at}]`;
    const said = toBlocks(message, param, this.context);
    const calls = (message.tool_calls ?? []).map((call, index) => this.toolUse(call, `${param}.tool_calls[${index}]`));
    // Reasoning alone is no message.
    if (said.length + calls.length === 0) return;
    const blocks = [...said, ...calls.map(({ block }) => block)];
    this.add('assistant', this.model.claude === null ? blocks : withReasoning(message, blocks), at);
    if (calls.length === 0) return;
    const turn: Turn = { role: 'user', blocks: [], at: at + 1 };
    this.turns.push(turn);
    this.open = { ids: calls.map(({ id }) => id), results: new Map(), turn, at };
  }

  private toolUse(call: JsonObject, param: string): { readonly id: string; readonly block: JsonObject } {
    const { id, function: body } = call;
    if (!isObject(body) || !isText(body['name'])) {
      throw unsupported(param, "It knows calls of functions only: {id, type: 'function', function: …}.", this.refuser);
    }
    if (!isText(id)) throw invalid(`${param}.id`, 'A tool call needs an id.', this.refuser);
    const input = toInput(body['arguments']);
    if (input === null) {
      throw invalid(`${param}.function.arguments`, 'The arguments must be the JSON text of an object.', this.refuser);
    }
    const block = this.asText
      ? { text: `[Called the tool ${body['name']} with ${JSON.stringify(input)}]` }
      : { toolUse: { toolUseId: this.toId(id), name: body['name'], input } };
    return { id, block };
  }

  private result(message: ChatMessage, param: string): void {
    const { tool_call_id: id } = message;
    if (!isText(id) || this.open?.ids.includes(id) !== true) {
      const text = `No tool call of the assistant's message before it has the id '${id ?? ''}'.`;
      throw invalid(`${param}.tool_call_id`, text, this.refuser);
    }
    const blocks = toBlocks(message, param, this.context);
    const isError = message['is_error'] === true;
    if (this.asText) {
      const word = isError ? 'error' : 'result';
      this.open.results.set(id, [{ text: `[The tool's ${word} follows]` }, ...blocks]);
      return;
    }
    // Cache points stand beside results, not in them.
    const content = blocks.filter((block) => !('cachePoint' in block));
    const points = blocks.filter((block) => 'cachePoint' in block).slice(-1);
    const unknown = content.find((block) => 'audio' in block);
    if (unknown !== undefined) {
      throw unsupported(`${param}.content`, 'Results of tools are text, images, videos and files.', this.refuser);
    }
    const status = isError ? { status: 'error' } : {};
    this.open.results.set(id, [{ toolResult: { toolUseId: this.toId(id), content, ...status } }, ...points]);
  }

  /** Puts the results of the last calls into their turn. */
  private close(): void {
    const { open } = this;
    if (open === null) return;
    const results = open.ids.flatMap((id) => {
      const result = open.results.get(id);
      if (result !== undefined) return result;
      const text = `The tool call '${id}' has no result: a message of the role 'tool' must follow it.`;
      throw invalid(`messages[${open.at}].tool_calls`, text, this.refuser);
    });
    open.turn.blocks = [...results, ...open.turn.blocks];
    this.open = null;
  }

  /** A message without content would be a 400. */
  private add(role: Turn['role'], blocks: readonly JsonObject[], at: number): void {
    if (blocks.length === 0) return;
    const last = this.turns.at(-1);
    if (last?.role === role) last.blocks = [...last.blocks, ...blocks];
    else this.turns.push({ role, blocks, at });
  }

  private checkPrefill(): void {
    const last = this.turns.at(-1);
    if (last?.role !== 'assistant' || this.model.claude === null) return;
    if (!this.model.claude.prefill) {
      const hint = 'It does not go on with an answer that is begun: end with a message of the user.';
      throw unsupported(`messages[${last.at}]`, hint, this.refuser);
    }
    const block = last.blocks.at(-1);
    // White space at the end is a 400.
    if (isText(block?.['text'])) last.blocks = [...last.blocks.slice(0, -1), { text: block['text'].trimEnd() }];
  }

  private lacksThinking(): boolean {
    const last = this.turns.at(-1);
    if (last?.role !== 'user' || !last.blocks.some((block) => 'toolResult' in block)) return false;
    const before = this.turns.findLast(({ role }) => role === 'assistant');
    return before?.blocks.some((block) => 'reasoningContent' in block) !== true;
  }

  /** Of an id that Bedrock would refuse a hash: a call and its result get the same one, without state. */
  private toId(id: string): string {
    if ((this.model.looseToolIds ? LOOSE_ID : STRICT_ID).test(id)) return id;
    return `tooluse_${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
  }
}

/** Arguments as an object: parsed, or as some clients give them. Empty means none; null is what makes no sense. */
function toInput(value: unknown): JsonObject | null {
  if (value === undefined || value === null || value === '') return {};
  const input = typeof value === 'string' ? (value.trim() === '' ? {} : parseJson(value)) : value;
  return isObject(input) ? input : null;
}
