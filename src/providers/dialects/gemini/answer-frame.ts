import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { ProviderTarget } from '../../provider-strategy.js';

/** What all chunks of an answer share with it. */
export interface AnswerFrame {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The model that answered. */
  readonly model: string;
}

/** Google's id, time and model, and the target's where it gives none. */
export function toFrame(response: JsonObject, target: ProviderTarget): AnswerFrame {
  const { responseId, createTime, modelVersion } = response;
  const time = isText(createTime) ? Date.parse(createTime) : Number.NaN;
  return {
    id: isText(responseId) ? responseId : target.completionId,
    created: Number.isNaN(time) ? target.createdAt : Math.floor(time / 1000),
    model: isText(modelVersion) ? modelVersion : target.model,
  };
}

/** The service tier in OpenAI's words, undefined where Google does not say. */
export function toTier(usage: JsonObject | null): string | undefined {
  const tier = usage?.['serviceTier'];
  if (!isText(tier)) return undefined;
  return tier === 'standard' ? 'default' : tier;
}

/** The events of a body: one object, or a list of them where a stream was not asked for as events. Undefined when it is neither. */
export function responsesOf(body: unknown): readonly JsonObject[] | undefined {
  const list: readonly unknown[] = Array.isArray(body) ? body : [body];
  const objects = list.filter(isObject);
  return objects.length === 0 || objects.length < list.length ? undefined : objects;
}
