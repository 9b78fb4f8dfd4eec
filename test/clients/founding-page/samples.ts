/** A sample of the page that this gateway was begun for: Cloudflare's "Unified API (OpenAI compat)", as it stood in October 2026. */
export interface Sample {
  readonly client: 'openai' | 'unified' | 'per provider' | 'curl';
  /** Is the provider's key stored at the gateway, or sent along? */
  readonly key: 'stored' | 'sent';
  readonly asked: Asked;
  /** The code as it is written there, with its placeholders for host, ids and keys. */
  readonly source: string;
}

/** One of the six models that the page shows each client with. */
export interface Asked {
  /** The name in the page's own URLs and placeholders. */
  readonly name: string;
  /** On the compat surface. */
  readonly model: string;
  /** The AI SDK's factory and call, and where it is imported from. */
  readonly factory: string;
  readonly module: string;
  readonly call: string;
  /** Where the call must arrive. */
  readonly provider: string;
  readonly path: string;
}

const LLAMA = '@cf/meta/llama-3.3-70b-instruct-fp8-fast';

export const ASKED: readonly Asked[] = [
  {
    name: 'openai',
    model: 'openai/gpt-5.2',
    factory: 'createOpenAI',
    module: 'openai',
    call: "openai.chat('gpt-5.2')",
    provider: 'openai',
    path: '/v1/chat/completions',
  },
  {
    name: 'anthropic',
    model: 'anthropic/claude-4-5-sonnet',
    factory: 'createAnthropic',
    module: 'anthropic',
    call: "anthropic('claude-4-5-sonnet')",
    provider: 'anthropic',
    path: '/v1/messages',
  },
  {
    name: 'google',
    model: 'google/gemini-2.5-pro',
    // The page says `createGoogle`; no published version of the package has it under that name (2.3.1, 3.2.0, 4.0.1).
    factory: 'createGoogleGenerativeAI as createGoogle',
    module: 'google',
    call: "google('gemini-2.5-pro')",
    provider: 'google-ai-studio',
    path: '/v1beta/models/gemini-2.5-pro:generateContent',
  },
  {
    name: 'grok',
    model: 'grok/grok-4',
    factory: 'createXai',
    module: 'xai',
    call: "xai('grok-4')",
    provider: 'grok',
    path: '/v1/chat/completions',
  },
  {
    name: 'dynamic',
    model: 'dynamic/customer-support',
    factory: 'createUnified',
    module: 'unified',
    call: "unified('customer-support')",
    provider: 'openai',
    path: '/v1/chat/completions',
  },
  {
    name: 'workers-ai',
    model: `workers-ai/${LLAMA}`,
    factory: 'createUnified',
    module: 'unified',
    call: `unified('${LLAMA}')`,
    provider: 'workers-ai',
    path: '/client/v4/accounts/default/ai/v1/chat/completions',
  },
];

const openai = ({ name, model }: Asked, isStored: boolean): string => `import OpenAI from "openai";

const client = new OpenAI({
  apiKey: "${isStored ? '{cf_api_token}' : `{${name}_api_token}`}",${
    isStored
      ? ''
      : `
  defaultHeaders: {
    // if gateway is authenticated
    "cf-aig-authorization": \`Bearer {cf_api_token}\`,
  },`
  }
  baseURL: "https://gateway.ai.cloudflare.com/v1/{account_id}/{gateway_id}/compat",
});

const response = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello, world!" }],
});
`;

const aiSdk = (factory: string, module: string, call: string, isStored: boolean): string => {
  const made = factory.split(' as ').at(-1);
  return `import { createAiGateway } from 'ai-gateway-provider';
import { ${factory} } from 'ai-gateway-provider/providers/${module}';
import { generateText } from "ai";

const aigateway = createAiGateway({
  accountId: "{CLOUDFLARE_ACCOUNT_ID}",
  gateway: '{GATEWAY_NAME}',
  apiKey: '{CF_AIG_TOKEN}',
});

const ${module} = ${made}(${isStored ? '' : "{ apiKey: '{API_KEY}' }"});

const { text } = await generateText({
  model: aigateway(${call}),
  prompt: 'What is Cloudflare?',
});
`;
};

const curl = ({ name, model }: Asked, isStored: boolean): string =>
  [
    'curl -X POST https://gateway.ai.cloudflare.com/v1/{account_id}/{gateway_id}/compat/chat/completions',
    "--header 'cf-aig-authorization: Bearer {CF_AIG_TOKEN}'",
    ...(isStored ? [] : [`--header 'Authorization: Bearer {${name}_api_token}'`]),
    "--header 'Content-Type: application/json'",
    `--data '{ "model": "${model}", "messages": [ { "role": "user", "content": "What is Cloudflare?" } ] }'`,
  ].join(' \\\n  ');

/** In the page's order: OpenAI's SDK, the AI SDK with one client for all, with a client for each provider, curl. */
export const SAMPLES: readonly Sample[] = (['openai', 'unified', 'per provider', 'curl'] as const).flatMap((client) =>
  (['stored', 'sent'] as const).flatMap((key) =>
    ASKED.map((asked) => ({ client, key, asked, source: sourceOf(client, asked, key === 'stored') })),
  ),
);

function sourceOf(client: Sample['client'], asked: Asked, isStored: boolean): string {
  if (client === 'openai') return openai(asked, isStored);
  if (client === 'curl') return curl(asked, isStored);
  return client === 'unified'
    ? aiSdk('createUnified', 'unified', `unified('${asked.model}')`, isStored)
    : aiSdk(asked.factory, asked.module, asked.call, isStored);
}
