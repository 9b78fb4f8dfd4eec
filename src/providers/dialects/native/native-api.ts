import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { Usage } from '../../../contract/chat-completion.js';
import type { UpstreamHeaders, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { AnswerHead, NativeCall, NativeDialect } from '../../native-call.js';
import type { NativeSurface, ProviderCredential, ProviderTarget, StreamTranslator } from '../../provider-strategy.js';
import { editMembers } from '../openai-chat/json-members.js';
import { fixedHeaders, headerIn } from '../openai-chat/request-headers.js';
import type { JsonObject } from '../openai-chat/json-value.js';
import { AnswerWatch } from './answer-watch.js';

/** Where a call goes. */
export interface NativePlace {
  readonly origin: string;
  /** With the base's own prefix and the query string. */
  readonly path: string;
}

/** What sets one provider's own API apart. */
export interface NativeRules {
  /** The vendor's name for people. */
  readonly name: string;
  /** What every path of it begins with, and callers may leave out or write: `/v1`. Default: nothing. */
  readonly root?: string;
  /** Which dialects of others it speaks, and the path of each: `{ responses: '/responses' }`. */
  readonly dialects?: NativeSurface['dialects'];
  /** Where a path leads that is not simply below the origin. */
  readonly place?: (path: string, target: ProviderTarget, call: NativeCall) => NativePlace;
  /** How a stored key is shown, names (lower case) and values in turn; default: as a bearer. */
  readonly show?: (credential: ProviderCredential, call: NativeCall, target: ProviderTarget) => readonly string[];
  /** How the caller's own is shown; default: as it was sent. */
  readonly showOwn?: (call: NativeCall, target: ProviderTarget) => readonly string[];
  /** What only the whole request tells: a signature. */
  readonly sign?: (request: UpstreamRequest, call: NativeCall, target: ProviderTarget) => readonly string[];
  /** What every call to it gets, by name: stronger than the caller's own. */
  readonly own?: Readonly<Record<string, string>>;
  /** Headers the provider demands, where the caller has not said them. */
  readonly defaults?: readonly string[];
  /** Headers that say to the gateway where to go, and stay here. */
  readonly kept?: readonly string[];
  /** Finds the model in a path; its first group is the id. */
  readonly modelIn?: RegExp;
  /** Usage as the provider counts it, undefined where it is in one of the common forms. */
  readonly usageIn?: (body: JsonObject) => Usage | undefined;
  /** Usage that comes in the answer's head. */
  readonly usageOf?: (headers: UpstreamHeaders) => Usage | undefined;
}

/**
 * `.` and `..`, however they are encoded: a path must not leave the place that the key is meant for. Encoded separators count,
 * since someone on the way may decode them.
 */
const LEAVES = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/\\;]|%2f|%5c)/i;

const bearer = ({ secret }: ProviderCredential): readonly string[] => ['authorization', `Bearer ${secret.reveal()}`];

/** A provider's own API, by its rules. A provider's folder gives the rules; all else is here, once. */
export class NativeApi implements NativeSurface {
  readonly dialects: NativeSurface['dialects'];

  constructor(private readonly rules: NativeRules) {
    this.dialects = rules.dialects ?? {};
  }

  modelIn(path: string): string {
    const found = this.rules.modelIn?.exec(path)?.[1];
    if (found === undefined) return '';
    try {
      return decodeURIComponent(found);
    } catch {
      return found;
    }
  }

  buildRequest(asked: NativeCall, target: ProviderTarget): UpstreamRequest {
    const { rules } = this;
    const call = asked.dialect === undefined ? asked : this.inDialect(asked, asked.dialect, target);
    const [pathname = ''] = call.path.split('?', 1);
    if (LEAVES.test(pathname)) throw noWay(target, 'A path must not hold "." or ".." as a segment.');
    const place = rules.place?.(call.path, target, call) ?? below(target, rules.root ?? '', call.path);
    const request: UpstreamRequest = {
      method: call.method,
      origin: place.origin,
      path: place.path,
      headers: this.headersOf(call, target),
      body: call.raw.length === 0 ? null : call.raw,
      ...(call.upload === null ? {} : { upload: call.upload.stream }),
    };
    const signature = rules.sign?.(request, call, target);
    if (signature !== undefined) request.headers.push(...signature);
    return request;
  }

  /** At the provider's own path of a dialect, with its own name of the model. */
  private inDialect(call: NativeCall, dialect: NativeDialect, target: ProviderTarget): NativeCall {
    const own = this.dialects[dialect];
    if (own === undefined) throw noWay(target, `${this.rules.name} does not speak this dialect.`);
    const [, query] = call.path.split(/\?(.*)/s, 2);
    const raw = editMembers(call.raw, new Map([['model', { kind: 'set', value: JSON.stringify(target.model) }]]));
    return { ...call, path: query === undefined ? own : `${own}?${query}`, raw };
  }

  openAnswer(head: AnswerHead, target: ProviderTarget): StreamTranslator {
    const { name, usageIn, usageOf } = this.rules;
    return new AnswerWatch(head, { name, target, rules: [] }, { usageIn, usageOf });
  }

  /** The credential's, the caller's, the provider's own and those of the stored key's settings, which win over the caller's. */
  private headersOf(call: NativeCall, target: ProviderTarget): string[] {
    const { show = bearer, showOwn, own, defaults = [], kept = [] } = this.rules;
    const { credential } = target;
    const shown =
      credential === null
        ? []
        : credential.source === 'stored' || call.dialect !== undefined
          ? show(credential, call, target)
          : (showOwn?.(call, target) ?? call.credentials);
    const settings = fixedHeaders(own, credential?.settings['headers']);
    const headers: string[] = [...shown];
    for (let index = 0; index + 1 < call.headers.length; index += 2) {
      const [name, value] = [call.headers[index], call.headers[index + 1]];
      if (name === undefined || value === undefined || settings.has(name) || kept.includes(name)) continue;
      if (headerIn(shown, name) === null) headers.push(name, value);
    }
    for (const [name, value] of settings) if (headerIn(shown, name) === null) headers.push(name, value);
    for (let index = 0; index + 1 < defaults.length; index += 2) {
      if (headerIn(headers, defaults[index] ?? '') === null)
        headers.push(defaults[index] ?? '', defaults[index + 1] ?? '');
    }
    if (call.upload !== null && call.upload.length !== null) headers.push('content-length', String(call.upload.length));
    return headers;
  }
}

/** Below the base, and below the root every path has: `/chat/completions` and `/v1/chat/completions` are the same. */
export function below({ base }: ProviderTarget, root: string, path: string): NativePlace {
  return { origin: base.origin, path: base.pathPrefix + rooted(root, path) };
}

/** Callers write the root, its last part (`v1` of `/openai/v1`), or nothing of it. */
export function rooted(root: string, path: string): string {
  if (root === '' || startsWithPath(path, root)) return path;
  const last = root.slice(root.lastIndexOf('/'));
  return root + (startsWithPath(path, last) ? path.slice(last.length) : path);
}

const startsWithPath = (path: string, start: string): boolean =>
  path.startsWith(start) && (path.length === start.length || path[start.length] === '/' || path[start.length] === '?');

export const noWay = ({ provider, model }: ProviderTarget, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { provider, ...(model === '' ? {} : { model }) });
