/** The data plane's doors. */
export type Surface = 'compat' | 'universal' | 'native' | 'rest';

/** Cloudflare's account-level form of the compat surface, on the host of its control plane. */
const REST = /^\/client\/v4\/accounts\/[^/]+\/ai\//;

/** Is the URL at one of these doors? Asked of every call. */
export const isDataPlane = (url: string): boolean => url.startsWith('/v1/') || REST.test(url);

/** Which door a URL is at; null for the control plane and for operations. */
export function surfaceOf(url: string): Surface | null {
  if (!url.startsWith('/v1/')) return REST.test(url) ? 'rest' : null;
  // Below the gateway's path: nothing for universal calls, `compat/…`, else a provider's own.
  const [, , , , first = ''] = (url.split('?', 1)[0] ?? '').split('/');
  return first === '' ? 'universal' : first === 'compat' ? 'compat' : 'native';
}
