import type { ChatCompletionRequest, ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import type { GeminiTraits } from './gemini-traits.catalog.js';
import type { GeminiContent, GeminiPart } from './gemini.wire.js';
import { toMediaPart } from './media-part.mapper.js';
import { invalid, type GeminiContext } from './refusal.js';
import { signatureOfCall, signaturesOf, SIGNATURE_PLACEHOLDER } from './thought-signature.js';
import { toResponseParts, toToolResult } from './tool-result.mapper.js';

/** What the conversation becomes. */
export interface GeminiConversation {
  readonly systemInstruction?: { readonly parts: readonly GeminiPart[] };
  readonly contents: readonly GeminiContent[];
}

export interface ConversationOptions {
  readonly traits: GeminiTraits;
  /** Do calls and their results carry ids? Without them they are matched by name and order. */
  readonly callIds: boolean;
}

/** A call of the last assistant turn, waiting for its result. */
interface OpenCall {
  readonly id: string;
  readonly name: string;
}

/**
 * The messages as `contents` and `systemInstruction`. Instructions are gathered wherever they stand; all results of a turn's
 * calls go into one content, in the order of the calls. Throws `invalid_request` for a result without its call and for a call
 * without its result: Google's own 400 does not say which.
 */
export function toConversation(
  request: ChatCompletionRequest,
  options: ConversationOptions,
  context: GeminiContext,
): GeminiConversation {
  const { messages } = request;
  const system: GeminiPart[] = [];
  const contents: GeminiContent[] = [];
  const currentTurn = messages.findLastIndex(({ role }) => role === 'user');
  let index = 0;
  while (index < messages.length) {
    const message = messages[index]!;
    const param = `messages[${index}]`;
    index++;
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...toParts(message, param, context));
    } else if (message.role === 'assistant') {
      const isCurrent = index > currentTurn;
      const turn = toModelTurn(message, param, isCurrent, options, context);
      if (turn.parts.length > 0) contents.push({ role: 'model', parts: turn.parts });
      if (turn.calls.length === 0) continue;
      const end = endOfResults(messages, index);
      contents.push(...toResultTurn(turn.calls, messages.slice(index, end), index, options, context));
      index = end;
    } else if (message.role === 'tool' || message.role === 'function') {
      throw invalid(
        param,
        `'${param}' is the result of a tool call that is not in the assistant message before it.`,
        context,
      );
    } else if (message.role === 'user') {
      const parts = toParts(message, param, context);
      if (parts.length > 0) contents.push({ role: 'user', parts });
    } else {
      throw invalid(
        `${param}.role`,
        `'${message.role}' is no role: use system, developer, user, assistant or tool.`,
        context,
      );
    }
  }
  return assembled(system, contents, options.traits, context);
}

/** Models without instructions read them at the head of the first user turn. */
function assembled(
  system: readonly GeminiPart[],
  contents: readonly GeminiContent[],
  { system: takesSystem }: GeminiTraits,
  context: GeminiContext,
): GeminiConversation {
  if (contents.length === 0) {
    // Instructions alone: the only thing there is to answer.
    if (system.length > 0) return { contents: [{ role: 'user', parts: system }] };
    throw invalid('messages', `${context.name} needs a message with content.`, context);
  }
  if (system.length === 0) return { contents };
  if (takesSystem) return { systemInstruction: { parts: system }, contents };
  const first = contents.findIndex(({ role }) => role === 'user');
  if (first === -1) return { contents: [{ role: 'user', parts: system }, ...contents] };
  return {
    contents: contents.map((content, index) =>
      index === first ? { ...content, parts: [...system, ...content.parts] } : content,
    ),
  };
}

/** Empty texts are left out: Google refuses them. */
function toParts(message: ChatMessage, param: string, context: GeminiContext): GeminiPart[] {
  const { content } = message;
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  return (content ?? []).flatMap((part, index): GeminiPart[] => {
    const text = part['text'] ?? part['refusal'];
    if (typeof text === 'string') return text === '' ? [] : [{ text }];
    return [toMediaPart(part, `${param}.content[${index}]`, context)];
  });
}

/**
 * An answer of the model as it goes back: its text, then its calls, each with the signature it came with. A turn that is still
 * being answered needs one on its first call; where none is known (another model made the call, a client lost it) Google's
 * placeholder stands for it.
 */
function toModelTurn(
  message: ChatMessage,
  param: string,
  isCurrent: boolean,
  { traits, callIds }: ConversationOptions,
  context: GeminiContext,
): { readonly parts: readonly GeminiPart[]; readonly calls: readonly OpenCall[] } {
  const signatures = signaturesOf(message);
  const parts = [...toParts(message, param, context), ...imagesOf(message, param, context)];
  const textSignature = signatures.get(null);
  const last = parts.at(-1);
  if (last !== undefined && textSignature !== undefined)
    parts[parts.length - 1] = { ...last, thoughtSignature: textSignature };

  const calls: OpenCall[] = [];
  for (const [index, call] of callsOf(message).entries()) {
    const body = isObject(call['function']) ? call['function'] : {};
    const id = isText(call['id']) ? call['id'] : '';
    const name = isText(body['name']) ? body['name'] : '';
    const known = signatureOfCall(call) ?? signatures.get(id);
    const signature =
      known ?? (index === 0 && isCurrent && traits.checksSignatures ? SIGNATURE_PLACEHOLDER : undefined);
    const args = toArguments(body['arguments'], `${param}.tool_calls[${index}].function.arguments`, context);
    calls.push({ id, name });
    parts.push({
      functionCall: { ...(callIds && id !== '' ? { id } : {}), name, args },
      ...(signature === undefined ? {} : { thoughtSignature: signature }),
    });
  }
  return { parts, calls };
}

/** `tool_calls`, or the one call of the deprecated form. */
function callsOf(message: ChatMessage): readonly JsonObject[] {
  const calls = message.tool_calls ?? [];
  const older = message['function_call'];
  return calls.length === 0 && isObject(older) ? [{ function: older }] : calls;
}

/** Images that the model made (OpenRouter's form) go back with its text. */
function imagesOf(message: ChatMessage, param: string, context: GeminiContext): GeminiPart[] {
  const images: unknown = message['images'];
  return (Array.isArray(images) ? images.filter(isObject) : []).map((image, index) =>
    toMediaPart(image, `${param}.images[${index}]`, context),
  );
}

/** Arguments are an object on the wire; some clients send them as one already. */
function toArguments(value: unknown, param: string, context: GeminiContext): Record<string, unknown> {
  if (isObject(value)) return value;
  if (value === undefined || value === null || value === '') return {};
  const parsed = typeof value === 'string' ? parseJson(value) : undefined;
  if (isObject(parsed)) return parsed;
  throw invalid(param, `'${param}' is not the JSON text of an object.`, context);
}

function endOfResults(messages: readonly ChatMessage[], from: number): number {
  let end = from;
  while (messages[end]?.role === 'tool' || messages[end]?.role === 'function') end++;
  return end;
}

/** One content with a response for each call, in their order; media that have no place in it follow as a user turn. */
function toResultTurn(
  calls: readonly OpenCall[],
  results: readonly ChatMessage[],
  from: number,
  { traits, callIds }: ConversationOptions,
  context: GeminiContext,
): GeminiContent[] {
  const left = results.map((message, offset) => ({ message, param: `messages[${from + offset}]` }));
  const parts: GeminiPart[] = [];
  const after: GeminiPart[] = [];
  for (const call of calls) {
    const at = left.findIndex(({ message }) => belongs(message, call));
    const found = at === -1 ? undefined : left.splice(at, 1)[0];
    if (found === undefined) {
      const param = `messages[${from + results.length}]`;
      throw invalid(param, `No tool message answers the call '${call.id}' of '${call.name}'.`, context);
    }
    const { response, media } = toToolResult(found.message, found.param, context);
    if (!traits.mediaInResults) after.push(...media);
    parts.push({
      functionResponse: {
        ...(callIds && call.id !== '' ? { id: call.id } : {}),
        name: call.name,
        response: { ...response },
        ...(media.length === 0 || !traits.mediaInResults ? {} : { parts: toResponseParts(media) }),
      },
    });
  }
  const orphan = left[0];
  if (orphan !== undefined)
    throw invalid(orphan.param, `'${orphan.param}' answers no tool call of the assistant message before it.`, context);
  return after.length === 0
    ? [{ role: 'user', parts }]
    : [
        { role: 'user', parts },
        { role: 'user', parts: after },
      ];
}

const belongs = (message: ChatMessage, call: OpenCall): boolean =>
  message.role === 'function' ? message['name'] === call.name : (message.tool_call_id ?? '') === call.id;
