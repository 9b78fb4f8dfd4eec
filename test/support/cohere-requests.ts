import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';

/** Recorded v2 chat requests as a caller of OpenAI's dialect would have put them: the tests' own reading of both. */

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const given = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const CHOICES: Readonly<Record<string, string>> = { REQUIRED: 'required', NONE: 'none' };
const BUDGETS: Readonly<Record<string, string>> = { 1024: 'low', 4096: 'medium' };

export function toOpenAiRequest(body: JsonObject): JsonObject {
  const {
    messages,
    tool_choice: choice,
    stop_sequences: stop,
    p,
    k,
    thinking,
    response_format: format,
    strict_tools: strict,
    tools,
    ...rest
  } = body;
  const schema = object(format)['json_schema'];
  return {
    ...rest,
    model: `cohere/${String(body['model'])}`,
    messages: list(messages).map(toMessage),
    ...given({
      stop,
      top_p: p,
      top_k: k,
      tool_choice: isText(choice) ? CHOICES[choice] : undefined,
      reasoning_effort: isObject(thinking) ? toEffort(thinking) : undefined,
      response_format: isObject(schema)
        ? { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } }
        : format,
      tools: strict === true ? list(tools).map(toStrict) : tools,
    }),
  };
}

const toStrict = (tool: JsonObject): JsonObject => ({
  ...tool,
  function: { ...object(tool['function']), strict: true },
});

const toEffort = ({ type, token_budget: budget }: JsonObject): string =>
  type === 'disabled' ? 'none' : (BUDGETS[String(budget)] ?? 'high');

/** Thinking parts and plans as `reasoning_content`, as a client of the gateway would have got them. */
function toMessage({ tool_plan: plan, content, citations: _citations, ...rest }: JsonObject): JsonObject {
  const parts = list(content);
  const thinking = parts.map((part) => (isText(part['thinking']) ? part['thinking'] : '')).join('');
  const reasoning = thinking + (isText(plan) ? plan : '');
  return {
    ...rest,
    content: Array.isArray(content) ? parts.filter(({ type }) => type !== 'thinking') : content,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
  };
}

/**
 * What a v2 chat request means, so that two can be compared. Not told apart, for these reasons:
 * - a member that is null and none;
 * - content as a text and as one part of that text, no content and an empty one;
 * - temperature 0 and 0.0, which JSON does not tell apart either.
 */
export function meaningOf(body: JsonObject): JsonObject {
  const members = Object.entries(body).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(members), messages: list(body['messages']).map(meaningOfMessage) };
}

function meaningOfMessage({ content, ...rest }: JsonObject): JsonObject {
  const parts = isText(content) ? [{ type: 'text', text: content }] : list(content);
  return { ...rest, content: parts.filter((part) => part['text'] !== '') };
}
