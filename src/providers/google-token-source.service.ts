import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Cancellation } from '../common/cancellation.js';
import { Clock } from '../common/clock.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { transportConfig } from '../config/transport.config.js';
import { AttemptClocks } from '../transport/attempt-clocks.service.js';
import type { AttemptTimeouts } from '../transport/attempt-watch.js';
import { HttpTransport } from '../transport/http-transport.service.js';
import { isTimeout, TransportError } from '../transport/transport-error.js';
import { readBody } from '../transport/upstream-body.js';
import { readGoogleCredential, type ServiceAccount } from './dialects/google-auth/google-credential.js';
import { isObject, isText, parseJson } from './dialects/openai-chat/json-value.js';
import { redact } from './dialects/openai-chat/redaction.js';
import type { ProviderTarget } from './provider-strategy.js';
import { ProviderRegistry } from './provider.registry.js';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';
/** Where older key files point: the same service. */
const GOOGLE_HOSTS: ReadonlySet<string> = new Set([
  'oauth2.googleapis.com',
  'accounts.google.com',
  'www.googleapis.com',
]);

/** A token this close to its end is replaced, while it still works. Google gives an hour. */
const RENEW_BEFORE_MS = 5 * 60_000;
const MAX_TOKENS = 1000;
const MAX_ANSWER_BYTES = 64 * 1024;
const TIMEOUTS: AttemptTimeouts = {
  connectMs: 5000,
  headersMs: 10_000,
  firstTokenMs: 0,
  idleMs: 10_000,
  totalMs: 15_000,
  requestMs: 0,
};

interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the token endpoint said, when it gave no token. */
interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Access tokens of Google's service accounts. Google's library signs the assertion and knows the protocol; the gateway's own
 * transport carries it, so that limits and egress rules are the same as for everything else. Tokens are kept until shortly
 * before they end, and many calls at once wait for one exchange.
 */
@Injectable()
export class GoogleTokenSource {
  private readonly tokens = new Map<string, AccessToken>();
  private readonly pending = new Map<string, Promise<AccessToken>>();
  private readonly operatorsOrigin: string | null;

  constructor(
    private readonly transport: HttpTransport,
    private readonly clocks: AttemptClocks,
    private readonly clock: Clock,
    @Inject(transportConfig.KEY) private readonly config: ConfigType<typeof transportConfig>,
    registry: ProviderRegistry,
  ) {
    const strategy = registry.vendor('google-vertex-ai');
    const base = strategy === null ? null : registry.baseOf(strategy, null).origin;
    this.operatorsOrigin = base === strategy?.origin ? null : base;
  }

  /**
   * The target with its token, where its key is a service account; else as it is. Throws `upstream_error` (401) when Google
   * refuses the account, `upstream_failed` or `upstream_timeout` when it cannot be asked.
   */
  async withToken(target: ProviderTarget): Promise<ProviderTarget> {
    const account = accountOf(target);
    return account === null ? target : { ...target, accessToken: await this.tokenOf(account, target) };
  }

  /** The provider refused the token: the next call gets a new one. */
  forget(target: ProviderTarget): void {
    const account = accountOf(target);
    if (account !== null) this.tokens.delete(keyOf(account));
  }

  private async tokenOf(account: ServiceAccount, target: ProviderTarget): Promise<string> {
    const key = keyOf(account);
    const kept = this.tokens.get(key);
    const left = (kept?.expiresAt ?? 0) - this.clock.now();
    if (kept !== undefined && left > RENEW_BEFORE_MS) return kept.token;
    try {
      return (await this.shared(key, account, target)).token;
    } catch (cause) {
      // The old one still works: the next call tries again.
      if (kept !== undefined && left > 0) return kept.token;
      throw cause;
    }
  }

  /** One exchange for all who wait. */
  private shared(key: string, account: ServiceAccount, target: ProviderTarget): Promise<AccessToken> {
    let pending = this.pending.get(key);
    if (pending === undefined) {
      pending = this.exchange(account, target)
        .then((token) => {
          this.keep(key, token);
          return token;
        })
        .finally(() => this.pending.delete(key));
      this.pending.set(key, pending);
    }
    return pending;
  }

  private keep(key: string, token: AccessToken): void {
    this.tokens.delete(key);
    const oldest = this.tokens.keys().next();
    if (this.tokens.size >= MAX_TOKENS && oldest.done !== true) this.tokens.delete(oldest.value);
    this.tokens.set(key, token);
  }

  private async exchange(account: ServiceAccount, target: ProviderTarget): Promise<AccessToken> {
    const endpoint = this.endpointOf(account, target);
    let refusal: Refusal | null = null;
    let isAsked = false;
    // Loaded when the first service account comes: most gateways never need it.
    const { JWT } = await import('google-auth-library');
    const jwt = new JWT({
      email: account.client_email,
      key: account.private_key,
      ...(account.private_key_id === undefined ? {} : { keyId: account.private_key_id }),
      scopes: [SCOPE],
      transporterOptions: {
        fetchImplementation: async (_url, init) => {
          isAsked = true;
          const answer = await this.post(endpoint, bodyOf(init?.body));
          if (answer.status !== 200) refusal = answer;
          return new Response(answer.text, { status: answer.status, headers: { 'content-type': 'application/json' } });
        },
      },
    });
    try {
      const { access_token: token, expiry_date: expiresAt } = await jwt.authorize();
      if (!isText(token)) throw new Error('no access_token in the answer');
      return { token, expiresAt: expiresAt ?? this.clock.now() + RENEW_BEFORE_MS };
    } catch (cause) {
      throw toTokenError(cause, { isAsked, refusal }, account, target);
    }
  }

  /**
   * Google's own endpoint, whatever way the key file writes it; the operator's stand-in for Vertex; anything else only where
   * private addresses are allowed: a stored key must not make the gateway call wherever it says.
   */
  private endpointOf({ token_uri: uri }: ServiceAccount, target: ProviderTarget): URL {
    const given = uri === undefined || !URL.canParse(uri) ? null : new URL(uri);
    if (given === null || GOOGLE_HOSTS.has(given.hostname)) return new URL(GOOGLE_TOKEN_URL);
    if (given.origin === this.operatorsOrigin || this.config.egressAllowPrivate) return given;
    throw new GatewayError(
      'missing_provider_key',
      `The service account's token_uri points at ${given.host}; only ${GOOGLE_TOKEN_URL} is asked for tokens.`,
      { provider: target.provider, model: target.model },
    );
  }

  private async post(url: URL, body: Buffer): Promise<Refusal> {
    const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json'];
    const request = { method: 'POST', origin: url.origin, path: url.pathname, headers, body } as const;
    const watch = this.clocks.start(TIMEOUTS, false);
    try {
      const response = await this.transport.send(request, watch, new Cancellation());
      const bytes = await readBody(response.body, MAX_ANSWER_BYTES);
      return { status: response.status, text: bytes.toString() };
    } finally {
      watch.done();
    }
  }
}

function accountOf({ credential }: ProviderTarget): ServiceAccount | null {
  if (credential === null) return null;
  const read = readGoogleCredential(credential.secret);
  return read.kind === 'service-account' ? read.account : null;
}

/** The key itself is part of it: a token is for whoever has the key, not for whoever knows the account's name. */
const keyOf = ({ client_email: email, private_key: key }: ServiceAccount): string =>
  `${email} ${createHash('sha256').update(key).digest('base64')}`;

const bodyOf = (body: unknown): Buffer =>
  Buffer.from(typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : '');

/** How far an exchange came. */
interface Exchange {
  readonly isAsked: boolean;
  readonly refusal: Refusal | null;
}

function toTokenError(
  cause: unknown,
  { isAsked, refusal }: Exchange,
  account: ServiceAccount,
  { provider, model, credential }: ProviderTarget,
): GatewayError {
  const whose = { provider, model, cause };
  const subject = `the service account ${account.client_email}`;
  const transport = transportErrorOf(cause);
  if (transport !== null) {
    const key = isTimeout(transport.fault) ? 'upstream_timeout' : 'upstream_failed';
    return new GatewayError(key, `No token for ${subject}: ${transport.message} (${transport.fault}).`, whose);
  }
  const message = cause instanceof Error ? redact(cause.message, credential) : 'unknown';
  // Nobody was asked: the assertion could not be signed.
  if (!isAsked) return toRefused(`The private key of ${subject} cannot be used: ${message}`, whose);
  if (refusal === null || refusal.status >= 500)
    return new GatewayError('upstream_failed', `Google gave no token for ${subject}: ${message}`, whose);
  const body = parseJson(refusal.text);
  const words = isObject(body) ? [body['error'], body['error_description']].filter(isText).join(': ') : '';
  return toRefused(`Google refused ${subject}: ${words === '' ? `status ${refusal.status}` : words}`, whose);
}

const toRefused = (message: string, details: { provider: string; model: string; cause: unknown }): GatewayError =>
  new GatewayError('upstream_error', message, {
    ...details,
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    retryable: false,
  });

/** The library wraps what its transport throws. */
function transportErrorOf(cause: unknown): TransportError | null {
  let error = cause;
  for (let depth = 0; depth < 4 && error instanceof Error; depth++) {
    if (error instanceof TransportError) return error;
    error = error.cause;
  }
  return null;
}
