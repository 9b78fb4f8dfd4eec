import { noWay, type NativePlace, type NativeRules } from '../dialects/native/native-api.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { LOCATION, originOf, toShownHeader, VERTEX_ORIGIN } from './vertex-place.js';

/** The region stands in the path, and is the host's name as well; paths without one are of all regions. */
function place(path: string, target: ProviderTarget): NativePlace {
  const { origin, pathPrefix } = target.base;
  const location = /\/locations\/([^/:?]+)/.exec(path)?.[1];
  if (location !== undefined && !LOCATION.test(location))
    throw noWay(target, `'${location}' is no region of Vertex AI.`);
  const isVendors = origin === VERTEX_ORIGIN;
  return { origin: isVendors && location !== undefined ? originOf(location) : origin, path: pathPrefix + path };
}

export const VERTEX_NATIVE: Omit<NativeRules, 'name'> = {
  place,
  show: (_credential, _call, target) => toShownHeader(target),
  // A caller's own may be a service account, which is changed for a token; a token is shown as it was sent.
  showOwn: ({ credentials }, target) => (target.accessToken === undefined ? credentials : toShownHeader(target)),
  modelIn: /\/models\/([^/:?]+)/,
};
