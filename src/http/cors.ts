/** Browser access to the data plane. The gateway token is the credential, never a cookie, so any origin may ask. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'openai-organization',
  'openai-project',
  'openai-beta',
  'idempotency-key',
  'anthropic-version',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'x-title',
  'http-referer',
  'user-agent',
];

/** Prefixes of headers that SDKs add freely; a browser wants each by name, so they are echoed from its question. */
const ALLOWED_PREFIXES = ['cf-aig-', 'x-stainless-', 'anthropic-', 'openai-', 'x-goog-'];

const EXPOSED_HEADERS = [
  'cf-aig-log-id',
  'cf-aig-request-id',
  'cf-aig-event-id',
  'cf-aig-step',
  'cf-aig-provider',
  'cf-aig-model',
  'cf-aig-cache-status',
  'cf-aig-attempts',
  'cf-aig-route',
  'cf-aig-metadata-dropped',
  'x-request-id',
  'x-should-retry',
  'retry-after',
  'retry-after-ms',
].join(', ');

/** Headers of every answer to a browser's cross-origin request, names and values in turn. */
export const CORS_HEADERS = [
  'access-control-allow-origin',
  '*',
  'access-control-expose-headers',
  EXPOSED_HEADERS,
] as const;

/** The answer to a pre-flight request. `asked` is its `access-control-request-headers`. */
export function preflightHeaders(asked: string | undefined): Record<string, string> {
  const echoed = (asked ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[a-z0-9-]+$/.test(name) && ALLOWED_PREFIXES.some((prefix) => name.startsWith(prefix)));
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': [...new Set([...ALLOWED_HEADERS, ...echoed])].join(', '),
    'access-control-expose-headers': EXPOSED_HEADERS,
    'access-control-max-age': '86400',
  };
}
