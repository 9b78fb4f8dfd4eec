const HOSTS = new Set(['gateway.ai.cloudflare.com', 'api.cloudflare.com']);

/** Leads what is sent to Cloudflare's hosts to ours: their own packages have no other place to say where. Returns the way back. */
export function sendGatewayTrafficTo(origin: string): () => void {
  const original = globalThis.fetch;
  const here = new URL(origin);
  globalThis.fetch = (input, init) => {
    const target = new URL(input instanceof Request ? input.url : input);
    if (!HOSTS.has(target.hostname)) return original(input, init);
    target.protocol = here.protocol;
    target.host = here.host;
    return original(target, init);
  };
  return () => {
    globalThis.fetch = original;
  };
}
