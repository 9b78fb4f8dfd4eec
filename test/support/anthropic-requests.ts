import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';

/** A recorded Messages request as the OpenAI request that should lead to it, by a mapping of the test's own. */
export function toOpenAiRequest(native: JsonObject): Record<string, unknown> {
  const { system, messages, tools, tool_choice: choice, stop_sequences: stop, output_config: config, ...rest } = native;
  const { max_tokens: limit, output_format: oldFormat, ...members } = rest;
  const { format, ...settings } = isObject(config) ? config : {};
  return {
    ...members,
    max_completion_tokens: limit,
    messages: [...toSystemMessages(system), ...list(messages).flatMap(toChatMessages)],
    ...(Array.isArray(tools) ? { tools: list(tools).map(toChatTool) } : {}),
    ...toChoiceMembers(choice),
    ...(stop === undefined ? {} : { stop }),
    ...(Object.keys(settings).length === 0 ? {} : { output_config: settings }),
    ...toResponseFormat(format ?? oldFormat),
  };
}

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const marked = (block: JsonObject): JsonObject =>
  isObject(block['cache_control']) ? { cache_control: block['cache_control'] } : {};

function toSystemMessages(system: unknown): JsonObject[] {
  if (isText(system)) return [{ role: 'system', content: system }];
  return list(system).map((block) => ({ role: 'system', content: [toPart(block)] }));
}

function toChatMessages({ role, content }: JsonObject): JsonObject[] {
  if (typeof content === 'string') return [{ role, content }];
  const blocks = list(content);
  return role === 'assistant' ? [toAssistantMessage(blocks)] : toUserMessages(blocks);
}

function toUserMessages(blocks: readonly JsonObject[]): JsonObject[] {
  const results = blocks.filter(({ type }) => type === 'tool_result').map(toToolMessage);
  const said = blocks.filter(({ type }) => type !== 'tool_result');
  return said.length === 0 ? results : [...results, { role: 'user', content: said.map(toPart) }];
}

const toToolMessage = (block: JsonObject): JsonObject => ({
  role: 'tool',
  tool_call_id: block['tool_use_id'],
  content: typeof block['content'] === 'string' ? block['content'] : list(block['content']).map(toPart),
  ...(block['is_error'] === true ? { is_error: true } : {}),
  ...marked(block),
});

const CHAT_BLOCKS = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

function toAssistantMessage(blocks: readonly JsonObject[]): JsonObject {
  if (!blocks.every(({ type }) => CHAT_BLOCKS.has(String(type)))) {
    return { role: 'assistant', content: null, native_content: { format: 'anthropic-claude-v1', blocks } };
  }
  const texts = blocks.filter(({ type }) => type === 'text');
  const calls = blocks.filter(({ type }) => type === 'tool_use');
  const details = blocks.flatMap((block, index): JsonObject[] => {
    const origin = { format: 'anthropic-claude-v1', index };
    if (block['type'] === 'redacted_thinking') {
      return [{ type: 'reasoning.encrypted', data: block['data'], ...origin }];
    }
    const { thinking, signature } = block;
    return block['type'] === 'thinking' ? [{ type: 'reasoning.text', text: thinking, signature, ...origin }] : [];
  });
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.map(toPart),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((block) => ({
            id: block['id'],
            type: 'function',
            function: { name: block['name'], arguments: JSON.stringify(block['input']) },
            ...marked(block),
          })),
        }),
  };
}

function toPart(block: JsonObject): JsonObject {
  const { type, source } = block;
  if (type === 'text') {
    return {
      type,
      text: block['text'],
      ...(block['citations'] == null ? {} : { citations: block['citations'] }),
      ...marked(block),
    };
  }
  const from = isObject(source) ? source : {};
  if (type === 'image') {
    const url =
      from['type'] === 'url' ? from['url'] : `data:${String(from['media_type'])};base64,${String(from['data'])}`;
    return { type: 'image_url', image_url: { url }, ...marked(block) };
  }
  // A document with settings of its own has no counterpart.
  if (type !== 'document' || block['citations'] !== undefined) return block;
  const title = isText(block['title']) ? { filename: block['title'] } : {};
  const data =
    from['type'] === 'url'
      ? from['url']
      : from['type'] === 'text'
        ? `data:text/plain;base64,${Buffer.from(String(from['data'])).toString('base64')}`
        : `data:${String(from['media_type'])};base64,${String(from['data'])}`;
  return { type: 'file', file: { file_data: data, ...title }, ...marked(block) };
}

function toChatTool(tool: JsonObject): JsonObject {
  const { name, description, input_schema: parameters, strict, cache_control: mark, ...own } = tool;
  if (parameters === undefined || own['type'] !== undefined) return tool;
  const body = { name, ...(description === undefined ? {} : { description }), parameters };
  return {
    type: 'function',
    function: { ...body, ...(strict === undefined ? {} : { strict }) },
    ...(mark == null ? {} : { cache_control: mark }),
    ...own,
  };
}

function toChoiceMembers(choice: unknown): JsonObject {
  if (!isObject(choice)) return {};
  const { type, name, disable_parallel_tool_use: alone } = choice;
  const said = type === 'any' ? 'required' : type === 'tool' ? { type: 'function', function: { name } } : type;
  return { tool_choice: said, ...(alone === true ? { parallel_tool_calls: false } : {}) };
}

const toResponseFormat = (format: unknown): JsonObject =>
  isObject(format)
    ? {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: format['schema'] },
        },
      }
    : {};
