import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion } from '../support/builders.js';
import { hasShellTools, runInOneShell } from '../support/documented-samples.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { aModel, anEnd, aStart } from '../support/route-elements.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

/** A route that a sample names. */
const ELEMENTS = [aStart('echo'), aModel('echo', 'sandbox/echo'), anEnd()];

if (!hasShellTools) console.warn("The documentation's samples are not run: install curl.");

(hasShellTools ? describe : describe.skip)("the documentation's samples in the shell", () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    upstream.replies(json(200, aCompletion()));
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
    await gateway.admin('POST', '/ai-gateway/gateways/default/routes', { name: 'support', elements: ELEMENTS });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const ok = expect.objectContaining({ success: true });

  // The key that the second page stores is what the last but one calls with.
  it.each([
    ['docs/control-plane.md', [ok, ok]],
    ['docs/keys.md', [ok]],
    ['docs/custom-providers.md', [ok, ok]],
    ['docs/universal.md', [expect.objectContaining({ object: 'chat.completion' })]],
    ['docs/observability.md', [ok]],
  ])('of %s answer', async (page, answers) => {
    const env = { GATEWAY_URL: gateway.origin, ADMIN_TOKEN, AIG_TOKEN: ADMIN_TOKEN };
    const here = (code: string): string =>
      code.replaceAll('http://127.0.0.1:8787', gateway.origin).replaceAll('aig_…', ADMIN_TOKEN);
    const printed = [...(await runInOneShell(page, here, env)).values()].join('\n');

    expect(
      printed
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(answers);
  });
});
