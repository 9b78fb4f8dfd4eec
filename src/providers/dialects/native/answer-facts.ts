import type { FinishReason, Usage } from '../../../contract/chat-completion.js';
import { toFinishReason as fromAnthropicStop } from '../anthropic-messages/finish-reason.js';
import { toUsage as fromAnthropicUsage } from '../anthropic-messages/usage.js';
import { toFinishReason as fromGeminiFinish } from '../gemini/finish-reason.js';
import { toUsage as fromGeminiUsage } from '../gemini/usage.js';
import { toFinishReason as fromChatFinish } from '../openai-chat/finish-reason.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { toUsage as fromChatUsage } from '../openai-chat/usage.js';
import { toUsage as fromResponsesUsage } from '../responses/usage.js';

/**
 * What an answer says of itself, found by its shape, not by where it came from: OpenRouter serves Anthropic's Messages,
 * DeepSeek too, Bedrock everybody's.
 */

/** The part of an answer, or of a stream's event, that has the counts: some wrap it. */
const WRAPPERS = ['response', 'message', 'result', 'delta'] as const;

/** The counts as the provider wrote them; null where there are none. */
export function rawUsageOf(body: JsonObject): JsonObject | null {
  const own = body['usage'] ?? body['usageMetadata'];
  if (isObject(own)) return own;
  for (const wrapper of WRAPPERS) {
    const inner = body[wrapper];
    if (isObject(inner) && isObject(inner['usage'])) return inner['usage'];
  }
  // Groq's older streams.
  const groq = body['x_groq'];
  if (isObject(groq) && isObject(groq['usage'])) return groq['usage'];
  // Cohere's embeddings, and its first version.
  const meta = body['meta'];
  if (isObject(meta) && isObject(meta['billed_units'])) return meta;
  return Array.isArray(body['predictions']) ? countPredictions(body['predictions']) : null;
}

/** Vertex' older embeddings count each text by itself. */
function countPredictions(predictions: readonly unknown[]): JsonObject | null {
  let tokens = 0;
  for (const prediction of predictions) {
    const embeddings = isObject(prediction) ? prediction['embeddings'] : undefined;
    const statistics = isObject(embeddings) ? embeddings['statistics'] : undefined;
    tokens += isObject(statistics) ? Number(statistics['token_count']) || 0 : 0;
  }
  return tokens === 0 ? null : { promptTokenCount: tokens };
}

/** Anthropic and the Responses share names; only the latter has a total, as have OpenAI's images and transcriptions. */
export function toNativeUsage(raw: JsonObject): Usage | undefined {
  if ('input_tokens' in raw) return 'total_tokens' in raw ? fromResponsesUsage(raw) : fromAnthropicUsage(raw);
  if ('promptTokenCount' in raw || 'totalTokenCount' in raw) return fromGeminiUsage(raw);
  return fromChatUsage(raw) ?? fromAnthropicUsage(raw);
}

/** The model that answered, in the provider's words. */
export function modelOf(body: JsonObject): string | undefined {
  for (const part of [body, body['response'], body['message']]) {
    if (!isObject(part)) continue;
    const model = part['model'] ?? part['modelVersion'];
    if (isText(model)) return model;
  }
  return undefined;
}

export function finishOf(body: JsonObject): FinishReason | undefined {
  const choice = first(body['choices']);
  if (isText(choice?.['finish_reason'])) return fromChatFinish(choice['finish_reason']);
  const candidate = first(body['candidates']);
  if (isText(candidate?.['finishReason'])) return fromGeminiFinish(candidate['finishReason'], false);
  const delta = isObject(body['delta']) ? body['delta'] : {};
  const stop = body['stop_reason'] ?? delta['stop_reason'] ?? body['stopReason'];
  if (isText(stop)) return fromAnthropicStop(stop, stop === 'tool_use');
  const said = body['finish_reason'] ?? delta['finish_reason'];
  if (isText(said)) return fromCohereFinish(said);
  const response = isObject(body['response']) ? body['response'] : body;
  return response['object'] === 'response' ? fromResponsesStatus(response['status']) : undefined;
}

const first = (list: unknown): JsonObject | undefined => (Array.isArray(list) ? list.find(isObject) : undefined);

function fromResponsesStatus(status: unknown): FinishReason | undefined {
  if (status === 'completed') return 'stop';
  return status === 'incomplete' ? 'length' : undefined;
}

function fromCohereFinish(native: string): FinishReason {
  if (native === 'MAX_TOKENS') return 'length';
  return native === 'TOOL_CALL' ? 'tool_calls' : 'stop';
}
