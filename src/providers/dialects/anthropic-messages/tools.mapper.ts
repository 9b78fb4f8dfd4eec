import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { CacheMarker } from './cache-control.js';
import type { ClaudeModel } from './claude-models.catalog.js';
import { toAnthropicSchema } from './json-schema.js';
import { invalid, unsupported, type Refuser } from './unsupported.js';

/** Members of a tool that only Anthropic knows, on the tool or its function. */
const OWN_MEMBERS = ['eager_input_streaming', 'defer_loading', 'allowed_callers', 'input_examples'] as const;
/** Dated, as Anthropic's tools are; models of every generation take this one. */
const WEB_SEARCH = 'web_search_20250305';

/** OpenAI's tools and Anthropic's own, which callers may mix, and the web search that `web_search_options` stands for. */
export function toTools(
  request: ChatCompletionRequest,
  model: ClaudeModel,
  mark: CacheMarker,
  refuser: Refuser,
): JsonObject[] {
  const tools = (request.tools ?? []).map((tool, index) =>
    isNativeTool(tool) ? tool : mark(tool, toTool(tool, `tools[${index}]`, model, refuser)),
  );
  const allowed = allowedNames(request.tool_choice);
  const offered = allowed === null ? tools : tools.filter(({ name }) => allowed.has(String(name)));
  const options = request['web_search_options'];
  return isObject(options) ? [...offered, toWebSearch(options)] : offered;
}

/** Named at the top, as all of Anthropic's are: `{type: 'web_search_20250305', name}`, `{name, input_schema}`. */
export const isNativeTool = (tool: JsonObject): boolean => isText(tool['name']) && tool['type'] !== 'function';

function toTool(tool: JsonObject, param: string, model: ClaudeModel, refuser: Refuser): JsonObject {
  const { function: body } = tool;
  if (!isObject(body)) {
    throw unsupported(param, `Tools are functions or Anthropic's own; '${String(tool['type'])}' is neither.`, refuser);
  }
  if (!isText(body['name'])) throw invalid(`${param}.function.name`, 'A function needs a name.', refuser);
  const { name, description, parameters } = body;
  const schema = isObject(parameters) ? parameters : { type: 'object', properties: {} };
  const own = OWN_MEMBERS.flatMap((member) => {
    const value = tool[member] ?? body[member];
    return value === undefined ? [] : [[member, value]];
  });
  const strict = body['strict'] === true && model.structuredOutputs ? toAnthropicSchema(closed(schema)) : null;
  if (body['strict'] === true && model.structuredOutputs && strict === null) {
    const hint = "Anthropic's strict tools know no recursion, no open objects and no references: leave 'strict' out.";
    throw unsupported(`${param}.function.strict`, hint, refuser);
  }
  return {
    name,
    ...(isText(description) ? { description } : {}),
    input_schema: strict ?? (schema['type'] === undefined ? { type: 'object', ...schema } : schema),
    ...(strict === null ? {} : { strict: true }),
    ...Object.fromEntries(own),
  };
}

/** A function without parameters takes an empty object, which is a closed one. */
const closed = (schema: JsonObject): JsonObject => ({ type: 'object', properties: {}, ...schema });

function toWebSearch(options: JsonObject): JsonObject {
  const { user_location: location } = options;
  const place = isObject(location) && isObject(location['approximate']) ? location['approximate'] : location;
  return {
    type: WEB_SEARCH,
    name: 'web_search',
    ...(isObject(place) ? { user_location: { ...place, type: 'approximate' } } : {}),
  };
}

function allowedNames(choice: ChatCompletionRequest['tool_choice']): ReadonlySet<string> | null {
  const allowed = allowedTools(choice);
  if (allowed === null || !Array.isArray(allowed['tools'])) return null;
  return new Set(
    allowed['tools'].filter(isObject).flatMap((tool) => {
      const name = isObject(tool['function']) ? tool['function']['name'] : tool['name'];
      return isText(name) ? [name] : [];
    }),
  );
}

function allowedTools(choice: ChatCompletionRequest['tool_choice']): JsonObject | null {
  if (!isObject(choice) || choice['type'] !== 'allowed_tools') return null;
  return isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice;
}

/** `tool_choice` in Anthropic's form; undefined where nothing needs saying. */
export function toToolChoice(
  request: ChatCompletionRequest,
  tools: readonly JsonObject[],
  refuser: Refuser,
): JsonObject | undefined {
  if (tools.length === 0) return undefined;
  const choice = chosen(request.tool_choice, refuser);
  if (request.parallel_tool_calls !== false || choice?.['type'] === 'none') return choice;
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
}

/** Does the choice leave the model no way but to call a tool? */
export const isForcedChoice = (choice: JsonObject | undefined): boolean =>
  choice?.['type'] === 'any' || choice?.['type'] === 'tool';

function chosen(choice: ChatCompletionRequest['tool_choice'], refuser: Refuser): JsonObject | undefined {
  if (choice === null || choice === undefined) return undefined;
  const allowed = allowedTools(choice);
  if (allowed !== null) return { type: allowed['mode'] === 'required' ? 'any' : 'auto' };
  if (typeof choice === 'string') return named(choice, refuser);
  const { type, function: body, name } = choice;
  if (isObject(body) && isText(body['name'])) return { type: 'tool', name: body['name'] };
  if (type === 'tool' && isText(name)) return choice;
  if (type === 'auto' || type === 'any' || type === 'none') return choice;
  throw unsupported('tool_choice', 'It is none, auto, required, or the name of a function.', refuser);
}

function named(choice: string, refuser: Refuser): JsonObject {
  switch (choice) {
    case 'none':
    case 'auto':
    case 'any':
      return { type: choice };
    case 'required':
      return { type: 'any' };
    default:
      throw unsupported('tool_choice', 'It is none, auto, required, or the name of a function.', refuser);
  }
}
