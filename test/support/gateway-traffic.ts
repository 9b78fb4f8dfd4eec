/** Cloudflare's own clients name its host themselves: sends what is meant for it to a gateway here. Returns the way back. */
export function sendGatewayTrafficTo(origin: string): () => void {
  const original = globalThis.fetch;
  const here = new URL(origin);
  globalThis.fetch = (input, init) => {
    const target = new URL(input instanceof Request ? input.url : input);
    if (target.hostname !== 'gateway.ai.cloudflare.com') return original(input, init);
    target.protocol = here.protocol;
    target.host = here.host;
    return original(target, init);
  };
  return () => {
    globalThis.fetch = original;
  };
}
