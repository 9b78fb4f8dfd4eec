import { MessagesDialect } from '../../src/providers/dialects/anthropic-messages/messages-dialect.js';
import type { MessagesWire } from '../../src/providers/dialects/anthropic-messages/messages-wire.js';
import { isObject, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { AnthropicStrategy } from '../../src/providers/anthropic/anthropic.strategy.js';
import type { ProviderStrategy, StreamTranslator } from '../../src/providers/provider-strategy.js';
import { aCall, aTarget } from './chat-streams.js';

const strategy = new AnthropicStrategy();

/** The body that Anthropic gets for an OpenAI request. */
export function asked(body: JsonObject, model = 'claude-sonnet-5', headers: readonly string[] = []): JsonObject {
  const call = { ...aCall(body), headers };
  const { body: bytes } = strategy.buildChatRequest(call, aTarget(strategy, { model }));
  const parsed: unknown = JSON.parse(bytes?.toString() ?? '');
  return isObject(parsed) ? parsed : {};
}

/** The first choice's message, and all else of the completion, that a Message becomes. */
export function answered(native: JsonObject, request: JsonObject = {}, model = 'claude-sonnet-5') {
  const message = { id: 'msg_1', model, role: 'assistant', content: [], stop_reason: 'end_turn', ...native };
  const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(message)) };
  const { body } = strategy.readChatCompletion(answer, aCall(request), aTarget(strategy, { model }));
  const completion = JSON.parse(body.toString()) as JsonObject & { choices: (JsonObject & { message: JsonObject })[] };
  const [choice] = completion.choices;
  if (choice === undefined) throw new Error('A completion without a choice.');
  return { completion, choice, message: choice.message };
}

const frame = (event: JsonObject): string => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;

/** Events of a Messages stream, as they travel. */
export const frames = (...events: readonly JsonObject[]): Buffer => Buffer.from(events.map(frame).join(''));

/** A whole Message as the stream it would have been, a delta for each piece of four characters. */
export function toFrames(message: JsonObject): Buffer {
  const blocks = Array.isArray(message['content']) ? message['content'].filter(isObject) : [];
  return frames(
    { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: message['usage'] } },
    ...blocks.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: opening(block) },
      ...deltas(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: {
        stop_reason: message['stop_reason'],
        stop_sequence: null,
        stop_details: message['stop_details'] ?? null,
      },
      usage: message['usage'],
    },
    { type: 'message_stop' },
  );
}

function opening(block: JsonObject): JsonObject {
  if (block['type'] === 'text') {
    return { type: 'text', text: '', ...(block['citations'] === undefined ? {} : { citations: [] }) };
  }
  if (block['type'] === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return block['type'] === 'tool_use' || block['type'] === 'server_tool_use' ? { ...block, input: {} } : block;
}

function deltas(block: JsonObject): JsonObject[] {
  const pieces = (text: unknown): string[] => String(text).match(/[^]{1,4}/gu) ?? [];
  switch (block['type']) {
    case 'text': {
      const citations = Array.isArray(block['citations']) ? block['citations'] : [];
      return [
        ...citations.map((citation: unknown) => ({ type: 'citations_delta', citation })),
        ...pieces(block['text']).map((text) => ({ type: 'text_delta', text })),
      ];
    }
    case 'thinking':
      return [
        ...pieces(block['thinking']).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block['signature'] },
      ];
    case 'tool_use':
    case 'server_tool_use':
      return pieces(JSON.stringify(block['input'])).map((json) => ({ type: 'input_json_delta', partial_json: json }));
    default:
      return [];
  }
}

/** What a stream becomes, read at once or in pieces. */
export function streamed(
  bytes: Buffer | readonly Buffer[],
  request: JsonObject = {},
  model = 'claude-sonnet-5',
): { readonly text: string; readonly translator: StreamTranslator } {
  const translator = strategy.openChatStream(aCall({ stream: true, ...request }), aTarget(strategy, { model }));
  const out = (Buffer.isBuffer(bytes) ? [bytes] : bytes).flatMap((piece) => translator.push(piece));
  return { text: Buffer.concat([...out, ...translator.end()]).toString(), translator };
}

/** The members of a stream's deltas, the last of each, as SDKs keep those they do not know. */
export function lastMembers(text: string): JsonObject {
  const members: Record<string, unknown> = {};
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: JsonObject }[] };
    for (const { delta } of choices) Object.assign(members, delta);
  }
  return members;
}

/** Messages as a place serves them that names model and way of answering in its path, and the version in the body. */
export function aDialectElsewhere(): { readonly dialect: MessagesDialect; readonly strategy: ProviderStrategy } {
  const wire: MessagesWire = {
    name: 'Elsewhere',
    path: ({ model }, isStream) => `/models/${model}:${isStream ? 'streamRawPredict' : 'rawPredict'}`,
    modelInBody: false,
    streamInBody: false,
    versionIn: 'body',
    version: 'vertex-2023-10-16',
    credential: ({ secret }) => ['authorization', `Bearer ${secret.reveal()}`],
  };
  return { dialect: new MessagesDialect(wire), strategy };
}
