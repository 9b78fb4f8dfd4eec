import { startStubbedGateway, type StubbedGateway } from './stubbed-gateway.js';

/** Providers that are asked at `/client/v4/accounts/{account_id}/ai`, by the names that their models have there. */
const PROVIDERS = ['openai', 'anthropic', 'grok', 'mistral', 'workers-ai'];

/** Two gateways of one account: `default` with a key of each provider (`key-of-{provider}`), `other` with one of OpenAI's (`key-of-other`). */
export async function startAccountDoors(): Promise<StubbedGateway> {
  const stubbed = await startStubbedGateway(PROVIDERS);
  const { gateway } = stubbed;
  for (const provider of PROVIDERS) await gateway.storeKey(provider, `key-of-${provider}`);
  await gateway.admin('POST', '/ai-gateway/gateways', {
    id: 'other',
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
  });
  await gateway.admin('POST', '/ai-gateway/gateways/other/provider_configs', {
    provider_slug: 'openai',
    alias: 'default',
    default_config: true,
    secret: 'key-of-other',
  });
  return stubbed;
}
