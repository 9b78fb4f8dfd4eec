import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { z } from 'zod';
import { GatewayError } from '../common/errors/gateway-error.js';
import { canonicalSlug } from '../common/provider-slugs.js';
import { serverConfig } from '../config/server.config.js';
import { transportConfig } from '../config/transport.config.js';
import type { NativeDialect } from './native-call.js';
import {
  PROVIDER_STRATEGIES,
  type ProviderBase,
  type ProviderCredential,
  type ProviderStrategy,
} from './provider-strategy.js';

const DIALECT_NAMES: Readonly<Record<NativeDialect, string>> = {
  responses: 'OpenAI’s Responses',
  messages: 'Anthropic’s Messages',
};

const WORKERS_AI = 'workers-ai';
const SANDBOX = 'sandbox';

const settingsSchema = z.object({ base_url: z.url({ protocol: /^https?$/ }).optional() });

/** Account ─▶ `custom-{slug}` ─▶ strategy, in alphabetical order. */
export type CustomProviders = ReadonlyMap<string, ReadonlyMap<string, ProviderStrategy>>;

/** A model's name taken apart. */
export interface ResolvedModel {
  readonly strategy: ProviderStrategy;
  /** The model's id at the provider. */
  readonly model: string;
}

/** Which strategy a slug, an alias or a model's name means, and where its provider is reached. */
@Injectable()
export class ProviderRegistry {
  private readonly strategies = new Map<string, ProviderStrategy>();
  private readonly bases = new WeakMap<ProviderStrategy, ProviderBase>();
  private readonly ownBases = new WeakMap<ProviderCredential['settings'], ProviderBase | null>();
  private readonly vendors: readonly ProviderStrategy[];
  private custom: CustomProviders = new Map();

  /** Throws when two strategies claim one slug: the start must fail, not a call. */
  constructor(
    @Inject(PROVIDER_STRATEGIES) strategies: readonly ProviderStrategy[],
    @Inject(transportConfig.KEY) transport: Pick<ConfigType<typeof transportConfig>, 'providerBaseUrls'>,
    @Inject(serverConfig.KEY) server: Pick<ConfigType<typeof serverConfig>, 'sandbox'>,
  ) {
    const overrides = new Map(
      Object.entries(transport.providerBaseUrls).map(([slug, url]) => [canonicalSlug(slug), url]),
    );
    const served = strategies.filter(({ id }) => server.sandbox || id !== SANDBOX);
    for (const strategy of served) {
      for (const slug of [strategy.id, ...strategy.aliases]) {
        const other = this.strategies.get(slug);
        if (other !== undefined)
          throw new Error(`The providers '${other.name}' and '${strategy.name}' both claim the slug '${slug}'.`);
        this.strategies.set(slug, strategy);
      }
      this.bases.set(strategy, toBase(overrides.get(strategy.id) ?? strategy.origin));
    }
    this.vendors = served.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Puts the providers that accounts bring themselves in place, all at once. */
  serve(custom: CustomProviders): void {
    for (const own of custom.values())
      for (const strategy of own.values()) this.bases.set(strategy, { ...toBase(strategy.origin), isCustomers: true });
    this.custom = custom;
  }

  /**
   * `{provider}/{model}`, split at the first slash only: what follows is the provider's own id. A bare `@cf/…` is Workers AI.
   * Null when no provider has that slug, or nothing follows it.
   */
  resolve(name: string, accountId: string): ResolvedModel | null {
    if (name.startsWith('@cf/') || name.startsWith('@hf/')) return this.resolved(WORKERS_AI, name, accountId);
    const slash = name.indexOf('/');
    return slash === -1 ? null : this.resolved(name.slice(0, slash), name.slice(slash + 1), accountId);
  }

  /** By slug or alias; `custom-{slug}` is one of the account's own. */
  get(slug: string, accountId: string): ProviderStrategy | null {
    return this.vendor(slug) ?? this.custom.get(accountId)?.get(slug) ?? null;
  }

  /** The same. Throws `invalid_provider` for one that is none, with the list of what would have worked. */
  required(slug: string, accountId: string, param?: string): ProviderStrategy {
    const strategy = this.get(slug, accountId);
    if (strategy !== null) return strategy;
    const slugs = this.all(accountId).map(({ id }) => id);
    throw new GatewayError(
      'invalid_provider',
      `"${slug}" is not a provider of this gateway. Ask for one of: ${slugs.join(', ')}.`,
      param === undefined ? {} : { param },
    );
  }

  /** By slug or alias: one that every account has. */
  vendor(slug: string): ProviderStrategy | null {
    return this.strategies.get(slug) ?? this.strategies.get(canonicalSlug(slug)) ?? null;
  }

  /** Canonical slugs of those that chat: what would have worked. */
  slugs(accountId: string): readonly string[] {
    return this.all(accountId).flatMap(({ id, isNativeOnly }) => (isNativeOnly === true ? [] : id));
  }

  /** All providers that an account is served, in alphabetical order, its own behind the others. */
  all(accountId: string): readonly ProviderStrategy[] {
    const own = this.custom.get(accountId);
    return own === undefined ? this.vendors : [...this.vendors, ...own.values()];
  }

  /** What a caller is told who asks for embeddings of a provider that makes none. */
  withoutEmbeddings({ id, name }: ProviderStrategy, accountId: string): GatewayError {
    const able = this.all(accountId).flatMap((strategy) => (strategy.embeddings === undefined ? [] : strategy.id));
    return new GatewayError('invalid_provider', `${name} makes no embeddings. Ask one of: ${able.join(', ')}.`, {
      param: 'model',
      provider: id,
    });
  }

  /** What a caller is told who asks one in a dialect that it does not speak. */
  withoutDialect({ id, name }: ProviderStrategy, dialect: NativeDialect, accountId: string): GatewayError {
    const able = this.all(accountId).flatMap(({ id: slug, native }) =>
      native.dialects[dialect] === undefined ? [] : slug,
    );
    return new GatewayError(
      'invalid_provider',
      `${name} does not speak ${DIALECT_NAMES[dialect]}. Ask one of: ${able.join(', ')}; any chat model answers at …/chat/completions.`,
      { param: 'model', provider: id },
    );
  }

  /** What a caller is told who asks one for chat that has none. */
  withoutChat({ id, name }: ProviderStrategy): GatewayError {
    return new GatewayError(
      'invalid_provider',
      `${name} has no chat completions: reach it by its own API, at /v1/{account_id}/{gateway_id}/${id}/….`,
      { param: 'model', provider: id },
    );
  }

  /** All origins calls go to without a stored key's own: the vendors', or what the operator put in their place. */
  origins(): readonly string[] {
    return [...new Set(this.vendors.map((strategy) => this.baseOf(strategy, null).origin))];
  }

  /** The stored key's own base URL, else the operator's override, else the vendor's origin. An inline key never chooses. */
  baseOf(strategy: ProviderStrategy, credential: ProviderCredential | null): ProviderBase {
    const own = credential?.source === 'stored' ? this.ownBase(credential.settings) : null;
    if (own !== null) return own;
    return this.bases.get(strategy) ?? toBase(strategy.origin);
  }

  /** A key's settings never change in place, so what is made of them is kept. */
  private ownBase(settings: ProviderCredential['settings']): ProviderBase | null {
    if (settings['base_url'] === undefined) return null;
    let base = this.ownBases.get(settings);
    if (base === undefined) {
      const parsed = settingsSchema.safeParse(settings);
      base =
        parsed.success && parsed.data.base_url !== undefined
          ? { ...toBase(parsed.data.base_url), isCustomers: true }
          : null;
      this.ownBases.set(settings, base);
    }
    return base;
  }

  private resolved(slug: string, model: string, accountId: string): ResolvedModel | null {
    const strategy = this.get(slug, accountId);
    return strategy === null || model === '' ? null : { strategy, model };
  }
}

/** `sandbox:` and the like have no host, and stand for themselves. */
function toBase(url: string): ProviderBase {
  const { protocol, origin, pathname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return { origin: url, pathPrefix: '' };
  return { origin, pathPrefix: pathname.replace(/\/+$/, '') };
}
