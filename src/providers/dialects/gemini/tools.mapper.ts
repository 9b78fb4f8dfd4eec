import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { GeminiTraits } from './gemini-traits.catalog.js';
import type { GeminiFunction, GeminiFunctionCalling, GeminiTool, GeminiToolConfig } from './gemini.wire.js';
import { toJsonSchema, toOpenApiSchema } from './json-schema.mapper.js';
import { unsupported, type GeminiContext } from './refusal.js';

/** Tools of Google's own, by the name the wire has for them. */
const NATIVE_TOOLS = {
  googleSearch: true,
  googleSearchRetrieval: true,
  googleMaps: true,
  codeExecution: true,
  urlContext: true,
  computerUse: true,
  enterpriseWebSearch: true,
  fileSearch: true,
  retrieval: true,
} as const satisfies Partial<Record<keyof GeminiTool, true>>;

type NativeTool = keyof typeof NATIVE_TOOLS;

/** How some callers name them: OpenAI's word for a search, and Google's own in its other spelling. */
const SYNONYMS: ReadonlyMap<string, NativeTool> = new Map([
  ...Object.keys(NATIVE_TOOLS)
    .filter((name): name is NativeTool => Object.hasOwn(NATIVE_TOOLS, name))
    .flatMap((name): [string, NativeTool][] => [
      [name, name],
      [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), name],
    ]),
  ['web_search', 'googleSearch'],
  ['web_search_preview', 'googleSearch'],
  ['code_interpreter', 'codeExecution'],
]);

const SEARCHES: readonly NativeTool[] = ['googleSearch', 'googleSearchRetrieval', 'googleMaps', 'enterpriseWebSearch'];

/** `tools` and `toolConfig` as they go into the body: absent where there is nothing to say. */
export interface GeminiTooling {
  readonly tools?: readonly GeminiTool[];
  readonly toolConfig?: GeminiToolConfig;
  /** May the answer be grounded in a search, so that annotations point into its text? */
  readonly searches: boolean;
}

export function toTooling(request: ChatCompletionRequest, traits: GeminiTraits, context: GeminiContext): GeminiTooling {
  const read = readTools(request, traits, context);
  const wantsSearch = (request['web_search_options'] ?? null) !== null;
  const native =
    wantsSearch && !read.native.some((tool) => 'googleSearch' in tool)
      ? [...read.native, { googleSearch: {} }]
      : read.native;
  const isMixed = native.length > 0 && read.functions.length > 0;
  if (isMixed && !traits.combinesTools) {
    const param = wantsSearch ? 'web_search_options' : 'tools';
    throw unsupported(
      param,
      'Functions and tools of Google go together from Gemini 3 on: use one of the two.',
      context,
    );
  }
  const calling = read.functions.length === 0 ? null : toCalling(request, read.strict, traits, context);
  const functions = read.functions.filter(({ name }) => calling?.only?.includes(name ?? '') ?? true);
  const tools = [...native, ...(functions.length === 0 ? [] : [{ functionDeclarations: functions }])];
  const toolConfig: GeminiToolConfig = {
    ...(calling?.config === undefined ? {} : { functionCallingConfig: calling.config }),
    ...(isMixed ? { includeServerSideToolInvocations: true } : {}),
  };
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(Object.keys(toolConfig).length === 0 ? {} : { toolConfig }),
    searches: native.some((tool) => SEARCHES.some((name) => name in tool)),
  };
}

interface ReadTools {
  readonly functions: readonly GeminiFunction[];
  readonly native: readonly GeminiTool[];
  readonly strict: boolean;
}

function readTools(request: ChatCompletionRequest, traits: GeminiTraits, context: GeminiContext): ReadTools {
  const functions: GeminiFunction[] = [];
  const native: GeminiTool[] = [];
  let strict = false;
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const body = tool['function'];
    if (isObject(body)) {
      functions.push(toFunction(body, traits));
      strict ||= body['strict'] === true;
      continue;
    }
    const found = toNative(tool);
    if (found === null) throw unsupported(`tools[${index}]`, "Use tools of the type 'function'.", context);
    native.push(found);
  }
  const older: unknown = request['functions'];
  for (const body of Array.isArray(older) ? older.filter(isObject) : []) functions.push(toFunction(body, traits));
  return { functions, native, strict };
}

function toFunction(body: JsonObject, { schema }: GeminiTraits): GeminiFunction {
  const parameters = isObject(body['parameters']) ? body['parameters'] : null;
  const common = {
    name: isText(body['name']) ? body['name'] : '',
    ...(isText(body['description']) ? { description: body['description'] } : {}),
  };
  // An object without members is refused by older models; no schema says the same.
  if (parameters === null || isEmptyObject(parameters)) return common;
  return schema === 'json'
    ? { ...common, parametersJsonSchema: toJsonSchema(parameters) }
    : { ...common, parameters: toOpenApiSchema(parameters) };
}

const isEmptyObject = (schema: JsonObject): boolean =>
  Object.keys(schema).length === 0 ||
  (isObject(schema['properties'] ?? {}) &&
    Object.keys(schema['properties'] ?? {}).length === 0 &&
    !isObject(schema['additionalProperties']) &&
    ['$ref', 'anyOf', 'oneOf', 'allOf'].every((key) => schema[key] === undefined));

/** `{googleSearch: {…}}`, `{google_search: {…}}` or `{type: 'web_search'}`. */
function toNative(tool: JsonObject): GeminiTool | null {
  for (const [key, settings] of Object.entries(tool)) {
    const name = SYNONYMS.get(key);
    if (name !== undefined && isObject(settings)) return { [name]: settings };
  }
  const type = tool['type'];
  const name = isText(type) ? SYNONYMS.get(type) : undefined;
  return name === undefined ? null : { [name]: {} };
}

interface Calling {
  readonly config?: GeminiFunctionCalling;
  /** Only these functions are declared. */
  readonly only?: readonly string[];
}

function toCalling(
  request: ChatCompletionRequest,
  strict: boolean,
  traits: GeminiTraits,
  context: GeminiContext,
): Calling {
  const choice: unknown = request.tool_choice ?? toChoice(request['function_call']);
  const isValidated = strict && traits.validates;
  if (choice === null || choice === 'auto') return isValidated ? { config: { mode: 'VALIDATED' } } : {};
  if (choice === 'none') return { config: { mode: 'NONE' } };
  // `any` is what several other providers' clients say.
  if (choice === 'required' || choice === 'any') return { config: { mode: 'ANY' } };
  if (isObject(choice)) {
    const named = isObject(choice['function']) ? choice['function']['name'] : choice['name'];
    if (isText(named)) return { config: { mode: 'ANY', allowedFunctionNames: [named] } };
    const allowed = allowedTools(choice);
    if (allowed !== null) return toAllowed(allowed, traits);
  }
  throw unsupported('tool_choice', "Use 'auto', 'none', 'required', a named function or 'allowed_tools'.", context);
}

/** The deprecated `function_call`: a word, or `{name}`. */
const toChoice = (call: unknown): unknown => (isObject(call) ? { function: call } : (call ?? null));

interface AllowedTools {
  readonly names: readonly string[];
  readonly isRequired: boolean;
}

function allowedTools(choice: JsonObject): AllowedTools | null {
  const allowed = choice['allowed_tools'];
  if (!isObject(allowed) || !Array.isArray(allowed['tools'])) return null;
  const names = allowed['tools']
    .filter(isObject)
    .map((tool) => (isObject(tool['function']) ? tool['function']['name'] : tool['name']))
    .filter(isText);
  return { names, isRequired: allowed['mode'] === 'required' };
}

/** Older models have no mode for "some of them, if any": the others are not declared. */
function toAllowed({ names, isRequired }: AllowedTools, { validates }: GeminiTraits): Calling {
  if (isRequired) return { config: { mode: 'ANY', allowedFunctionNames: names } };
  return validates ? { config: { mode: 'VALIDATED', allowedFunctionNames: names } } : { only: names };
}
