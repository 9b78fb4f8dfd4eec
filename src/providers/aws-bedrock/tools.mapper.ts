import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { toAnthropicSchema } from '../dialects/anthropic-messages/json-schema.js';
import { invalid, unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { BedrockModel } from './aws-bedrock.catalog.js';
import { toCachePoints } from './content.mapper.js';

/** Nova 2's own search of the web. */
const WEB_SEARCH = { systemTool: { name: 'nova_grounding' } };
const CHOICES: ReadonlyMap<string, 'none' | 'auto' | 'any'> = new Map([
  ['none', 'none'],
  ['auto', 'auto'],
  ['required', 'any'],
  ['any', 'any'],
]);

/** What the caller wants of tools. */
export interface ToolWish {
  /** `toolConfig.tools`, cache points among them; empty when none may be called. */
  readonly tools: readonly JsonObject[];
  readonly choice: ToolChoice;
  /** At most one call a turn. */
  readonly isSequential: boolean;
}

export type ToolChoice =
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'auto' }
  | { readonly kind: 'any' }
  | { readonly kind: 'none' }
  | { readonly kind: 'tool'; readonly name: string };

/** OpenAI's tools, `tool_choice`, `parallel_tool_calls` and `web_search_options`. Throws for what the model cannot do. */
export function toToolWish(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): ToolWish {
  const choice = toChoice(request.tool_choice, refuser);
  const allowed = allowedNames(request.tool_choice);
  const offered = choice.kind === 'none' ? [] : (request.tools ?? []);
  const tools = offered.flatMap((tool, index) => {
    const param = `tools[${index}]`;
    if (isObject(tool['systemTool']) || isObject(tool['toolSpec'])) return [tool];
    const spec = toToolSpec(tool, param, model, refuser);
    if (allowed !== null && !allowed.has(spec.name)) return [];
    return [{ toolSpec: spec }, ...toCachePoints(tool, model.cachePoints === 'anywhere')];
  });
  const search = choice.kind === 'none' ? [] : toSearch(request, model, refuser);
  const all = [...tools, ...search];
  if (all.length === 0) return { tools: [], choice: { kind: 'none' }, isSequential: false };
  assertChoice(choice, model, refuser);
  return { tools: all, choice, isSequential: isSequential(request, model, refuser) };
}

function toToolSpec(
  tool: JsonObject,
  param: string,
  model: BedrockModel,
  refuser: Refuser,
): JsonObject & { readonly name: string } {
  const { function: body } = tool;
  if (!isObject(body)) {
    throw unsupported(param, `Tools are functions; '${String(tool['type'])}' is none.`, refuser);
  }
  const { name, description, parameters } = body;
  if (!isText(name)) throw invalid(`${param}.function.name`, 'A function needs a name.', refuser);
  const schema = isObject(parameters) ? parameters : { properties: {} };
  const strict = body['strict'] === true && model.claude?.structuredOutputs === true;
  const json = strict
    ? toAnthropicSchema({ type: 'object', properties: {}, ...schema })
    : { type: 'object', ...schema };
  if (json === null) {
    const hint = "Strict tools know no recursion, no open objects and no references: leave 'strict' out.";
    throw unsupported(`${param}.function.strict`, hint, refuser);
  }
  return {
    name,
    // An empty one is a 400.
    ...(isText(description) ? { description } : {}),
    inputSchema: { json },
    ...(strict ? { strict } : {}),
  };
}

function toSearch(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): JsonObject[] {
  if (!isObject(request['web_search_options'])) return [];
  if (model.reasoning === 'nova') return [WEB_SEARCH];
  throw unsupported('web_search_options', 'On Bedrock the Nova 2 models search the web.', refuser);
}

function assertChoice(choice: ToolChoice, model: BedrockModel, refuser: Refuser): void {
  if (choice.kind !== 'any' && choice.kind !== 'tool') return;
  if (model.toolChoices.includes(choice.kind)) return;
  const hint =
    model.toolChoices.length === 0 ? "It takes 'auto' and 'none'." : "It takes 'auto', 'none' and 'required'.";
  throw unsupported('tool_choice', `${hint} Claude and Nova can be made to call a tool.`, refuser);
}

function isSequential(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): boolean {
  if (request.parallel_tool_calls !== false) return false;
  if (model.claude !== null) return true;
  throw unsupported('parallel_tool_calls', 'On Bedrock only Claude can be kept to one call a turn.', refuser);
}

function toChoice(choice: ChatCompletionRequest['tool_choice'], refuser: Refuser): ToolChoice {
  if (choice === null || choice === undefined) return { kind: 'unsaid' };
  if (isObject(choice)) {
    const { type, function: body } = choice;
    if (isObject(body) && isText(body['name'])) return { kind: 'tool', name: body['name'] };
    if (type === 'allowed_tools') return { kind: allowedTools(choice)['mode'] === 'required' ? 'any' : 'auto' };
  }
  const kind = CHOICES.get(String(isObject(choice) ? choice.type : choice));
  if (kind === undefined) {
    throw unsupported('tool_choice', 'It is none, auto, required, or the name of a function.', refuser);
  }
  return { kind };
}

const allowedTools = (choice: JsonObject): JsonObject =>
  isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice;

function allowedNames(choice: ChatCompletionRequest['tool_choice']): ReadonlySet<string> | null {
  if (!isObject(choice) || choice.type !== 'allowed_tools') return null;
  const { tools } = allowedTools(choice);
  const names = (Array.isArray(tools) ? tools : [])
    .filter(isObject)
    .map((tool) => (isObject(tool['function']) ? tool['function']['name'] : tool['name']));
  return new Set(names.filter(isText));
}

/** `toolConfig`; undefined without tools. */
export function toToolConfig({ tools, choice }: ToolWish): JsonObject | undefined {
  if (tools.length === 0) return undefined;
  if (choice.kind === 'tool') return { tools, toolChoice: { tool: { name: choice.name } } };
  return choice.kind === 'auto' || choice.kind === 'any' ? { tools, toolChoice: { [choice.kind]: {} } } : { tools };
}

/** Claude's own `tool_choice`, which Converse has no words for: at most one call a turn. */
export function toSequentialChoice({ choice, isSequential: is }: ToolWish): JsonObject {
  if (!is) return {};
  const own =
    choice.kind === 'tool' ? { type: 'tool', name: choice.name } : { type: choice.kind === 'any' ? 'any' : 'auto' };
  return { tool_choice: { ...own, disable_parallel_tool_use: true } };
}
