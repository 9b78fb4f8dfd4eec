import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCompletion } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { aModel, anEnd, aStart } from '../support/route-elements.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const GATEWAY = '/ai-gateway/gateways/team';
const SETTINGS = {
  cache_invalidate_on_update: false,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
};
/** What every object of the API could have, all of it said. */
const FULL = {
  ...SETTINGS,
  rate_limiting_technique: 'sliding',
  retry_max_attempts: 2,
  retry_delay: 100,
  retry_backoff: 'linear',
  log_management: 10_000,
  log_management_strategy: 'DELETE_OLDEST',
  otel: [{ url: 'https://otel.example.com/v1/traces', headers: { 'x-team': 'a' }, content_type: 'json' }],
  guardrails: { prompt: { S1: 'FLAG' }, response: {} },
  dlp: { enabled: false, action: 'FLAG', profiles: [] },
  stripe: { authorization: 'sk', usage_events: [{ payload: '{}' }] },
  spend_limits: {
    enabled: true,
    rules: [
      {
        limit: 10,
        limitType: 'cost',
        window: 3600,
        technique: 'fixed',
        model: { mode: 'filter', values: ['gpt-5-mini'] },
      },
      { limit: 10, limitType: 'cost', window: 60, metadata: { user: { mode: 'partition' } } },
    ],
  },
  settings: { timeouts: { first_token_ms: 1000 }, max_metadata_entries: 16, budgets: { mode: 'exact' } },
};
const ELEMENTS = [aStart('echo'), aModel('echo', 'sandbox/echo'), anEnd()];

const withId = z.looseObject({ id: z.string() });

describe('what the control plane answers', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const make = async (path: string, body: unknown) => withId.parse(await gateway.admin('POST', path, body));
  const get = (...paths: readonly string[]) => Promise.all(paths.map((path) => gateway.admin('GET', path)));
  const getAt = (path: string) =>
    fetch(`${gateway.origin}/client/v4${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });

  const walkGateways = async (): Promise<void> => {
    await make('/ai-gateway/gateways', { id: 'team', ...SETTINGS });
    await gateway.admin('PUT', GATEWAY, FULL);
    await make(`${GATEWAY}/provider_configs`, {
      provider_slug: 'openai',
      alias: 'default',
      default_config: true,
      secret: 'sk-stored-0123456789',
    });
    await gateway.admin('POST', '/ai-gateway/prices', {
      provider: 'openai',
      model: 'gpt-5-mini',
      prices: { input: 1, output: 2 },
    });
    upstream.replies(json(500, { error: { message: 'Down' } }), json(200, aCompletion()));
    const answer = await fetch(`${gateway.origin}/v1/default/team/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'cf-aig-metadata': '{"user":"ada"}' },
      body: JSON.stringify({
        model: 'openai/gpt-5-mini',
        max_tokens: 10,
        messages: [{ role: 'user', content: 'Hello!' }],
      }),
    });
    const log = `${GATEWAY}/logs/${answer.headers.get('cf-aig-log-id') ?? ''}`;
    await get(log, GATEWAY, '/ai-gateway/gateways', `${GATEWAY}/logs?meta_info=true`, `${GATEWAY}/url/openai`);
    await get(`${GATEWAY}/health`, `${GATEWAY}/budgets`, `${GATEWAY}/analytics?group_by=model`);
    await gateway.admin('PATCH', log, { feedback: 1, score: 50 });
    await gateway.admin('POST', `${GATEWAY}/health/reset`);
  };

  const walkSecrets = async (): Promise<void> => {
    const configs = `${GATEWAY}/provider_configs`;
    const body = { provider_slug: 'groq', alias: 'second', default_config: false, secret: 'gsk-stored-0123456789' };
    const { id } = await make(configs, { ...body, rate_limit: 10, rate_limit_period: 60, settings: { weight: 2 } });
    await get(configs, `${configs}/${id}`);
    await gateway.admin('PUT', `${configs}/${id}`, { secret: 'gsk-another-0123456789' });
    await gateway.admin('DELETE', `${configs}/${id}`);

    const store = `/secrets_store/stores/${(await make('/secrets_store/stores', { name: 'team' })).id}`;
    const [secret] = z
      .array(withId)
      .parse(
        await gateway.admin('POST', `${store}/secrets`, [
          { name: 'one', value: 'v', scopes: ['ai_gateway'], comment: 'c' },
        ]),
      );
    const path = `${store}/secrets/${secret?.id ?? ''}`;
    await get('/secrets_store/quota', '/secrets_store/stores', store, `${store}/secrets`, path);
    await gateway.admin('PATCH', path, { value: 'w' });
    const copy = await make(`${path}/duplicate`, { name: 'two', scopes: ['ai_gateway'] });
    await gateway.admin('DELETE', path);
    await gateway.admin('DELETE', `${store}/secrets`, [copy.id]);
    await gateway.admin('DELETE', store);
    await gateway.admin('POST', '/ai-gateway/master-key/rotate');
  };

  const walkRoutes = async (): Promise<void> => {
    const routes = `${GATEWAY}/routes`;
    const path = `${routes}/${(await make(routes, { name: 'support', elements: ELEMENTS })).id}`;
    const { version_id: version } = z
      .looseObject({ version_id: z.string() })
      .parse(await gateway.admin('POST', `${path}/versions`, { elements: ELEMENTS }));
    await gateway.admin('POST', `${path}/deployments`, { version_id: version });
    await get(routes, path, `${path}/versions`, `${path}/versions/${version}`, `${path}/deployments`);
    await gateway.admin('PATCH', path, { name: 'help' });
    await gateway.admin('POST', `${path}/simulate`, {});
    await gateway.admin('POST', `${path}/versions/${version}/simulate`, { outcomes: { echo: 'timeout' } });
    await gateway.admin('DELETE', path);
  };

  const walkPrices = async (): Promise<void> => {
    const providers = '/ai-gateway/custom-providers';
    const said = { name: 'Ours', slug: 'ours', base_url: 'https://models.example.com/v1' };
    const texts = { description: 'd', link: 'https://a.example', logo: 'l', curl_example: 'c', js_example: 'j' };
    const provider = await make(providers, {
      ...said,
      ...texts,
      headers: { 'x-key': 'a-long-enough-value' },
      settings: { chat_path: '/chat' },
    });
    const cost = await make(`${providers}/costs`, {
      account_provider_id: provider.id,
      model: 'm',
      cost_in: 0.1,
      cost_out: 0.2,
    });
    await get(providers, `${providers}/${provider.id}`, `${providers}/costs`, `${providers}/costs/${cost.id}`);
    await gateway.admin('PATCH', `${providers}/costs/${cost.id}`, { cost_in: 0.3 });
    await gateway.admin('DELETE', `${providers}/costs/${cost.id}`);
    await gateway.admin('PATCH', `${providers}/${provider.id}`, { enable: true });
    await gateway.admin('DELETE', `${providers}/${provider.id}`);

    const price = { provider: 'openai', model: 'gpt-4o', gateway_id: 'team', prices: { input: 1 } };
    const { id } = await make('/ai-gateway/prices', price);
    const tiers = [{ above_input_tokens: 1000, prices: { input: 2 } }];
    await gateway.admin('PUT', `/ai-gateway/prices/${id}`, { ...price, tiers });
    await get('/ai-gateway/prices', `/ai-gateway/prices/${id}`);
    await gateway.admin('DELETE', `/ai-gateway/prices/${id}`);
  };

  const walkTokens = async (): Promise<void> => {
    const token = await make('/tokens', {
      name: 'an application',
      expires_on: '2099-01-01T00:00:00Z',
      policies: [
        {
          effect: 'allow',
          permission_groups: [{ id: 'cf68722f18011ce979546aa4ecf353c1' }],
          resources: { 'com.cloudflare.api.account.default': { 'com.cloudflare.api.account.ai-gateway.team': '*' } },
        },
      ],
    });
    const path = `/tokens/${token.id}`;
    await get('/tokens', path, '/tokens/verify', '/tokens/permission_groups', '');
    await gateway.admin('PUT', path, { name: 'it', status: 'disabled', policies: token['policies'] });
    await gateway.admin('PUT', `${path}/value`, {});
    await gateway.admin('DELETE', path);
    await Promise.all(['/accounts', '/user', '/user/tokens/verify', '/user/tokens/permission_groups'].map(getAt));
    await gateway.admin('DELETE', GATEWAY);
  };

  it.each([
    ['gateways, and what they have learned and counted', walkGateways],
    ['provider keys and secrets', walkSecrets],
    ['routes', walkRoutes],
    ['custom providers and prices', walkPrices],
    ['tokens and accounts', walkTokens],
  ])('of %s is what the document says', async (_what, walk) => {
    await walk();

    expect(gateway.answers.problems).toEqual([]);
  });

  it('has been asked for at every route', () => {
    expect(gateway.answers.described.filter((route) => !gateway.answers.seen.has(route))).toEqual([]);
  });

  it('is described of every route in the envelope but those of logs that have none', () => {
    const described = new Set(gateway.answers.described);
    const open = gateway.routes
      .filter((route) => / \/client\/v4\/(?!.*\/ai\/)/.test(route) && !/^(?:HEAD|OPTIONS) /.test(route))
      .filter((route) => !described.has(route));

    const logs = '/client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs';
    expect(open.toSorted()).toEqual([`DELETE ${logs}`, `GET ${logs}/:log_id/request`, `GET ${logs}/:log_id/response`]);
  });
});
