import { noWay, type NativePlace, type NativeRules } from '../dialects/native/native-api.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { NO_ORIGIN, originOf, settingsOf, toCredentialHeader } from './azure-address.mapper.js';

const RESOURCE = /^[a-z0-9][a-z0-9-]{0,62}$/i;
const SHAPE = /^\/([^/?]+)\/([^/?]+)(\/[^?]*)?(\?.*)?$/;

/**
 * `/{resource}/{deployment}/chat/completions?api-version=…`; `/{resource}/openai/…` is a path of the resource as it is. A stored
 * key that knows its resource is shown to no other.
 */
function place(path: string, target: ProviderTarget): NativePlace {
  const [, resource = '', deployment = '', rest = '', query = ''] = SHAPE.exec(path) ?? [];
  if (!RESOURCE.test(resource))
    throw noWay(
      target,
      'Azure OpenAI is reached as /azure-openai/{resource}/{deployment}/chat/completions?api-version=….',
    );
  const known = settingsOf(target).resource;
  if (known !== undefined && known.toLowerCase() !== resource.toLowerCase())
    throw noWay(target, `The stored key is for the Azure resource '${known}', not for '${resource}'.`);
  const { origin, pathPrefix } = target.base;
  const below = deployment === 'openai' ? `/openai${rest}` : `/openai/deployments/${deployment}${rest}`;
  return { origin: origin === NO_ORIGIN ? originOf(resource) : origin, path: pathPrefix + below + query };
}

export const AZURE_NATIVE: Omit<NativeRules, 'name'> = {
  place,
  show: (_credential, _call, target) => toCredentialHeader(target),
  modelIn: /^\/[^/?]+\/(?!openai[/?])([^/?]+)/,
};
