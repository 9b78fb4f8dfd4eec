import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';

/** Recorded Converse requests as a caller of OpenAI's dialect would have put them: the tests' own reading of both. */

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  csv: 'text/csv',
  html: 'text/html',
  md: 'text/markdown',
};

/** A thing that has no place in OpenAI's dialect. */
export class InexpressibleError extends Error {
  override readonly name = 'InexpressibleError';
}

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const object = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** Throws `InexpressibleError`. */
export function toOpenAiRequest(body: JsonObject, model: string): JsonObject {
  const { inferenceConfig, toolConfig, additionalModelRequestFields: fields, outputConfig, serviceTier } = body;
  const { maxTokens, temperature, topP, stopSequences } = object(inferenceConfig);
  const system = parts(list(body['system']));
  return {
    model: `aws-bedrock/${model}`,
    messages: [
      ...(system.length === 0 ? [] : [{ role: 'system', content: system }]),
      ...list(body['messages']).flatMap(toMessages),
    ],
    ...given({ max_tokens: maxTokens, temperature, top_p: topP, stop: stopSequences }),
    ...toTools(object(toolConfig)),
    ...toFields(object(fields)),
    ...toFormat(object(outputConfig)),
    ...given({ service_tier: object(serviceTier)['type'], guardrailConfig: body['guardrailConfig'] }),
  };
}

const given = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function toMessages(message: JsonObject): JsonObject[] {
  const blocks = list(message['content']);
  return message['role'] === 'assistant' ? [toAssistant(blocks)] : toUser(blocks);
}

function toAssistant(blocks: readonly JsonObject[]): JsonObject {
  const details: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const said: JsonObject[] = [];
  for (const [index, block] of blocks.entries()) {
    const { toolUse, reasoningContent } = block;
    if (isObject(toolUse)) {
      if (toolUse['type'] === 'server_tool_use') throw new InexpressibleError("the service's own tools");
      const { toolUseId: id, name, input } = toolUse;
      calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } });
    } else if (isObject(reasoningContent)) {
      const { text, signature } = object(reasoningContent['reasoningText']);
      details.push({ type: 'reasoning.text', text, signature, format: 'anthropic-claude-v1', index });
    } else {
      said.push(block);
    }
  }
  return {
    role: 'assistant',
    content: said.length === 0 ? null : parts(said),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function toUser(blocks: readonly JsonObject[]): JsonObject[] {
  const results = blocks.flatMap(({ toolResult }) => (isObject(toolResult) ? [toToolMessage(toolResult)] : []));
  const rest = parts(blocks.filter((block) => !('toolResult' in block)));
  return [...results, ...(rest.length === 0 ? [] : [{ role: 'user', content: rest }])];
}

const toToolMessage = ({ toolUseId, content, status }: JsonObject): JsonObject => ({
  role: 'tool',
  tool_call_id: toolUseId,
  content: parts(list(content).map((block) => ('json' in block ? { text: JSON.stringify(block['json']) } : block))),
  ...(status === 'error' ? { is_error: true } : {}),
});

/** Blocks as parts; a cache point is a mark of the part before it. */
function parts(blocks: readonly JsonObject[]): JsonObject[] {
  const out: JsonObject[] = [];
  for (const block of blocks) {
    const last = out.at(-1);
    if (!isObject(block['cachePoint'])) out.push(toPart(block));
    else if (last !== undefined) out[out.length - 1] = { ...last, cache_control: mark(block['cachePoint']) };
  }
  return out;
}

const mark = ({ ttl }: JsonObject): JsonObject => ({ type: 'ephemeral', ...given({ ttl }) });

function toPart({ text, image, document, video, ...rest }: JsonObject): JsonObject {
  if (typeof text === 'string') return { type: 'text', text };
  if (isObject(image))
    return { type: 'image_url', image_url: { url: urlOf(image, `image/${String(image['format'])}`) } };
  if (isObject(video))
    return { type: 'video_url', video_url: { url: urlOf(video, `video/${String(video['format'])}`) } };
  if (isObject(document)) {
    const { name, format, citations } = document;
    const url = urlOf(document, MEDIA_TYPES[String(format)] ?? '');
    return {
      type: 'file',
      file: { filename: `${String(name)}.${String(format)}`, file_data: url },
      ...given({ citations }),
    };
  }
  throw new InexpressibleError(Object.keys(rest).join());
}

function urlOf({ source }: JsonObject, mediaType: string): string {
  const { bytes, s3Location } = object(source);
  return isText(bytes) ? `data:${mediaType};base64,${bytes}` : String(object(s3Location)['uri']);
}

function toTools({ tools, toolChoice }: JsonObject): JsonObject {
  const out: JsonObject[] = [];
  for (const tool of list(tools)) {
    const last = out.at(-1);
    if (isObject(tool['cachePoint'])) {
      if (last !== undefined) out[out.length - 1] = { ...last, cache_control: mark(tool['cachePoint']) };
    } else if (isObject(tool['toolSpec'])) {
      const { name, description, inputSchema, strict } = tool['toolSpec'];
      const parameters = object(inputSchema)['json'];
      out.push({ type: 'function', function: given({ name, description, parameters, strict }) });
    } else {
      out.push(tool);
    }
  }
  const { auto, any, tool } = object(toolChoice);
  const named = isObject(tool) ? { type: 'function', function: { name: tool['name'] } } : undefined;
  const choice = auto === undefined ? (any === undefined ? named : 'required') : 'auto';
  return { ...(out.length === 0 ? {} : { tools: out }), ...given({ tool_choice: choice }) };
}

function toFields({
  inferenceConfig,
  thinking,
  output_config: output,
  reasoning_config: config,
  ...rest
}: JsonObject): JsonObject {
  const effort = object(output)['effort'];
  return {
    ...rest,
    ...given({ top_k: object(inferenceConfig)['topK'] }),
    ...(isText(effort) ? { reasoning_effort: effort } : given({ thinking })),
    ...(isObject(config)
      ? { thinking: config }
      : given({ reasoning_effort: config ?? rest['reasoning_effort'] ?? effort })),
  };
}

function toFormat({ textFormat }: JsonObject): JsonObject {
  if (!isObject(textFormat)) return {};
  const { schema, name, description } = object(object(textFormat['structure'])['jsonSchema']);
  const parsed: unknown = JSON.parse(String(schema));
  return {
    response_format: { type: 'json_schema', json_schema: given({ name, description, schema: parsed, strict: true }) },
  };
}

/**
 * What a Converse request means, so that two can be compared. Not told apart, for these reasons:
 * - an empty member and none;
 * - neighbours of one role and one turn: Converse wants turns to alternate;
 * - results of tools behind or before what the user says in the same turn: they come first in what is sent;
 * - a result as JSON and as the text of that JSON, a result's status `success` and none;
 * - Claude's `reasoning_config` and `thinking`, which are two names of one setting, and whether thinking is shown;
 * - a document's name but for its first;
 * - a schema's text and another of the same schema.
 */
export function meaningOf(body: JsonObject): JsonObject {
  const { messages, system, inferenceConfig, toolConfig, additionalModelRequestFields: fields, ...rest } = body;
  return {
    ...withoutEmpty({
      system,
      inferenceConfig: inferenceOf(object(inferenceConfig)),
      toolConfig: object(toolConfig),
      additionalModelRequestFields: fieldsOf(object(fields)),
    }),
    ...rest,
    ...(isObject(rest['outputConfig']) ? { outputConfig: JSON.parse(unfold(rest['outputConfig'])) as unknown } : {}),
    messages: turnsOf(list(messages)),
  };
}

const inferenceOf = ({ stopSequences, ...rest }: JsonObject): JsonObject => ({
  ...rest,
  ...(Array.isArray(stopSequences) && stopSequences.length > 0 ? { stopSequences } : {}),
});

const withoutEmpty = (members: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) => typeof value === 'object' && value !== null && Object.keys(value).length > 0,
    ),
  );

/** With the schema, which is a text, as what it says. */
const unfold = (value: JsonObject): string =>
  JSON.stringify(value, (name, inner: unknown) =>
    name === 'schema' && typeof inner === 'string' ? (JSON.parse(inner) as unknown) : inner,
  );

function fieldsOf({ reasoning_config: config, thinking, ...rest }: JsonObject): JsonObject {
  if (!isObject(config) && !isObject(thinking)) return { ...rest, ...given({ reasoning_config: config }) };
  const { display: _display, ...own } = { ...object(config), ...object(thinking) };
  return { ...rest, thinking: own };
}

function turnsOf(messages: readonly JsonObject[]): JsonObject[] {
  const turns: { role: unknown; content: JsonObject[] }[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    const blocks = list(content).map(blockOf);
    if (last !== undefined && last.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  return turns.map(({ role, content }) => ({
    role,
    content: [
      ...content.filter((block) => 'toolResult' in block),
      ...content.filter((block) => !('toolResult' in block)),
    ],
  }));
}

function blockOf(block: JsonObject): JsonObject {
  const { toolResult, toolUse, document } = block;
  if (isObject(document)) return { document: { ...document, name: String(document['name']).replace(/ \(\d+\)$/, '') } };
  if (isObject(toolUse)) {
    const { toolUseId, name, input } = toolUse;
    return { toolUse: { toolUseId, name, input } };
  }
  if (!isObject(toolResult)) return block;
  const { toolUseId, content, status } = toolResult;
  return {
    toolResult: {
      toolUseId,
      content: list(content).map((inner) => ('json' in inner ? { text: JSON.stringify(inner['json']) } : inner)),
      ...(status === 'error' ? { status } : {}),
    },
  };
}
