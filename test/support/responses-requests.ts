import { isDeepStrictEqual } from 'node:util';
import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { toReasoningDetails } from '../../src/providers/dialects/responses/reasoning-details.mapper.js';

/**
 * Recorded requests of the Responses wire in OpenAI's chat dialect, and back in a form that two requests can be compared in.
 *
 * What may differ between what was recorded and what is sent, and why:
 *
 * - `instructions` and a first system message: the same words in the same place.
 * - reasoning without its encrypted content: it names state at the server, which the gateway has asked not to be kept.
 * - the order of reasoning, text and calls inside one assistant turn: a chat message has one text and one list of calls.
 * - `id`, `status`, `phase`, `annotations`, `logprobs` of items that go back: a chat message has no place for them, and the
 *   service asks for none.
 * - `store`, `include`, `reasoning.summary`: the gateway's own policy (nothing kept, reasoning encrypted, summaries asked for).
 * - `strict` and `detail` that were left to their defaults: said.
 * - `truncation`, `background`: the defaults, written out.
 * - `type: web_search_preview` and other tools of the service: passed as they are.
 */
const DEFAULTS: Readonly<Record<string, unknown>> = { truncation: 'disabled', background: false, stream: false };
const POLICY: ReadonlySet<string> = new Set(['store', 'include']);

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Null where a chat cannot say it: state kept at the server, items of the service's own tools, prompts by reference. */
export function toChatRequest(recorded: unknown): JsonObject | null {
  if (!isObject(recorded)) return null;
  const { input, instructions, tools, tool_choice, text, reasoning, max_output_tokens: max, ...rest } = recorded;
  if (rest['previous_response_id'] != null || rest['prompt'] !== undefined || rest['conversation'] !== undefined)
    return null;
  const messages = toMessages(input);
  if (messages === null) return null;
  const format = isObject(text) ? text['format'] : undefined;
  const effort = isObject(reasoning) ? reasoning['effort'] : undefined;
  const kept = Object.entries(rest).filter(
    ([name]) => !POLICY.has(name) && (name === 'stream' || !Object.hasOwn(DEFAULTS, name)),
  );
  return {
    ...Object.fromEntries(kept),
    messages: [...(isText(instructions) ? [{ role: 'system', content: instructions }] : []), ...messages],
    ...(tools === undefined ? {} : { tools: objects(tools).map(toChatTool) }),
    ...(tool_choice === undefined ? {} : { tool_choice: toChatChoice(tool_choice) }),
    ...(max == null ? {} : { max_completion_tokens: max }),
    ...(isText(effort) ? { reasoning_effort: effort } : {}),
    ...(isObject(text) && isText(text['verbosity']) ? { verbosity: text['verbosity'] } : {}),
    ...(isObject(format) ? { response_format: toChatFormat(format) } : {}),
  };
}

function toMessages(input: unknown): JsonObject[] | null {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const messages: Record<string, unknown>[] = [];
  let details: JsonObject[] = [];
  const assistant = (): Record<string, unknown> => {
    const last = messages.at(-1);
    if (last?.['role'] === 'assistant') return last;
    const made: Record<string, unknown> = { role: 'assistant', content: null };
    messages.push(made);
    return made;
  };
  const withDetails = (message: Record<string, unknown>): void => {
    if (details.length > 0) message['reasoning_details'] = [...objects(message['reasoning_details']), ...details];
    details = [];
  };
  for (const [index, item] of objects(input).entries()) {
    switch (item['type'] ?? 'message') {
      case 'message':
        if (item['role'] !== 'assistant')
          messages.push({ role: item['role'], content: toChatContent(item['content']) });
        else {
          // Two texts in a row are two messages.
          if (messages.at(-1)?.['role'] === 'assistant') messages.push({ role: 'assistant', content: null });
          const message = assistant();
          message['content'] = toChatContent(item['content']);
          withDetails(message);
        }
        break;
      case 'reasoning':
        details.push(...toReasoningDetails(item, index, 'openai-responses-v1'));
        break;
      case 'function_call': {
        const message = assistant();
        withDetails(message);
        const call = {
          id: item['call_id'],
          type: 'function',
          function: { name: item['name'], arguments: item['arguments'] },
        };
        message['tool_calls'] = [...objects(message['tool_calls']), call];
        break;
      }
      case 'function_call_output':
        messages.push({ role: 'tool', tool_call_id: item['call_id'], content: toChatContent(item['output']) });
        break;
      default:
        return null;
    }
  }
  return messages;
}

const toChatContent = (content: unknown): unknown =>
  Array.isArray(content)
    ? objects(content).map((part): JsonObject => {
        if (part['type'] === 'input_text' || part['type'] === 'output_text')
          return { type: 'text', text: part['text'] };
        if (part['type'] === 'input_image')
          return {
            type: 'image_url',
            image_url: { url: part['image_url'], ...(part['detail'] === undefined ? {} : { detail: part['detail'] }) },
          };
        if (part['type'] !== 'input_file') return part;
        const { type: _type, file_url: url, ...file } = part;
        return { type: 'file', file: { ...file, ...(url === undefined ? {} : { file_data: url }) } };
      })
    : content;

function toChatTool(tool: JsonObject): JsonObject {
  const { type, ...rest } = tool;
  // The wire's default.
  return type === 'function' ? { type, function: { ...rest, strict: rest['strict'] ?? true } } : tool;
}

function toChatChoice(choice: unknown): unknown {
  if (!isObject(choice)) return choice;
  if (choice['type'] === 'allowed_tools') {
    const tools = objects(choice['tools']).map(({ type, name }) => ({ type, function: { name } }));
    return { type: 'allowed_tools', allowed_tools: { mode: choice['mode'], tools } };
  }
  return choice['type'] === 'function' ? { type: 'function', function: { name: choice['name'] } } : choice;
}

function toChatFormat(format: JsonObject): JsonObject {
  const { type, ...rest } = format;
  return type === 'json_schema' ? { type, json_schema: rest } : format;
}

/** A request of the Responses wire without what may differ. */
export function canonicalRequest(request: unknown): JsonObject {
  if (!isObject(request)) return {};
  const { input, instructions, tools, text, reasoning, model: _model, ...rest } = request;
  const turns =
    typeof input === 'string' ? [canonicalMessage({ role: 'user', content: input })] : canonicalItems(input);
  const effort = isObject(reasoning) && isText(reasoning['effort']) ? reasoning['effort'] : null;
  const others = Object.entries(rest).filter(
    ([name, value]) => value !== null && !POLICY.has(name) && !isDeepStrictEqual(DEFAULTS[name], value),
  );
  return {
    ...Object.fromEntries(others),
    input: isText(instructions) ? [canonicalMessage({ role: 'system', content: instructions }), ...turns] : turns,
    tools: objects(tools).map((tool) =>
      tool['type'] === 'function' ? { ...tool, strict: tool['strict'] ?? true } : tool,
    ),
    effort,
    text: isObject(text) ? withoutNulls(text) : {},
  };
}

const KINDS = ['reasoning', 'message', 'call'];

function canonicalItems(input: unknown): JsonObject[] {
  const out: JsonObject[] = [];
  let turn: JsonObject[] = [];
  const close = (): void => {
    out.push(...turn.toSorted((a, b) => KINDS.indexOf(String(a['kind'])) - KINDS.indexOf(String(b['kind']))));
    turn = [];
  };
  for (const item of objects(input)) {
    const type = item['type'] ?? 'message';
    if (type === 'reasoning' && isText(item['encrypted_content']))
      turn.push({ kind: 'reasoning', summary: item['summary'], data: item['encrypted_content'] });
    else if (type === 'reasoning') continue;
    else if (type === 'function_call')
      turn.push({ kind: 'call', id: item['call_id'], name: item['name'], arguments: item['arguments'] });
    else if (type === 'message' && item['role'] === 'assistant') {
      if (turn.some(({ kind }) => kind === 'message')) close();
      turn.push(canonicalMessage(item));
    } else {
      close();
      out.push(
        type === 'message'
          ? canonicalMessage(item)
          : { kind: type, id: item['call_id'], output: parts(item['output']) },
      );
    }
  }
  close();
  return out;
}

const canonicalMessage = ({ role, content }: JsonObject): JsonObject => ({
  kind: 'message',
  role,
  content: parts(content),
});

/** A text and a list of that one text say the same. */
const parts = (content: unknown): unknown =>
  typeof content === 'string'
    ? [{ text: content }]
    : objects(content).map(({ type, text, annotations: _annotations, logprobs: _logprobs, ...rest }) =>
        type === 'input_text' || type === 'output_text'
          ? { text }
          : { type, ...rest, ...(type === 'input_image' ? { detail: rest['detail'] ?? 'auto' } : {}) },
      );

const withoutNulls = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
