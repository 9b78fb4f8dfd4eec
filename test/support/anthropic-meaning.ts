import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';

/**
 * What a Messages request means, in one form whatever way it was written: two requests with the same meaning are answered alike.
 * What is taken to be the same is listed here, with its reason; everything else counts.
 */
export function meaningOf(body: JsonObject): JsonObject {
  const {
    messages,
    system,
    tools,
    tool_choice: choice,
    output_format: oldFormat,
    stream,
    ...rest
  } = withoutNulls(body);
  const config = isObject(rest['output_config']) ? rest['output_config'] : {};
  // The beta's name for what is `output_config.format` now.
  const format = config['format'] ?? oldFormat;
  const isThinking = isObject(rest['thinking']) && rest['thinking']['type'] !== 'disabled';
  return {
    ...sampling(rest, isThinking),
    // Not to stream is the default.
    stream: stream === true,
    system: blocks(system),
    messages: turns(messages),
    tools: objects(tools).map(tool),
    tool_choice: toolChoice(choice),
    ...(format === undefined && Object.keys(config).length === 0
      ? {}
      : {
          output_config: {
            ...config,
            ...(isObject(format) ? { format: { ...format, schema: closed(format['schema']) } } : {}),
          },
        }),
  };
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A null says the same as an absent member. */
const withoutNulls = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));

/** While it thinks a model samples as it likes, and 4.x takes temperature or top_p: the gateway leaves out what would be a 400. */
function sampling(body: JsonObject, isThinking: boolean): JsonObject {
  const { temperature, top_p: topP, top_k: topK, ...rest } = body;
  delete (rest as Record<string, unknown>)['output_config'];
  if (isThinking) return rest;
  return {
    ...rest,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined || temperature !== undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
  };
}

/** A string is one text block. */
const blocks = (content: unknown): JsonObject[] =>
  isText(content) ? [{ type: 'text', text: content }] : objects(content).map(block);

function block(given: JsonObject): JsonObject {
  const plain = withoutNulls(given);
  if (plain['type'] !== 'tool_result') return plain;
  const { content, is_error: error, ...rest } = plain;
  // No error is the default.
  return { ...rest, content: blocks(content), is_error: error === true };
}

/** Neighbours of one role are one turn to Anthropic; white space behind an answer begun by the caller is a 400. */
function turns(messages: unknown): JsonObject[] {
  const merged: { role: unknown; content: JsonObject[] }[] = [];
  for (const { role, content } of objects(messages)) {
    const last = merged.at(-1);
    if (last !== undefined && last.role === role) last.content.push(...blocks(content));
    else merged.push({ role, content: blocks(content) });
  }
  const end = merged.at(-1)?.content;
  const prefill = end?.at(-1);
  if (merged.at(-1)?.role === 'assistant' && prefill !== undefined && isText(prefill['text'])) {
    end?.splice(-1, 1, { ...prefill, text: prefill['text'].trimEnd() });
  }
  return merged;
}

function tool(given: JsonObject): JsonObject {
  const { strict, input_schema: schema, description, ...rest } = withoutNulls(given);
  // Not strict is the default, an empty description none; a strict schema is closed everywhere.
  return {
    ...rest,
    ...(isText(description) ? { description } : {}),
    ...(schema === undefined ? {} : { input_schema: strict === true ? closed(schema) : schema }),
    ...(strict === true ? { strict } : {}),
  };
}

function toolChoice(given: unknown): JsonObject {
  if (!isObject(given)) return { type: 'auto' };
  const { disable_parallel_tool_use: alone, ...choice } = given;
  return alone === true ? { ...choice, disable_parallel_tool_use: true } : choice;
}

/** What Anthropic's subset lacks stands in descriptions; descriptions are advice, so both are left out of the comparison. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const { description: _description, additionalProperties: _closed, ...rest } = schema;
  return Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, closed(each)]));
}
