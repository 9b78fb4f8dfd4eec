import { createHash } from 'node:crypto';
import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import type { FinishReason, Usage } from '../../contract/chat-completion.js';
import { isObject, isText } from '../dialects/openai-chat/json-value.js';
import { sampleOf } from './schema-sample.js';

/** A call of a tool, in OpenAI's form. */
export interface SandboxToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What the sandbox says, before it is made a body or a stream. Every choice says the same. */
export interface SandboxAnswer {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  /** The text, a token a piece; joined they are the text. */
  readonly pieces: readonly string[];
  readonly toolCalls: readonly SandboxToolCall[];
  readonly finishReason: FinishReason;
  readonly choices: number;
  readonly usage: Usage;
}

/** As OpenAI has it. */
const MAX_CHOICES = 128;
/** A fixed moment: the same request has the same answer, byte for byte. */
const CREATED = 1_700_000_000;
const ASKS_FOR_TOOL = /\b(?:tool|function|call|use|what|which|how|when|where|who)\b|\?/i;

/** Deterministic: everything comes from the request. A word with the white space before it counts as a token. */
export function toSandboxAnswer(request: ChatCompletionRequest): SandboxAnswer {
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 24);
  const toolCalls = toToolCalls(request, digest);
  const said = toolCalls.length > 0 ? '' : cutAtStop(textFor(request), request.stop);
  const tokens = tokensOf(said);
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const pieces = tokens.slice(0, limit);
  const choices = Math.min(request.n ?? 1, MAX_CHOICES);
  const prompt = request.messages.reduce((sum, message) => sum + tokensOf(textOf(message)).length + 1, 0);
  const perChoice = pieces.length + toolCalls.reduce((sum, call) => sum + tokensOf(call.function.arguments).length, 0);
  const completion = choices * perChoice;
  return {
    id: `chatcmpl-${digest}`,
    created: CREATED,
    model: request.model,
    pieces,
    toolCalls,
    finishReason: toolCalls.length > 0 ? 'tool_calls' : pieces.length < tokens.length ? 'length' : 'stop',
    choices,
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  };
}

function textFor({ messages, response_format: format }: ChatCompletionRequest): string {
  if (format?.type === 'json_schema') {
    const wrapper = format['json_schema'];
    return JSON.stringify(sampleOf(isObject(wrapper) ? wrapper['schema'] : undefined));
  }
  const last = messages.at(-1);
  if (last?.role === 'tool') return withFormat(`The tool answered: ${textOf(last)}`, format?.type);
  const asked = messages.findLast(({ role }) => role === 'user') ?? last;
  return withFormat(`You said: ${asked === undefined ? '' : textOf(asked)}`, format?.type);
}

const withFormat = (text: string, format: string | undefined): string =>
  format === 'json_object' ? JSON.stringify({ text }) : text;

/** A forced tool is called; a free one when the last message is the user's and asks for something. */
function toToolCalls(
  { tools, tool_choice: choice, messages }: ChatCompletionRequest,
  digest: string,
): SandboxToolCall[] {
  const offered = (tools ?? []).map((tool) => tool['function']).filter(isObject);
  const last = messages.at(-1);
  const named = isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : undefined;
  const isForced = choice === 'required' || named !== undefined;
  const isAsked = last?.role === 'user' && choice !== 'none' && ASKS_FOR_TOOL.test(textOf(last));
  const tool = named === undefined ? offered[0] : offered.find((candidate) => candidate['name'] === named);
  if (tool === undefined || !isText(tool['name']) || (!isForced && !isAsked)) return [];
  const args = JSON.stringify(sampleOf(tool['parameters']) ?? {});
  return [{ id: `call_${digest}`, type: 'function', function: { name: tool['name'], arguments: args } }];
}

function textOf({ content }: ChatMessage): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map((part) => (isText(part['text']) ? part['text'] : `[${part.type}]`)).join(' ');
}

/** Of white space alone there are none: it would be looked through from each of its places. */
const tokensOf = (text: string): string[] => (text.trim() === '' ? [] : (text.match(/\s*\S+(?:\s+$)?/g) ?? []));

function cutAtStop(text: string, stop: string | readonly string[] | null | undefined): string {
  const ends = (typeof stop === 'string' ? [stop] : (stop ?? []))
    .filter((mark) => mark !== '')
    .map((mark) => text.indexOf(mark));
  return text.slice(0, Math.min(text.length, ...ends.filter((at) => at !== -1)));
}
