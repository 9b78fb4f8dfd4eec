import { isObject, type JsonObject } from './json-object.js';

export const isResponsesEvent = (event: JsonObject): boolean => isObject(event['response']);

/** OpenAI's Responses API repeats all of it at the end; of a stream that broke off there is what the last such event had. */
export const assembleResponse = (events: readonly JsonObject[]): JsonObject => {
  const last = events.findLast(({ response }) => isObject(response))?.['response'];
  return isObject(last) ? last : {};
};
