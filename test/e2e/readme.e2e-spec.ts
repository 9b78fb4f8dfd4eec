import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aStream } from '../support/builders.js';
import { curlCommandsOf, hasShellTools } from '../support/documented-samples.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { sse, StubUpstream } from '../support/stub-upstream.js';

const run = promisify(execFile);

const samples = curlCommandsOf('README.md');

if (!hasShellTools) console.warn("The README's samples are not run: install curl.");

(hasShellTools ? describe : describe.skip)("the README's curl samples", () => {
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

  /** As a reader would paste it, but for the port. */
  const paste = async (command: string): Promise<string> => {
    const here = command
      .replaceAll('http://127.0.0.1:8787', gateway.origin)
      .replace(/^curl /, 'curl -sS --fail-with-body --max-time 20 ');
    const { stdout } = await run('sh', ['-c', here], { env: { ...process.env, AIG_TOKEN: ADMIN_TOKEN } });
    return stdout;
  };

  it('are three: the sandbox, a key stored, a model asked', () => {
    expect(samples).toHaveLength(3);
  });

  it('ask the sandbox without any provider key', async () => {
    expect(JSON.parse(await paste(samples[0]!))).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: expect.stringContaining('Hello!') } }],
    });
  });

  it('store a key, and then reach the provider with it', async () => {
    expect(JSON.parse(await paste(samples[1]!))).toMatchObject({
      success: true,
      result: { provider_slug: 'openai', alias: 'default' },
    });

    upstream.replies(sse(...aStream('Hello from upstream.')));
    expect(await paste(samples[2]!)).toMatch(/upstream[\s\S]*data: \[DONE\]\n\n$/);
    expect(upstream.last.headers['authorization']).toBe('Bearer sk-...');
  });

  it('of dynamic routes: make one, and fall back on it', async () => {
    const [create, ask] = curlCommandsOf('docs/dynamic-routes.md');
    expect(JSON.parse(await paste(create!))).toMatchObject({ success: true, messages: [] });
    expect(await paste(ask!)).toMatch(/cf-aig-route: customer-support;version=\w+;path=start>plan>big>small>end\r\n/);
  });
});
