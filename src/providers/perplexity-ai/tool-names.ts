/** Names of Perplexity's own tools, which a caller's tool may not have. docs.perplexity.ai, November 2026. */
const RESERVED: ReadonlySet<unknown> = new Set([
  'web_search',
  'search_web',
  'fetch_url',
  'fetch_url_content',
  'people_search',
  'search_people',
  'finance_search',
  'sandbox',
  'execute_python',
  'tool_search',
  'advisor',
  'mcp',
  'connector',
]);
const PREFIX = 'client_';

export const isReserved = (name: unknown): boolean => RESERVED.has(name);

export const toWireName = (name: unknown): unknown =>
  typeof name === 'string' && RESERVED.has(name) ? PREFIX + name : name;

export const toCallerName = (name: unknown): unknown =>
  typeof name === 'string' && name.startsWith(PREFIX) && RESERVED.has(name.slice(PREFIX.length))
    ? name.slice(PREFIX.length)
    : name;
