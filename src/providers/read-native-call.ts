import { GatewayError } from '../common/errors/gateway-error.js';
import type { HttpMethod } from '../common/http-methods.js';
import { holdsToken } from '../common/token-shape.js';
import { type InboundHeaders, nativeHeaders } from '../contract/gateway-headers.js';
import { MAX_MODEL_NAME } from '../contract/model-name.js';
import { readMembers } from './dialects/openai-chat/json-members.js';
import type { DialectRequest } from '../contract/dialect-request.schema.js';
import type { NativeCall, NativeDialect, Upload } from './native-call.js';
import type { ProviderStrategy } from './provider-strategy.js';

/** A call as it came in, before anything is known of it. */
export interface NativeRequest {
  readonly method: HttpMethod;
  /** What followed the provider's slug, with its query string. */
  readonly path: string;
  readonly headers: InboundHeaders;
  /** Has the caller a provider key of its own, in the headers below or in the URL? */
  readonly hasOwnKey: boolean;
  /** The headers that show it. */
  readonly credentials: readonly string[];
  /** Is this a gateway token? */
  readonly isOurs: (value: string) => boolean;
  readonly raw: Buffer;
  readonly upload: Upload | null;
}

/** Paths that ask for a stream, where the body does not: Google's and Amazon's. */
const STREAMED_PATH = /:stream[A-Z]|\/(?:converse-stream|invoke-with-response-stream)(?:\?|$)/;

/** Makes a provider's own call of a request. Throws `invalid_request` for a gateway token in the URL that it cannot take out. */
export function readNativeCall(strategy: ProviderStrategy, request: NativeRequest): NativeCall & { kind: 'native' } {
  const { method, headers, credentials, raw, upload } = request;
  const path = pathOf(strategy, request);
  const said = membersOf(raw);
  const named = strategy.native.modelIn(path);
  return {
    kind: 'native',
    method,
    path,
    request: {
      // Where the path names one, the body's is nobody's.
      model: named === '' ? (said.model ?? '') : named,
      stream: said.stream || STREAMED_PATH.test(path),
    },
    raw,
    upload,
    headers: nativeHeaders(headers),
    credentials,
  };
}

/**
 * Makes a call of a request in a dialect, for whoever has its model. Throws `invalid_request` for a gateway token in the URL.
 * @param url A path with its query, of which a key is no part.
 */
export function toDialectCall(
  dialect: NativeDialect,
  url: string,
  request: DialectRequest,
  raw: Buffer,
  headers: InboundHeaders,
): NativeCall & { kind: 'native' } {
  const [, query = ''] = url.split(/\?(.*)/s, 2);
  const kept = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('key='));
  return {
    kind: 'native',
    dialect,
    method: 'POST',
    path: clean(`/${dialect}${kept.length === 0 ? '' : `?${kept.join('&')}`}`),
    request: { ...request, stream: request.stream === true },
    raw,
    upload: null,
    headers: nativeHeaders(headers),
    // The key is shown as each provider wants it, whatever header it came in.
    credentials: [],
  };
}

/** Google's clients may show their key in the query; one of ours, or none, must not stand there. */
function pathOf({ id }: ProviderStrategy, { path, hasOwnKey, isOurs }: NativeRequest): string {
  const mark = path.indexOf('?');
  if (mark === -1) return clean(path);
  const kept = path
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !pair.startsWith('key=') || !isDropped(decoded(pair.slice(4))));
  return clean(path.slice(0, mark) + (kept.length === 0 ? '' : `?${kept.join('&')}`));

  function isDropped(key: string): boolean {
    return isOurs(key) || (!hasOwnKey && id.startsWith('google-'));
  }
}

function clean(path: string): string {
  if (!holdsToken(path)) return path;
  throw new GatewayError('invalid_request', 'The URL holds a gateway token: send it in cf-aig-authorization.');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Read off the bytes, without parsing what may be megabytes of pictures. A body that is no JSON object says nothing. */
function membersOf(raw: Buffer): { readonly model: string | undefined; readonly stream: boolean } {
  let model: string | undefined;
  let stream = false;
  if (raw.length === 0) return { model, stream };
  try {
    for (const { name, valueStart, valueEnd } of readMembers(raw)) {
      if (name !== 'model' && name !== 'stream') continue;
      const value: unknown = JSON.parse(raw.toString('utf8', valueStart, valueEnd));
      if (name === 'stream') stream = value === true;
      else if (typeof value === 'string' && value.length <= MAX_MODEL_NAME) model = value;
    }
  } catch {
    // Whatever it is, the provider will say what it thinks of it.
  }
  return { model, stream };
}
