import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { toAnthropicSchema } from '../dialects/anthropic-messages/json-schema.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { BedrockModel } from './aws-bedrock.catalog.js';

/** The tool that stands for a schema on models without structured outputs; its arguments are the answer. */
export const ANSWER_TOOL = 'give_answer';

/** How an answer gets the form that `response_format` asks for. */
export type OutputPlan =
  | { readonly kind: 'free' }
  /** `outputConfig.textFormat`: the model cannot do otherwise. */
  | { readonly kind: 'format'; readonly outputConfig: JsonObject }
  /** The model must call one tool whose parameters are the schema. */
  | { readonly kind: 'tool'; readonly tool: JsonObject }
  /** The model is told; `isStrict`: the caller wanted more than that. */
  | { readonly kind: 'instruction'; readonly text: string; readonly isStrict: boolean };

const ANY_OBJECT: OutputPlan = {
  kind: 'instruction',
  text: 'Answer with one valid JSON object and nothing else: no explanation, no Markdown.',
  isStrict: false,
};

/** The same for a request and for its answer, which is read by it. */
export function planOutput(request: ChatCompletionRequest, model: BedrockModel): OutputPlan {
  const format = request.response_format;
  if (format?.type === 'json_object') return ANY_OBJECT;
  if (format?.type !== 'json_schema') return { kind: 'free' };
  const wrapper = isObject(format['json_schema']) ? format['json_schema'] : {};
  const { schema: given, name, description } = wrapper;
  if (!isObject(given)) return ANY_OBJECT;

  if (model.structuredOutputs) {
    const schema = model.claude === null ? given : toAnthropicSchema(given);
    if (schema !== null) {
      const jsonSchema = {
        schema: JSON.stringify(schema),
        name: isText(name) ? name : 'response',
        ...(isText(description) ? { description } : {}),
      };
      return { kind: 'format', outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
    }
  }
  // Among tools of the caller a forced one would bar the others, and who thinks cannot be forced.
  const canForce =
    model.toolChoices.includes('tool') &&
    model.claude?.thinking !== 'always' &&
    (request.tools ?? []).length === 0 &&
    !hasToolHistory(request) &&
    !asksForThinking(request);
  if (canForce && given['type'] === 'object') {
    const told = isText(description) ? description : 'Gives the answer.';
    return { kind: 'tool', tool: { toolSpec: { name: ANSWER_TOOL, description: told, inputSchema: { json: given } } } };
  }
  const text = `Answer with JSON that fits the following JSON Schema and nothing else: no explanation, no Markdown.\n${JSON.stringify(given)}`;
  return { kind: 'instruction', text, isStrict: wrapper['strict'] === true };
}

export const hasToolHistory = ({ messages }: ChatCompletionRequest): boolean =>
  messages.some(({ role, tool_calls: calls }) => role === 'tool' || (calls ?? []).length > 0);

function asksForThinking({ thinking, reasoning, reasoning_effort: effort }: ChatCompletionRequest): boolean {
  if (isObject(thinking)) return thinking['type'] !== 'disabled';
  return isObject(reasoning) || (isText(effort) && effort !== 'none');
}
