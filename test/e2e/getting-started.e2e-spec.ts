import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { hasShellTools, runInOneShell } from '../support/documented-samples.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const PAGE = 'docs/getting-started.md';

if (!hasShellTools) console.warn(`The samples of ${PAGE} are not run: install curl.`);

(hasShellTools ? describe : describe.skip)(`the samples of ${PAGE}, one after the other`, () => {
  let gateway: RunningGateway;
  let printed: ReadonlyMap<string, string>;

  /** The answers under a heading, those that are JSON. */
  const answersUnder = (heading: string): unknown[] =>
    (printed.get(heading) ?? '')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): unknown => JSON.parse(line));

  beforeAll(async () => {
    gateway = await startGateway();
    printed = await runInOneShell(PAGE, (code) =>
      code.replaceAll('http://127.0.0.1:8787', gateway.origin).replaceAll('aig_…', ADMIN_TOKEN),
    );
  });
  afterAll(() => gateway.close());

  it('call the sandbox', () => {
    expect(answersUnder('The first call')).toEqual([
      expect.objectContaining({ choices: [expect.objectContaining({ finish_reason: 'stop' })] }),
    ]);
  });

  it('make a gateway, and store a key that is not shown again', () => {
    expect(answersUnder('A gateway')).toEqual([
      expect.objectContaining({ success: true, result: expect.objectContaining({ id: 'team', collect_logs: true }) }),
    ]);
    expect(answersUnder("A provider's key")).toEqual([
      expect.objectContaining({ success: true, result: expect.objectContaining({ secret_preview: '…-key' }) }),
    ]);
    expect(printed.get("A provider's key")).not.toContain('sk-not-a-real-key');
  });

  it('draw a route, which the new token may ask', () => {
    expect(answersUnder('A route')).toEqual([
      expect.objectContaining({ success: true, messages: [] }),
      expect.objectContaining({ choices: [expect.anything()] }),
    ]);
    expect(printed.get('A route')).toMatch(/^cf-aig-route: support;version=\w+;path=start>big>small>end\r$/m);
    expect(printed.get('A route')).toMatch(
      /^cf-aig-attempts: sandbox\/error-503;overload;503;.*sandbox\/echo;ok;200;/m,
    );
  });

  it('use a budget up', () => {
    expect(answersUnder('A budget')).toEqual([
      expect.objectContaining({ success: true }),
      expect.objectContaining({ success: true }),
      expect.objectContaining({ choices: [expect.anything()] }),
      expect.objectContaining({ httpCode: 429, internalCode: 2041 }),
      expect.objectContaining({ result: [expect.objectContaining({ spent: 0.005, remaining: 0.055 })] }),
    ]);
  });

  it('find the log of a call, and those that were refused', async () => {
    expect(answersUnder('The log of a call')).toEqual([
      expect.objectContaining({
        result: expect.objectContaining({ model: 'sandbox/slow', metadata: '{"user":"ada"}', success: true }),
      }),
      expect.objectContaining({ object: 'chat.completion', model: 'slow' }),
      expect.objectContaining({ success: true, result_info: expect.anything() }),
    ]);
    // A list has what is in the database by now.
    const refused = () => gateway.admin('GET', '/ai-gateway/gateways/team/logs?per_page=10&success=false');
    await eventually(
      async () =>
        z
          .array(z.object({ status_code: z.literal(429) }))
          .length(1)
          .safeParse(await refused()).success,
    );
  });
});
