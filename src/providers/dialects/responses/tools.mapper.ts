import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { ResponsesFlavour } from './responses-flavour.js';

/**
 * A chat's tool in the flat form. `strict` is always said: its default is true here and false in Chat Completions. Tools of the
 * Responses wire's own (`web_search`, …) pass as they are.
 */
export function toTool(tool: JsonObject, { toWireName }: ResponsesFlavour): JsonObject {
  const { function: body, custom } = tool;
  if (isObject(body)) {
    const { name, strict, parameters, ...rest } = body;
    const shape = { parameters: parameters ?? NO_PARAMETERS, strict: strict ?? false };
    return { type: 'function', name: toWireName(name), ...rest, ...shape };
  }
  if (tool['type'] === 'custom' && isObject(custom)) {
    const { format, ...rest } = custom;
    const grammar =
      isObject(format) && isObject(format['grammar']) ? { type: 'grammar', ...format['grammar'] } : format;
    return { type: 'custom', ...rest, ...(grammar === undefined ? {} : { format: grammar }) };
  }
  return tool;
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

export function toToolChoice(choice: unknown): unknown {
  if (choice === 'any') return 'required';
  if (!isObject(choice)) return choice;
  const { type, allowed_tools: allowed } = choice;
  if (type === 'allowed_tools' && isObject(allowed)) {
    const tools: unknown = allowed['tools'];
    return { type, mode: allowed['mode'], tools: Array.isArray(tools) ? tools.filter(isObject).map(toNamed) : [] };
  }
  return toNamed(choice);
}

/** `{type, function: {name}}` ─▶ `{type, name}` */
function toNamed(choice: JsonObject): JsonObject {
  const { type } = choice;
  const body = type === 'custom' ? choice['custom'] : choice['function'];
  return isObject(body) && isText(body['name']) ? { type: type ?? 'function', name: body['name'] } : choice;
}

/** Chat's `web_search_options` as the tool that they stand for. */
export function toWebSearch(options: JsonObject): JsonObject {
  const { search_context_size: size, user_location: location } = options;
  const approximate = isObject(location) ? location['approximate'] : undefined;
  return {
    type: 'web_search',
    ...(size === undefined || size === null ? {} : { search_context_size: size }),
    ...(isObject(approximate) ? { user_location: { type: 'approximate', ...approximate } } : {}),
  };
}
