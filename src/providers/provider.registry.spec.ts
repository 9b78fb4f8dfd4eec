import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import { GrokStrategy } from './grok/grok.strategy.js';
import { OpenAiStrategy } from './openai/openai.strategy.js';
import type { ProviderCredential } from './provider-strategy.js';
import { ProviderRegistry } from './provider.registry.js';
import { SandboxStrategy } from './sandbox/sandbox.strategy.js';
import { WorkersAiStrategy } from './workers-ai/workers-ai.strategy.js';

const STRATEGIES = [new OpenAiStrategy(), new GrokStrategy(), new WorkersAiStrategy(), new SandboxStrategy()];
const aRegistry = (providerBaseUrls: Record<string, string> = {}, sandbox = true) =>
  new ProviderRegistry(STRATEGIES, { providerBaseUrls }, { sandbox });
const aCredential = (source: 'inline' | 'stored', settings: Record<string, unknown>): ProviderCredential => ({
  source,
  alias: null,
  keyId: null,
  secret: new Secret('x'),
  settings,
});

describe('ProviderRegistry', () => {
  it.each([
    ['openai/gpt-4o', 'openai', 'gpt-4o'],
    ['openai/ft:gpt-4o:org/x', 'openai', 'ft:gpt-4o:org/x'],
    ['xai/grok-4', 'grok', 'grok-4'],
    ['grok/grok-4', 'grok', 'grok-4'],
    ['workers-ai/@cf/meta/llama', 'workers-ai', '@cf/meta/llama'],
    ['@cf/meta/llama', 'workers-ai', '@cf/meta/llama'],
  ])('takes %s for %s and %s', (name, id, model) => {
    const resolved = aRegistry().resolve(name, 'default');

    expect([resolved?.strategy.id, resolved?.model]).toEqual([id, model]);
  });

  it.each(['gpt-4o', 'nobody/gpt-4o', 'openai/', '/gpt-4o', '', 'OpenAI/gpt-4o'])('knows no provider in %j', (name) => {
    expect(aRegistry().resolve(name, 'default')).toBeNull();
  });

  it('lists what would have worked', () => {
    expect(aRegistry().slugs('default')).toEqual(['grok', 'openai', 'sandbox', 'workers-ai']);
  });

  it('has a sandbox only where it is switched on', () => {
    const registry = aRegistry({}, false);

    expect([registry.get('sandbox', 'default'), registry.resolve('sandbox/echo', 'default')]).toEqual([null, null]);
    expect(registry.slugs('default')).not.toContain('sandbox');
  });

  it('refuses two strategies with one slug', () => {
    const config = { providerBaseUrls: {} };

    expect(() => new ProviderRegistry([...STRATEGIES, new GrokStrategy()], config, { sandbox: true })).toThrow(
      "'grok'",
    );
  });

  it("puts the operator's URL in the place of the vendor's origin, whichever slug names it", () => {
    const registry = aRegistry({ xai: 'http://127.0.0.1:9100/xai/', openai: 'https://proxy.example' });
    const base = (slug: string) => registry.baseOf(registry.vendor(slug)!, null);

    expect(base('grok')).toEqual({ origin: 'http://127.0.0.1:9100', pathPrefix: '/xai' });
    expect(base('openai')).toEqual({ origin: 'https://proxy.example', pathPrefix: '' });
    expect(base('workers-ai')).toEqual({ origin: 'https://api.cloudflare.com', pathPrefix: '' });
    expect(base('sandbox')).toEqual({ origin: 'sandbox:', pathPrefix: '' });
    expect(registry.origins().toSorted()).toEqual([
      'http://127.0.0.1:9100',
      'https://api.cloudflare.com',
      'https://proxy.example',
      'sandbox:',
    ]);
  });

  it('lets a stored key name its own base URL, and never an inline one', () => {
    const registry = aRegistry({ openai: 'https://proxy.example' });
    const openai = registry.vendor('openai')!;
    const settings = { base_url: 'https://eu.api.example/openai/' };

    expect(registry.baseOf(openai, aCredential('stored', settings))).toEqual({
      origin: 'https://eu.api.example',
      pathPrefix: '/openai',
      isCustomers: true,
    });
    expect(registry.baseOf(openai, aCredential('inline', settings)).origin).toBe('https://proxy.example');
    expect(registry.baseOf(openai, aCredential('stored', { base_url: 'file:///etc' })).origin).toBe(
      'https://proxy.example',
    );
  });
});
