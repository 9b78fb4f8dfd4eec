import { noWay, type NativeRules } from './dialects/native/native-api.js';
import { headerIn } from './dialects/openai-chat/request-headers.js';
import type { ProviderCredential } from './provider-strategy.js';

/** A provider without chat: pictures, voices, models of all kinds. It is reached by its own API alone. */
export interface NativeOnlyProvider extends NativeRules {
  readonly id: string;
  readonly origin: string;
}

const inHeader =
  (name: string, scheme = '') =>
  ({ secret }: ProviderCredential): readonly string[] => [name, scheme + secret.reveal()];

/** Hosts of fal's: a whole URL of theirs may be named, and none besides. */
const FAL_HOST = /^(?:[a-z0-9-]+\.)*fal\.(?:run|ai)$/;
const FAL_TARGET = 'x-fal-target-url';

/** Vendors' API references, November 2026. */
export const NATIVE_ONLY_PROVIDERS: readonly NativeOnlyProvider[] = [
  { id: 'adobe-firefly', name: 'Adobe Firefly', origin: 'https://firefly-api.adobe.io' },
  { id: 'cartesia', name: 'Cartesia', origin: 'https://api.cartesia.ai', show: inHeader('x-api-key') },
  {
    id: 'deepgram',
    name: 'Deepgram',
    origin: 'https://api.deepgram.com',
    root: '/v1',
    show: inHeader('authorization', 'Token '),
    modelIn: /[?&]model=([^&]+)/,
  },
  {
    id: 'elevenlabs',
    name: 'ElevenLabs',
    origin: 'https://api.elevenlabs.io',
    show: inHeader('xi-api-key'),
  },
  {
    id: 'fal',
    name: 'fal',
    origin: 'https://fal.run',
    show: inHeader('authorization', 'Key '),
    kept: [FAL_TARGET],
    modelIn: /^\/([^?]+)/,
    place(path, target, { headers }) {
      const named = headerIn(headers, FAL_TARGET);
      if (named === null) return { origin: target.base.origin, path: target.base.pathPrefix + path };
      const url = URL.canParse(named) ? new URL(named) : null;
      if (url?.protocol !== 'https:' || url.port !== '' || url.username !== '' || !FAL_HOST.test(url.hostname))
        throw noWay(target, `${FAL_TARGET} must be an https URL at fal.run or fal.ai.`);
      const isVendors = target.base.origin === 'https://fal.run';
      return {
        origin: isVendors ? url.origin : target.base.origin,
        path: target.base.pathPrefix + url.pathname + url.search,
      };
    },
  },
  { id: 'ideogram', name: 'Ideogram', origin: 'https://api.ideogram.ai', show: inHeader('api-key') },
  {
    id: 'replicate',
    name: 'Replicate',
    origin: 'https://api.replicate.com',
    root: '/v1',
    modelIn: /\/models\/([^/?]+\/[^/?]+)/,
  },
];
