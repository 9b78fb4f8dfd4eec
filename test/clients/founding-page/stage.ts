import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readExchanges } from '../../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../../support/gateway.js';
import { json, type ReceivedRequest, StubUpstream } from '../../support/stub-upstream.js';
import { sendGatewayTrafficTo } from '../cloudflare-hosts.js';
import { ASKED, type Sample } from './samples.js';

const run = promisify(execFile);

/** Where recordings of each provider are found. Of Workers AI only streams were recorded; its chat layer answers as OpenAI's does. */
const RECORDED: Readonly<
  Record<string, { readonly folder: string; readonly textOf: (body: unknown) => string | null }>
> = {
  openai: { folder: 'openai', textOf: textOfChat },
  anthropic: { folder: 'anthropic', textOf: textOfMessage },
  'google-ai-studio': { folder: 'google-ai-studio', textOf: textOfGemini },
  grok: { folder: 'xai', textOf: textOfChat },
  'workers-ai': { folder: 'openai-compatible', textOf: textOfChat },
};

/** What came of a sample. */
export interface Outcome {
  readonly text: string;
  readonly received: readonly ReceivedRequest[];
}

/** The whole gateway, providers that replay recordings behind it, and the hands that run samples. */
export class Stage {
  private constructor(
    private readonly gateway: RunningGateway,
    private readonly upstream: StubUpstream,
    private readonly directory: string,
    private readonly answers: ReadonlyMap<string, { readonly body: unknown; readonly text: string }>,
    private readonly restoreFetch: () => void,
  ) {}

  /** @param directory Samples run here: from here their imports are resolved. */
  static async set(directory: string): Promise<Stage> {
    // The AI SDK says that it could warn, and what of.
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    const answers = new Map(Object.keys(RECORDED).map((provider) => [provider, recordedText(provider)]));
    const upstream = await StubUpstream.start();
    const providers = Object.keys(RECORDED);
    const gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(
        Object.fromEntries(providers.map((provider) => [provider, `${upstream.origin}/${provider}`])),
      ),
    });
    for (const provider of providers) await gateway.storeKey(provider, `stored-key-of-${provider}`);
    await gateway
      .admin('POST', '/ai-gateway/gateways/default/routes', { name: 'customer-support', elements: ROUTE })
      .catch(() => 0);
    const folder = await mkdtemp(join(directory, '.samples-'));
    return new Stage(gateway, upstream, folder, answers, sendGatewayTrafficTo(gateway.origin));
  }

  async strike(): Promise<void> {
    this.restoreFetch();
    await rm(this.directory, { recursive: true, force: true });
    await this.gateway.close();
    await this.upstream.close();
  }

  /** The text that the provider's recording holds. */
  textOf(provider: string): string {
    return this.answerOf(provider).text;
  }

  /** The key that a call must arrive with. */
  keyOf({ key, asked }: Sample): string {
    return `${key}-key-of-${asked.provider}`;
  }

  async play(sample: Sample): Promise<Outcome> {
    this.upstream.replies((response, request) => {
      const provider = request.path.split('/')[1] ?? '';
      return json(200, this.answerOf(provider).body)(response, request);
    });
    const source = this.fillIn(sample);
    const text = sample.client === 'curl' ? await this.curl(source) : await this.module(source, sample);
    return { text, received: [...this.upstream.received] };
  }

  private answerOf(provider: string): { readonly body: unknown; readonly text: string } {
    const answer = this.answers.get(provider);
    if (answer === undefined) throw new Error(`There is no recording of ${provider}.`);
    return answer;
  }

  /** Host, ids and keys; nothing else. `ai-gateway-provider` has its host inside: there `fetch` leads here. */
  private fillIn(sample: Sample): string {
    const values: Record<string, string> = {
      account_id: 'default',
      CLOUDFLARE_ACCOUNT_ID: 'default',
      gateway_id: 'default',
      GATEWAY_NAME: 'default',
      cf_api_token: ADMIN_TOKEN,
      CF_AIG_TOKEN: ADMIN_TOKEN,
      API_KEY: this.keyOf(sample),
      ...Object.fromEntries(ASKED.map(({ name }) => [`${name}_api_token`, this.keyOf(sample)])),
    };
    return sample.source
      .replaceAll('https://gateway.ai.cloudflare.com', this.gateway.origin)
      .replaceAll(/\{([a-z-]+_[a-z_]+|[A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole);
  }

  private async module(source: string, { client, key, asked }: Sample): Promise<string> {
    const result = client === 'openai' ? 'response' : 'text';
    const path = join(this.directory, `${client}-${key}-${asked.name}.mjs`.replaceAll(' ', '-'));
    await writeFile(path, `${source}\nexport { ${result} };\n`);
    const played = (await import(path)) as Record<string, unknown>;
    return result === 'text' ? z.string().parse(played['text']) : (textOfChat(played['response']) ?? '');
  }

  private async curl(command: string): Promise<string> {
    const { stdout } = await run('sh', ['-c', command]);
    return textOfChat(JSON.parse(stdout)) ?? stdout;
  }
}

const ROUTE = [
  { id: 'start', type: 'start', outputs: { next: { elementId: 'model' } } },
  {
    id: 'model',
    type: 'model',
    properties: { provider: 'openai', model: 'gpt-5-mini', timeout: 30_000, retries: 0 },
    outputs: { success: { elementId: 'end' }, fallback: { elementId: 'end' } },
  },
  { id: 'end', type: 'end', outputs: {} },
];

/** The first recording of a provider that answers with a text alone. */
function recordedText(provider: string): { readonly body: unknown; readonly text: string } {
  const { folder, textOf } = RECORDED[provider]!;
  for (const { stream, status, body } of readExchanges(folder, ['chat'])) {
    const text = stream || status !== 200 ? null : textOf(body);
    if (text !== null) return { body, text };
  }
  throw new Error(`No recording in ${folder} is a text.`);
}

const chat = z.object({
  object: z.literal('chat.completion'),
  choices: z.tuple([z.object({ finish_reason: z.literal('stop'), message: z.object({ content: z.string().min(1) }) })]),
});
function textOfChat(body: unknown): string | null {
  return chat.safeParse(body).data?.choices[0].message.content ?? null;
}

const message = z.object({ content: z.tuple([z.object({ type: z.literal('text'), text: z.string().min(1) })]) });
function textOfMessage(body: unknown): string | null {
  return message.safeParse(body).data?.content[0].text ?? null;
}

const gemini = z.object({
  candidates: z.tuple([
    z.object({
      finishReason: z.literal('STOP'),
      content: z.object({ parts: z.tuple([z.strictObject({ text: z.string().min(1) })]) }),
    }),
  ]),
});
function textOfGemini(body: unknown): string | null {
  return gemini.safeParse(body).data?.candidates[0].content.parts[0].text ?? null;
}
