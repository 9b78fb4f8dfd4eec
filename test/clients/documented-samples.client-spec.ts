import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion, aStream } from '../support/builders.js';
import { curlCommandsOf, hasShellTools, samplesOf } from '../support/documented-samples.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, type StubReply, StubUpstream } from '../support/stub-upstream.js';

const run = promisify(execFile);
const PAGE = 'docs/clients.md';

const SAID = 'Hello there.';

/** Says the same as each provider does. */
const REPLIES: Readonly<Record<string, StubReply>> = {
  openai: (response, request) =>
    request.body.includes('"stream":true')
      ? sse(...aStream(SAID))(response, request)
      : json(200, aCompletion(SAID))(response, request),
  anthropic: json(200, {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [{ type: 'text', text: SAID }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 4 },
  }),
  'google-ai-studio': json(200, {
    candidates: [{ content: { role: 'model', parts: [{ text: SAID }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  }),
  'workers-ai': json(200, { result: { response: SAID }, success: true, errors: [], messages: [] }),
};
const providers = Object.keys(REPLIES);

/** Where a sample's packages are, and what it prints, where that is not the answer. */
const FOLDERS: Readonly<Record<string, string>> = { 'workers-ai-provider': './ai-7/' };
const PRINTED: Readonly<Record<string, string>> = { 'The cloudflare SDK': 'default' };

describe(`the samples of ${PAGE}`, () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    upstream.replies(async (response, request) => {
      const [, provider = ''] = request.path.split('/');
      await REPLIES[provider]!(response, request);
    });
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(
        Object.fromEntries(providers.map((slug) => [slug, `${upstream.origin}/${slug}`])),
      ),
    });
    for (const slug of providers) await gateway.storeKey(slug, `stored-key-of-${slug}`);
    env = { ...process.env, GATEWAY_URL: gateway.origin, AIG_TOKEN: ADMIN_TOKEN };
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const samples = samplesOf(PAGE, 'js');

  it('are of every client there is a heading for', () => {
    expect(samples.map(({ heading }) => heading)).toEqual([
      "OpenAI's SDK, JavaScript",
      "Vercel's AI SDK",
      "Vercel's AI SDK with ai-gateway-provider",
      "Anthropic's SDK",
      "Google's GenAI SDK",
      'LangChain',
      'The cloudflare SDK',
      'workers-ai-provider',
    ]);
  });

  it.each(samples.map(({ heading, code }) => [heading, code] as const))('%s', async (heading, code) => {
    const cwd = fileURLToPath(new URL(FOLDERS[heading] ?? './', import.meta.url));
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd, env });

    expect(stdout.trim()).toBe(PRINTED[heading] ?? SAID);
  });

  (hasShellTools ? describe : describe.skip)('in the shell', () => {
    it('curl', async () => {
      const [command = ''] = curlCommandsOf(PAGE);
      const { stdout } = await run('sh', ['-c', command], { env });

      expect(JSON.parse(stdout)).toMatchObject({ choices: [{ message: { content: SAID } }] });
    });
  });
});
