import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { isObject, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { toWebSearch } from '../dialects/responses/tools.mapper.js';

/** Filters of the Sonar endpoint, which the tool has under the same names. */
export const SEARCH_FILTERS = [
  'search_domain_filter',
  'search_recency_filter',
  'search_after_date_filter',
  'search_before_date_filter',
  'last_updated_after_filter',
  'last_updated_before_filter',
] as const;

/** The tool that searches the web, with what the request says of searching; null where it says nothing. */
export function toSearchTool(request: ChatCompletionRequest): JsonObject | null {
  const { web_search_options: options } = request;
  const filters = SEARCH_FILTERS.filter((name) => (request[name] ?? null) !== null).map((name) => [
    name,
    request[name],
  ]);
  if (filters.length === 0 && !isObject(options)) return null;
  const own = isObject(options) ? options : {};
  const { type: _type, ...place } = locationOf(own['user_location']);
  return {
    ...toWebSearch({ search_context_size: own['search_context_size'] }),
    ...(Object.keys(place).length === 0 ? {} : { user_location: place }),
    ...(filters.length === 0 ? {} : { filters: Object.fromEntries(filters) }),
  };
}

/** OpenAI's `{type, approximate: {city, …}}`, or the plain place of Perplexity's own clients. */
function locationOf(location: unknown): JsonObject {
  if (!isObject(location)) return {};
  return isObject(location['approximate']) ? location['approximate'] : location;
}
