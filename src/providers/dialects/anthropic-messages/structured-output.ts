import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { claudeModelOf } from './claude-models.catalog.js';
import { toAnthropicSchema } from './json-schema.js';

/** The tool that stands for a schema on models without structured outputs; its arguments are the answer. */
export const ANSWER_TOOL = 'give_answer';

/** How an answer gets the form that `response_format` asks for. */
export type OutputPlan =
  | { readonly kind: 'free' }
  /** `output_config.format`: the model cannot do otherwise. */
  | { readonly kind: 'format'; readonly schema: JsonObject }
  /** The model must call one tool whose parameters are the schema. */
  | { readonly kind: 'tool'; readonly tool: JsonObject }
  /** The model is told. */
  | { readonly kind: 'instruction'; readonly text: string };

const FREE: OutputPlan = { kind: 'free' };
const ANY_OBJECT: OutputPlan = {
  kind: 'instruction',
  text: 'Answer with one valid JSON object and nothing else: no explanation, no Markdown.',
};

/** The same for a request and for its answer, which is read by it. Formats that nobody here knows are left to the provider. */
export function planOutput(request: ChatCompletionRequest, modelId: string): OutputPlan {
  const format = request.response_format;
  if (format?.type === 'json_object') return ANY_OBJECT;
  if (format?.type !== 'json_schema') return FREE;
  const { json_schema: wrapper } = format;
  const given = isObject(wrapper) && isObject(wrapper['schema']) ? wrapper['schema'] : null;
  if (given === null) return ANY_OBJECT;
  const model = claudeModelOf(modelId);
  const schema = model.structuredOutputs ? toAnthropicSchema(given) : null;
  if (schema !== null) return { kind: 'format', schema };
  // Among tools of the caller a forced one would bar the others, and who thinks cannot be forced.
  const canForce = model.thinking !== 'always' && !offersTools(request) && !asksForThinking(request);
  if (!canForce || given['type'] !== 'object') return { kind: 'instruction', text: instructionOf(given) };
  const description =
    isObject(wrapper) && isText(wrapper['description']) ? wrapper['description'] : 'Gives the answer.';
  return { kind: 'tool', tool: { name: ANSWER_TOOL, description, input_schema: given } };
}

const instructionOf = (schema: JsonObject): string =>
  `Answer with JSON that fits the following JSON Schema and nothing else: no explanation, no Markdown.\n${JSON.stringify(schema)}`;

const offersTools = (request: ChatCompletionRequest): boolean =>
  (request.tools ?? []).length > 0 || isObject(request['web_search_options']);

function asksForThinking(request: ChatCompletionRequest): boolean {
  const { thinking, reasoning, reasoning_effort: effort } = request;
  if (isObject(thinking)) return thinking['type'] !== 'disabled';
  return isObject(reasoning) || (isText(effort) && effort !== 'none');
}
