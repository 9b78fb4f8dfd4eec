import type { ProviderTarget } from '../../provider-strategy.js';

/** Set here or by the transport; the caller's own would contradict them. An answer in gzip could not be read on its way. */
const OWN: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'accept',
  'accept-encoding',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
]);

const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What a wire of its own says otherwise than OpenAI's. */
export interface WireHeaders {
  /** What a stream is asked for as; default: an event stream. */
  readonly streamType?: string;
  /** How the credential is shown, names (lower case) and values in turn; default: as a bearer. */
  readonly credential?: readonly string[];
  /** What every call to the provider gets, by name: stronger than the caller's own, weaker than the stored key's. */
  readonly own?: Readonly<Record<string, string>>;
}

/** Of a call no more is looked at here, whatever it asks for. */
export interface HeadedCall {
  readonly request: { readonly stream?: boolean | null | undefined };
  /** Names (lower case) and values in turn. */
  readonly headers: readonly string[];
}

/** The caller's headers that may travel on, those of the stored key's settings (which win), and the wire's own. */
export function toRequestHeaders(call: HeadedCall, { credential }: ProviderTarget, wire: WireHeaders = {}): string[] {
  const accept = call.request.stream === true ? (wire.streamType ?? 'text/event-stream') : 'application/json';
  const headers = ['content-type', 'application/json', 'accept', accept];
  const shown =
    wire.credential ?? (credential === null ? [] : ['authorization', `Bearer ${credential.secret.reveal()}`]);
  headers.push(...shown);
  const isShown = (name: string): boolean => shown.some((other, index) => index % 2 === 0 && other === name);
  const settings = fixedHeaders(wire.own, credential?.settings['headers']);
  for (let index = 0; index + 1 < call.headers.length; index += 2) {
    const [name, value] = [call.headers[index], call.headers[index + 1]];
    if (name === undefined || value === undefined || OWN.has(name) || isShown(name) || settings.has(name)) continue;
    headers.push(name, value);
  }
  for (const [name, value] of settings) if (!isShown(name)) headers.push(name, value);
  return headers;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** The provider's own, and those of the stored key's settings, which win. */
export function fixedHeaders(own: WireHeaders['own'], setting: unknown): ReadonlyMap<string, string> {
  const settings = settingsHeaders(setting);
  return own === undefined ? settings : new Map([...Object.entries(own), ...settings]);
}

/** What cannot be a header is left out: a bad setting must not break every call. */
function settingsHeaders(setting: unknown): ReadonlyMap<string, string> {
  if (setting === undefined) return NONE;
  const headers = new Map<string, string>();
  if (typeof setting !== 'object' || setting === null) return headers;
  for (const [key, value] of Object.entries(setting)) {
    const name = key.toLowerCase();
    if (typeof value === 'string' && NAME.test(name) && VALUE.test(value) && !OWN.has(name)) headers.set(name, value);
  }
  return headers;
}

/** A header's value in a list of names and values in turn; null when there is none. */
export function headerIn(headers: readonly string[], name: string): string | null {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index] === name) return headers[index + 1] ?? null;
  }
  return null;
}
