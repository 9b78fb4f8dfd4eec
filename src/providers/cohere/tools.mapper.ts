import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

type ToolChoice = ChatCompletionRequest['tool_choice'];

/** Cohere can be made to call some tool, not a certain one: then it is offered that one alone. Undefined for none at all. */
export function toTools({ tools, tool_choice: choice }: ChatCompletionRequest): readonly JsonObject[] | undefined {
  const names = chosenNames(choice);
  const offered = (tools ?? []).filter((tool) => names === null || names.has(nameOf(tool)));
  if (tools == null || offered.length === 0) return undefined;
  return offered.length === tools.length && tools.every(isPlain) ? tools : offered.map(toTool);
}

const TOOL_MEMBERS: ReadonlySet<string> = new Set(['type', 'function']);
const FUNCTION_MEMBERS: ReadonlySet<string> = new Set(['name', 'description', 'parameters']);

const isPlain = (tool: JsonObject): boolean =>
  tool['type'] === 'function' &&
  Object.keys(tool).every((name) => TOOL_MEMBERS.has(name)) &&
  isObject(tool['function']) &&
  isObject(tool['function']['parameters']) &&
  Object.keys(tool['function']).every((name) => FUNCTION_MEMBERS.has(name));

/** What is no function cannot be offered. */
export const isFunctionTool = (tool: unknown): boolean => isObject(tool) && isObject(tool['function']);

/** `strict_tools` holds for all tools at once, so all must want it. */
export function isStrict({ tools }: ChatCompletionRequest): boolean {
  const all = tools ?? [];
  return all.length > 0 && all.every((tool) => isObject(tool['function']) && tool['function']['strict'] === true);
}

/** Undefined where the model may choose, and where there is nothing to choose from. */
export function toToolChoice({ tools, tool_choice: choice }: ChatCompletionRequest): 'REQUIRED' | 'NONE' | undefined {
  if ((tools ?? []).length === 0) return undefined;
  if (choice === 'none') return 'NONE';
  if (choice === 'required' || choice === 'any') return 'REQUIRED';
  if (!isObject(choice)) return undefined;
  if (choice.type === 'allowed_tools') return allowedOf(choice)['mode'] === 'required' ? 'REQUIRED' : undefined;
  return 'REQUIRED';
}

export const isKnownChoice = (choice: unknown): boolean =>
  isObject(choice)
    ? choice['type'] === 'allowed_tools' || isObject(choice['function'])
    : ['none', 'auto', 'required', 'any'].includes(String(choice));

function chosenNames(choice: ToolChoice): ReadonlySet<unknown> | null {
  if (!isObject(choice)) return null;
  if (choice.type !== 'allowed_tools') return new Set([nameOf(choice)]);
  const { tools } = allowedOf(choice);
  return new Set((Array.isArray(tools) ? tools : []).filter(isObject).map(nameOf));
}

const allowedOf = (choice: JsonObject): JsonObject =>
  isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice;

const nameOf = (tool: JsonObject): unknown => (isObject(tool['function']) ? tool['function']['name'] : tool['name']);

function toTool({ function: body }: JsonObject): JsonObject {
  const { name, description, parameters } = isObject(body) ? body : {};
  return {
    type: 'function',
    function: {
      name,
      ...(isText(description) ? { description } : {}),
      parameters: isObject(parameters) ? parameters : { type: 'object', properties: {} },
    },
  };
}
