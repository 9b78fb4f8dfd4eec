import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { argumentsText } from '../openai-chat/message-repair.js';
import { toReasoningItems } from './reasoning-details.mapper.js';
import { toRefusal, type RequestContext } from './refusal.js';
import type { ResponsesFlavour } from './responses-flavour.js';

/** The chat's messages as input items, in their order. Throws `unsupported_parameter` for what has no counterpart. */
export function toInput(
  messages: readonly ChatMessage[],
  flavour: ResponsesFlavour,
  context: RequestContext,
): JsonObject[] {
  const customCalls = new Set<unknown>();
  return messages.flatMap((message, index): JsonObject[] => {
    const at: Place = { path: `messages[${index}]`, flavour, context };
    switch (message.role) {
      case 'system':
      case 'developer':
      case 'user':
        return [toMessageItem(message, at)];
      case 'assistant':
        for (const call of message.tool_calls ?? []) if (call['type'] === 'custom') customCalls.add(call.id);
        return toAssistantItems(message, at);
      case 'tool':
        return [toResultItem(message, customCalls.has(message.tool_call_id), at)];
      default:
        throw toRefusal(
          `${at.path}.role`,
          `messages of the role '${message.role}'`,
          "Send results of tools with the role 'tool'.",
          context,
        );
    }
  });
}

interface Place {
  readonly path: string;
  readonly flavour: ResponsesFlavour;
  readonly context: RequestContext;
}

function toMessageItem({ role, content }: ChatMessage, at: Place): JsonObject {
  const parts = Array.isArray(content)
    ? content.map((part, index) => toInputPart(part, { ...at, path: `${at.path}.content[${index}]` }))
    : (content ?? '');
  return { type: 'message', role, content: parts };
}

/** `detail` and a cache's breakpoint go with the part. Parts of the Responses wire's own pass as they are. */
function toInputPart(part: JsonObject, { path, flavour, context }: Place): JsonObject {
  const { type, prompt_cache_breakpoint: breakpoint } = part;
  const marks = breakpoint === undefined ? {} : { prompt_cache_breakpoint: breakpoint };
  switch (type) {
    case undefined:
    case 'text':
      return { type: 'input_text', text: part['text'], ...marks };
    case 'image_url': {
      const image = part['image_url'];
      const { url, detail } = isObject(image) ? image : { url: image, detail: undefined };
      const how = flavour.takesImageDetail ? { detail: detail ?? 'auto' } : {};
      return { type: 'input_image', image_url: url, ...how, ...marks };
    }
    case 'file': {
      if (!flavour.takesFiles) throw toRefusal(path, 'files', 'Put what they say in a text.', context);
      const { file_data: data, ...rest } = isObject(part['file']) ? part['file'] : {};
      const isAddress = isText(data) && /^https?:/i.test(data);
      return {
        type: 'input_file',
        ...rest,
        ...(data === undefined ? {} : { [isAddress ? 'file_url' : 'file_data']: data }),
        ...marks,
      };
    }
    case 'input_audio':
    case 'video_url':
      throw toRefusal(path, 'audio or video', 'Ask a model that hears or sees it by Chat Completions.', context);
    default:
      return part;
  }
}

/** Reasoning before what it led to, then what was said, then the calls. */
function toAssistantItems(message: ChatMessage, at: Place): JsonObject[] {
  const { reasoningFormat: format, saidAs } = at.flavour;
  const reasoning = format === null ? [] : toReasoningItems(message['reasoning_details'], format);
  const parts = toOutputParts(message);
  const said = saidAs === 'text' && Array.isArray(parts) ? textOfParts(parts) : parts;
  return [
    ...reasoning,
    ...(said === null ? [] : [{ type: 'message', role: 'assistant', content: said }]),
    ...(message.tool_calls ?? []).map((call, index) =>
      toCallItem(call, { ...at, path: `${at.path}.tool_calls[${index}]` }),
    ),
  ];
}

/** Null for a message that says nothing. */
function toOutputParts({ content, refusal }: ChatMessage): string | JsonObject[] | null {
  const refusals = isText(refusal) ? [{ type: 'refusal', refusal }] : [];
  if (!Array.isArray(content)) {
    if (refusals.length === 0) return isText(content) ? content : null;
    return isText(content) ? [{ type: 'output_text', text: content }, ...refusals] : refusals;
  }
  const parts = content
    .filter((part) => part.type === undefined || part.type === 'text' || part.type === 'refusal')
    .map((part): JsonObject =>
      part.type === 'refusal'
        ? { type: 'refusal', refusal: part['refusal'] }
        : { type: 'output_text', text: part['text'] },
    );
  return parts.length + refusals.length === 0 ? null : [...parts, ...refusals];
}

const textOfParts = (parts: readonly JsonObject[]): string =>
  parts
    .map((part) => part['text'] ?? part['refusal'])
    .filter(isText)
    .join('');

function toCallItem(call: JsonObject, { path, flavour, context }: Place): JsonObject {
  const { function: body, custom, extra_content: extra } = call;
  const google = isObject(extra) ? extra['google'] : undefined;
  const signature = flavour.signsCalls && isObject(google) ? google['thought_signature'] : undefined;
  if (isObject(custom))
    return { type: 'custom_tool_call', call_id: call['id'], name: custom['name'], input: custom['input'] };
  if (!isObject(body)) {
    throw toRefusal(path, 'this tool call', 'A call has a `function` with `name` and `arguments`.', context);
  }
  return {
    type: 'function_call',
    call_id: call['id'],
    name: flavour.toWireName(body['name']),
    arguments: argumentsText(body['arguments']) || '{}',
    ...(isText(signature) ? { thought_signature: signature } : {}),
  };
}

function toResultItem({ content, tool_call_id: callId }: ChatMessage, isCustom: boolean, at: Place): JsonObject {
  return {
    type: isCustom ? 'custom_tool_call_output' : 'function_call_output',
    call_id: callId,
    output: Array.isArray(content)
      ? content.map((part, index) => toInputPart(part, { ...at, path: `${at.path}.content[${index}]` }))
      : (content ?? ''),
  };
}
