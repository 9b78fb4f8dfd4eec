import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newCustomProviderBody } from '../../src/admin/custom-providers.schema.js';
import { newGatewayBody, toGatewayInput } from '../../src/admin/gateways.schema.js';
import { priceBody } from '../../src/admin/prices.schema.js';
import { newTokenBody } from '../../src/admin/tokens.schema.js';
import { PlatformError } from '../../src/common/errors/platform-error.js';
import { readConfigFile, writeConfigFile } from '../../src/config-files/config-file.js';
import { ConfigProblems } from '../../src/config-files/config-problems.js';
import { resolveReferences } from '../../src/config-files/references.js';
import { envSchema } from '../../src/config/env.schema.js';
import { engineSettingsSchema } from '../../src/gateways/engine-settings.schema.js';
import { ContractValidationPipe } from '../../src/http/pipes/contract-validation.pipe.js';
import { fuzzed, unlessRefused } from './fuzzing.js';
import { jsonNear, textNear } from './inputs.js';

const SETTINGS = {
  timeouts: { connect_ms: 1, total_ms: 0 },
  max_metadata_entries: 16,
  rate_limits: {
    rules: [
      { per: 'token', requests: 10, interval: 60, technique: 'sliding' },
      { per: { metadata: 'user' }, tokens: 1000, interval: 0.5 },
    ],
    headers: false,
  },
  budgets: { mode: 'soft', unknown_price: 'estimate', estimated_price: { input: 1, output: 2 }, lost_calls: 'charge' },
};
const GATEWAY = {
  id: 'a-b_c',
  cache_invalidate_on_update: false,
  cache_ttl: 60,
  collect_logs: true,
  rate_limiting_interval: 60,
  rate_limiting_limit: 10,
  rate_limiting_technique: 'fixed',
  otel: [{ url: 'https://a.example/v1/traces', headers: { a: 'b' } }],
  spend_limits: {
    enabled: true,
    rules: [
      {
        limit: 1,
        limitType: 'cost',
        window: 60,
        metadata: { user: { mode: 'partition' } },
        model: { mode: 'filter', values: ['m'] },
      },
    ],
  },
  settings: SETTINGS,
};
const FILE = {
  version: 1,
  custom_providers: [{ slug: 'mine', base_url: 'https://a.example', headers: { 'x-key': { env: 'KEY' } } }],
  gateways: [
    {
      ...GATEWAY,
      provider_configs: [{ provider_slug: 'openai', secret: { env: 'OPENAI' } }],
      routes: [{ name: 'r', elements: [{ id: 'start' }] }],
    },
  ],
};
const YAML = writeConfigFile(readConfigFile(JSON.stringify(FILE)), 'yaml');

describe('configuration files', () => {
  it(
    'are read, and written, and read again, or refused in words',
    fuzzed(
      [
        textNear([
          YAML,
          JSON.stringify(FILE),
          'version: 1\ngateways:\n  - &a {id: a}\n  - *a\n',
          'version: 1 # !!js/function\n<<: {a: 1}\n',
          '%YAML 1.2\n---\nversion: 1\n...\n',
        ]),
      ],
      (text) => {
        const file = unlessRefused(() => readConfigFile(text), ConfigProblems);

        if (file === null) return;
        for (const format of ['yaml', 'json'] as const)
          expect(readConfigFile(writeConfigFile(file, format))).toEqual(file);
      },
    ),
  );

  it(
    'of any structure are read, or refused, and references stand for their variables',
    fuzzed([jsonNear([FILE])], (value) => {
      const file = unlessRefused(() => readConfigFile(JSON.stringify(value) ?? ''), ConfigProblems);
      const resolved = unlessRefused(
        () => resolveReferences(file, {}, { KEY: 'secret', OPENAI: 'other' }, 'file'),
        ConfigProblems,
      );

      if (resolved !== null) expect(JSON.stringify(resolved)).not.toMatch(/\{"env":"(?:KEY|OPENAI)"\}/);
      expect('polluted' in {}).toBe(false);
    }),
  );
});

describe('settings', () => {
  const bodies = [
    [newGatewayBody, GATEWAY],
    [
      newCustomProviderBody,
      {
        name: 'x',
        slug: 'x',
        base_url: 'https://a.example',
        headers: '{"x-a":"b"}',
        settings: { chat_path: '/a?b=c', key_header: 'x-key' },
      },
    ],
    [
      priceBody,
      {
        provider: 'openai',
        model: 'm',
        prices: { input: 1 },
        tiers: [{ above_input_tokens: 1000, prices: { input: 2 } }],
      },
    ],
    [
      newTokenBody,
      {
        name: 'x',
        policies: [{ effect: 'allow', permission_groups: [], resources: { 'com.cloudflare.api.account.a': '*' } }],
        expires_on: '2030-01-01T00:00:00Z',
      },
    ],
  ] as const;

  it(
    'in bodies of the control plane are taken, or refused with their places',
    fuzzed(
      [fc.constantFrom(...bodies).chain(([schema, body]) => fc.tuple(fc.constant(schema), jsonNear([body])))],
      ([schema, value]) => {
        let refusal: unknown = null;
        const taken = unlessRefused(() => {
          try {
            return new ContractValidationPipe('body', schema).transform(JSON.parse(JSON.stringify(value) ?? 'null'));
          } catch (error) {
            refusal = error;
            throw error;
          }
        }, PlatformError);

        if (taken === null)
          expect((refusal as PlatformError).errors.every(({ path }) => path?.[0] === 'body')).toBe(true);
        // What Postgres cannot keep is not let through.
        else expect(JSON.stringify(taken)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      },
    ),
  );

  it(
    'of limits and budgets that are taken are numbers that count',
    fuzzed([jsonNear([SETTINGS])], (value) => {
      const settings = engineSettingsSchema.safeParse(value);
      if (!settings.success) return;

      for (const { interval, requests, tokens } of settings.data.rate_limits?.rules ?? []) {
        expect(Number.isFinite(interval) && interval > 0).toBe(true);
        expect(Number.isSafeInteger(requests ?? tokens) && (requests ?? tokens)! > 0).toBe(true);
      }
      const gateway = newGatewayBody.safeParse({ ...GATEWAY, settings: value });
      if (gateway.success) expect(toGatewayInput(gateway.data).engine).toEqual(settings.data);
    }),
  );

  it(
    'of the environment are taken, or refused by the name of a variable',
    fuzzed(
      [
        fc.dictionary(
          fc.constantFrom(
            'PORT',
            'PROVIDER_BASE_URLS',
            'DATABASE_URL',
            'MASTER_KEY',
            'ADMIN_TOKEN',
            'MAX_BODY_BYTES',
            'LOG_LEVEL',
            'SANDBOX',
            'NODE_ENV',
          ),
          textNear(['8787', '{"openai":"http://127.0.0.1:1"}', 'postgres://a:b@c/d', 'true', 'log', 'production']),
        ),
      ],
      (env) => {
        const parsed = envSchema.safeParse(env);

        const issues = parsed.success ? [] : parsed.error.issues;
        expect(issues.every(({ path }) => typeof path[0] === 'string')).toBe(true);
      },
    ),
  );
});
