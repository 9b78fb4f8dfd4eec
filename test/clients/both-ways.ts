import type { ReceivedRequest, StubReply, StubUpstream } from '../support/stub-upstream.js';

/** One call as the provider sees it when it is asked directly, and when the gateway stands between. */
export interface BothWays<T> {
  readonly direct: { readonly result: T; readonly request: ReceivedRequest };
  readonly passed: { readonly result: T; readonly request: ReceivedRequest };
}

/**
 * Makes a call twice, straight to the provider and through the gateway: what an SDK reads, and what the provider receives, must be the
 * same.
 * @param bases Where the SDK is pointed at, directly and at the gateway.
 */
export async function bothWays<T>(
  upstream: StubUpstream,
  bases: { readonly direct: string; readonly gateway: string },
  reply: StubReply,
  call: (base: string) => Promise<T>,
): Promise<BothWays<T>> {
  const ask = async (base: string) => {
    upstream.replies(reply);
    const result = await call(base);
    return { result, request: upstream.last };
  };
  return { direct: await ask(bases.direct), passed: await ask(bases.gateway) };
}

/** Headers that tell of the connection, or of the one who asks, and so differ. */
const OF_THE_HOP = new Set([
  'host',
  'connection',
  'accept-encoding',
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'cf-aig-authorization',
  'sec-fetch-mode',
  'accept-language',
]);

/** What of a request must arrive as it was sent: method, path with query, headers, body. */
export const meaningOf = ({ method, path, headers, body }: ReceivedRequest) => ({
  method,
  path,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_HOP.has(name))),
  body: body.toString('latin1'),
});
