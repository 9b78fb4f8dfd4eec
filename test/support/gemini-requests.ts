import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';

/**
 * A recorded request to Gemini said in OpenAI's dialect, and what two requests must share to mean the same. Both are the tests'
 * own reading of the wire: not the code that is asked.
 */

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names that stand for themselves: the members of these are the caller's own. */
const OPAQUE: ReadonlySet<string> = new Set([
  'args',
  'response',
  'parameters',
  'parametersJsonSchema',
  'responseSchema',
  'responseJsonSchema',
]);

/** Google takes names in both spellings. */
export function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const key = camel(name);
      return [key, OPAQUE.has(key) ? inner : camelCased(inner)];
    }),
  );
}

/** Null where OpenAI's dialect has no words for it. */
export function toOpenAiRequest(recorded: unknown, model: string): Record<string, unknown> | null {
  const body = camelCased(recorded);
  if (!isObject(body)) return null;
  const messages = toMessages(list(body['contents']));
  // A prompt without content is refused here.
  if (messages === null || messages.length === 0) return null;
  const system = isObject(body['systemInstruction']) ? list(body['systemInstruction']['parts']) : [];
  const generation = isObject(body['generationConfig']) ? body['generationConfig'] : {};
  const tooling = toTools(body);
  if (tooling === null) return null;
  return {
    model: `provider/${model}`,
    messages: [...(system.length === 0 ? [] : [{ role: 'system', content: system.map(toContentPart) }]), ...messages],
    ...tooling,
    ...toParameters(generation, model),
    ...(body['safetySettings'] === undefined ? {} : { safety_settings: body['safetySettings'] }),
    ...(body['cachedContent'] === undefined ? {} : { cached_content: body['cachedContent'] }),
    ...(body['modelArmorConfig'] === undefined ? {} : { google: { model_armor_config: body['modelArmorConfig'] } }),
  };
}

function toMessages(contents: readonly JsonObject[]): JsonObject[] | null {
  const messages: JsonObject[] = [];
  let open: { readonly id: string; readonly name: unknown }[] = [];
  for (const [turn, content] of contents.entries()) {
    const parts = list(content['parts']).filter(({ thought }) => thought !== true);
    if (content['role'] === 'model') {
      const calls = parts.filter((part) => isObject(part['functionCall']));
      // Text after a call, and parts of Google's own tools, have no place in a message of OpenAI's.
      const firstCall = parts.findIndex((part) => isObject(part['functionCall']));
      const isOrdered = firstCall === -1 || parts.slice(firstCall).every((part) => isObject(part['functionCall']));
      if (!isOrdered || parts.some((part) => part['executableCode'] ?? part['codeExecutionResult'])) return null;
      const texts = parts.filter((part) => typeof part['text'] === 'string');
      const signature = texts.map((part) => part['thoughtSignature']).findLast(isText);
      const tools = calls.map((part, index) => toToolCall(part, `call_${turn}_${index}`));
      // Two turns of the model in a row, answered by one of results.
      const before = messages.at(-1);
      const known: unknown = before?.['role'] === 'assistant' ? before['tool_calls'] : undefined;
      if (Array.isArray(known) && texts.length === 0) {
        messages[messages.length - 1] = { ...before, tool_calls: [...list(known), ...tools] };
        open = [...open, ...tools.map(({ id, function: { name } }) => ({ id, name }))];
        continue;
      }
      messages.push({
        role: 'assistant',
        content: texts.length === 0 ? null : texts.map(({ text }) => text).join(''),
        ...(tools.length === 0 ? {} : { tool_calls: tools }),
        ...(signature === undefined
          ? {}
          : { reasoning_details: [{ type: 'reasoning.encrypted', data: signature, format: 'google-gemini-v1' }] }),
      });
      open = tools.map(({ id, function: { name } }) => ({ id, name }));
      continue;
    }
    for (const result of parts.map((part) => part['functionResponse']).filter(isObject)) {
      const at = open.findIndex(({ name }) => name === result['name']);
      if (at === -1) return null;
      const [call] = open.splice(at, 1);
      const text = JSON.stringify(result['response']);
      const media = list(result['parts']).map(toContentPart);
      messages.push({
        role: 'tool',
        tool_call_id: call?.id,
        content: media.length === 0 ? text : [{ type: 'text', text }, ...media],
      });
    }
    const rest = parts.filter((part) => part['functionResponse'] === undefined && part['text'] !== '');
    if (rest.length > 0) {
      if (rest.some((part) => part['videoMetadata'] !== undefined)) return null;
      messages.push({ role: 'user', content: rest.map(toContentPart) });
    }
  }
  return messages;
}

function toToolCall(part: JsonObject, id: string) {
  const call = isObject(part['functionCall']) ? part['functionCall'] : {};
  const signature = part['thoughtSignature'];
  return {
    id,
    type: 'function',
    function: { name: call['name'], arguments: JSON.stringify(call['args'] ?? {}) },
    ...(signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }),
  };
}

function toContentPart(part: JsonObject): JsonObject {
  const { text, inlineData: inline, fileData: file } = part;
  if (typeof text === 'string') return { type: 'text', text };
  const mimeType = isObject(inline) ? inline['mimeType'] : isObject(file) ? file['mimeType'] : '';
  const url = isObject(inline)
    ? `data:${String(mimeType)};base64,${String(inline['data'])}`
    : String(isObject(file) ? file['fileUri'] : '');
  if (String(mimeType).startsWith('image/')) return { type: 'image_url', image_url: { url } };
  if (String(mimeType).startsWith('video/')) return { type: 'video_url', video_url: { url } };
  if (isObject(inline) && mimeType === 'audio/wav')
    return { type: 'input_audio', input_audio: { data: inline['data'], format: 'wav' } };
  const ending = mimeType === 'text/plain' ? 'txt' : String(mimeType).split('/')[1];
  return { type: 'file', file: { file_data: url, filename: `file.${ending}` } };
}

function toTools(body: JsonObject): JsonObject | null {
  const config = isObject(body['toolConfig']) ? body['toolConfig'] : {};
  const calling = isObject(config['functionCallingConfig']) ? config['functionCallingConfig'] : {};
  const mode = isText(calling['mode']) ? calling['mode'].toUpperCase() : null;
  const allowed = calling['allowedFunctionNames'];
  const functions = list(body['tools']).flatMap((tool) => list(tool['functionDeclarations']));
  const own = list(body['tools']).filter((tool) => tool['functionDeclarations'] === undefined);
  const tools = [
    ...functions.map(({ name, description, parameters, parametersJsonSchema: schema }) => ({
      type: 'function',
      function: {
        name,
        description,
        parameters: lowerTypes(schema ?? parameters),
        ...(mode === 'VALIDATED' ? { strict: true } : {}),
      },
    })),
    ...own,
  ];
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(mode === 'ANY' ? { tool_choice: toChoice(allowed, functions.length) } : {}),
    ...(mode === 'NONE' ? { tool_choice: 'none' } : {}),
  };
}

function toChoice(allowed: unknown, count: number): unknown {
  const names: readonly unknown[] = Array.isArray(allowed) ? allowed : [];
  if (names.length === 0 || names.length === count) return 'required';
  if (names.length === 1) return { type: 'function', function: { name: names[0] } };
  const tools = names.map((name) => ({ type: 'function', function: { name } }));
  return { type: 'allowed_tools', allowed_tools: { mode: 'required', tools } };
}

/** OpenAPI's types are in capitals with some clients. */
function lowerTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(lowerTypes);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name === 'property_ordering' ? 'propertyOrdering' : name,
      name === 'type' && typeof value === 'string' ? value.toLowerCase() : lowerTypes(value),
    ]),
  );
}

const RENAMED: Readonly<Record<string, string>> = {
  maxOutputTokens: 'max_completion_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  candidateCount: 'n',
  stopSequences: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
};

function toParameters(generation: JsonObject, model: string): JsonObject {
  const out: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(generation)) {
    const ours = RENAMED[name];
    if (ours !== undefined) out[ours] = value;
    else if (name === 'responseModalities')
      out['modalities'] = [value].flat().map((word) => String(word).toLowerCase());
    else if (name === 'thinkingConfig' && isObject(value)) {
      // A budget for a model with levels is Google's own to say.
      if (model.startsWith('gemini-3') && value['thinkingBudget'] !== undefined) own[name] = value;
      else Object.assign(out, toEffort(value));
    } else if (!name.startsWith('response')) own[name] = value;
  }
  const schema = generation['responseJsonSchema'] ?? generation['responseSchema'];
  const isJson = generation['responseMimeType'] === 'application/json';
  if (isJson && schema !== undefined)
    out['response_format'] = { type: 'json_schema', json_schema: { name: 'answer', schema: lowerTypes(schema) } };
  else if (isJson) out['response_format'] = { type: 'json_object' };
  if (isObject(own['speechConfig'])) out['audio'] = { format: 'pcm16', voice: 'any' };
  return { ...out, ...(Object.keys(own).length === 0 ? {} : { google: { generation_config: own } }) };
}

function toEffort({ thinkingLevel: level, thinkingBudget: budget }: JsonObject): JsonObject {
  if (typeof level === 'string') return { reasoning_effort: level.toLowerCase() };
  if (budget === 0) return { reasoning_effort: 'none' };
  return typeof budget === 'number' && budget > 0 ? { reasoning: { max_tokens: budget } } : {};
}

/**
 * What a request means. The differences that this forgives, and why:
 * - neighbouring contents of one role are one, and neighbouring texts: Google joins them;
 * - ids of calls: results are matched by name and order;
 * - empty texts and thoughts, which say nothing or are not read back; a role that is missing is the user's;
 * - a schema may stand in the older or the newer field, with types in capitals or not, and without members that are empty;
 * - the calling mode AUTO, and allowing all functions that there are, are what one gets anyway; text alone is the usual modality;
 * - one choice and the type text/plain are what one gets anyway;
 * - whether thoughts are shown: asking for an effort always asks for them, and no effort for none.
 */
export function meaningOf(request: unknown): unknown {
  const body = camelCased(request);
  if (!isObject(body)) return body;
  const { contents, systemInstruction, tools, toolConfig, generationConfig, model: _model, ...rest } = body;
  const functions = list(tools).flatMap((tool) => list(tool['functionDeclarations']));
  return prune({
    ...rest,
    contents: joinedContents(list(contents)),
    system: isObject(systemInstruction) ? list(systemInstruction['parts']).map(({ text }) => text) : [],
    tools: list(tools).filter((tool) => tool['functionDeclarations'] === undefined),
    functions: functions.map(({ name, description, parameters, parametersJsonSchema: schema }) => ({
      name,
      description,
      schema: schemaMeaning(schema ?? parameters),
    })),
    toolConfig: toolMeaning(toolConfig, functions.length),
    generation: generationMeaning(isObject(generationConfig) ? generationConfig : {}),
  });
}

function joinedContents(contents: readonly JsonObject[]): unknown {
  const joined: { role: unknown; parts: unknown[] }[] = [];
  for (const content of contents) {
    const role = content['role'] === 'model' ? 'model' : 'user';
    const parts = list(content['parts'])
      .filter((part) => part['thought'] !== true && part['text'] !== '')
      .map(withoutId)
      .reduce<JsonObject[]>(joinTexts, []);
    const last = joined.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === role) last.parts.push(...parts);
    else joined.push({ role, parts });
  }
  return joined;
}

/** Neighbouring texts of one content, none of them signed. */
function joinTexts(parts: JsonObject[], part: JsonObject): JsonObject[] {
  const last = parts.at(-1);
  const isPlain = (one: JsonObject | undefined): boolean => Object.keys(one ?? {}).join() === 'text';
  if (!isPlain(last) || !isPlain(part)) return [...parts, part];
  return [...parts.slice(0, -1), { text: `${String(last?.['text'])}${String(part['text'])}` }];
}

function withoutId(part: JsonObject): JsonObject {
  for (const name of ['functionCall', 'functionResponse']) {
    const inner = part[name];
    if (!isObject(inner)) continue;
    const { id: _id, ...rest } = inner;
    return { ...part, [name]: rest };
  }
  return part;
}

function schemaMeaning(schema: unknown): unknown {
  const lower = prune(lowerTypes(schema));
  return isObject(lower) && lower['properties'] === undefined && lower['type'] === 'object' ? undefined : lower;
}

function toolMeaning(config: unknown, count: number): unknown {
  if (!isObject(config)) return undefined;
  const { functionCallingConfig: calling, ...rest } = config;
  if (!isObject(calling) || calling['mode'] === 'AUTO') return rest;
  const { allowedFunctionNames: allowed, ...mode } = calling;
  const isAll = Array.isArray(allowed) && allowed.length === count;
  const word = { ...mode, mode: String(mode['mode']).toUpperCase() };
  return { ...rest, calling: isAll ? word : { ...word, allowed } };
}

function generationMeaning({ thinkingConfig, ...generation }: JsonObject): unknown {
  const { responseModalities: modalities, responseSchema, responseJsonSchema, ...others } = generation;
  const { candidateCount: n, responseMimeType: type, ...rest } = others;
  const thinking = isObject(thinkingConfig) ? thinkingConfig : {};
  const { includeThoughts: _shown, thinkingLevel: level, thinkingBudget: budget } = thinking;
  return {
    ...rest,
    n: n === 1 ? undefined : n,
    type: type === 'text/plain' ? undefined : type,
    ...([modalities].flat().join() === 'TEXT' ? {} : { modalities }),
    schema: schemaMeaning(responseJsonSchema ?? responseSchema),
    thinking: {
      level: typeof level === 'string' ? level.toUpperCase() : level,
      budget: budget === -1 ? undefined : budget,
    },
  };
}

/** Without what is empty. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, inner]): [string, unknown] => [name, prune(inner)])
    .filter(([, inner]) => inner !== undefined && inner !== null && inner !== '' && !isEmpty(inner));
  return Object.fromEntries(entries);
}

const isEmpty = (value: unknown): boolean =>
  (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
