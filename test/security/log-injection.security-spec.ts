import { stripVTControlCharacters } from 'node:util';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GatewayLogger } from '../../src/app.logger.js';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { hello } from '../support/builders.js';
import { control } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { RawConnection } from '../support/raw-http.js';
import { eventually } from '../support/eventually.js';
import { StubUpstream, text as page } from '../support/stub-upstream.js';

const FORGED =
  'x\r\n[Gateway] 1  - 11/23/2026, 1:00:00 PM     LOG [Auth] admin let in\n\u001b[2J\u001b[31m\u0007\u2028{"level":"log"}';
/** What begins each line of the log, and what only the hostile text holds. */
const LINE = /^\[Gateway\] \d+ +- /;

describe('CVE-2025-0330 and its kin: what callers write into the log', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let printed = '';

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      LOG_LEVEL: 'verbose',
    });
    const print = (bytes: unknown): boolean => {
      printed += String(bytes);
      return true;
    };
    jest.spyOn(process.stdout, 'write').mockImplementation(print);
    jest.spyOn(process.stderr, 'write').mockImplementation(print);
    gateway.app.useLogger(new GatewayLogger({ logFormat: 'text', logLevel: 'verbose' }));
  }, 120_000);
  afterAll(async () => {
    jest.restoreAllMocks();
    await gateway.close();
    await upstream.close();
  });

  const call = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(gateway.base + path, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('begins no line of its own, and moves no cursor', async () => {
    upstream.replies(page(500, FORGED));
    const inline = { authorization: 'Bearer sk-inline-0123456789', 'cf-aig-max-attempts': '1' };
    await call('/compat/chat/completions', { model: `openai/${FORGED}`, ...hello }, inline);
    await call('/compat/chat/completions', { model: FORGED, ...hello });
    await call('/openai/chat/completions', { model: FORGED }, inline);
    await call(`/${encodeURIComponent(FORGED)}/x`, {});
    await call('', [{ provider: FORGED, endpoint: FORGED, query: {} }]);
    await call(
      '/compat/chat/completions',
      { model: 'sandbox/echo', messages: [{ role: 'user', content: FORGED }] },
      {
        'cf-aig-metadata': JSON.stringify({ [FORGED]: FORGED }).replaceAll(/[\u2028]/g, '?'),
        'cf-aig-event-id': encodeURIComponent(FORGED),
      },
    );
    await control(gateway, { account: 'default', token: ADMIN_TOKEN }, 'POST', '/ai-gateway/gateways', { id: FORGED });
    const raw = await RawConnection.open(gateway.origin);
    raw.write(`GET /v1/\u001b[31m HTTP/1.1\r\nuser-agent: \u001b[31m\r\n\r\n`);
    await eventually(() => raw.closed, 20_000);
    // Whatever code there is that says what it was given.
    const logger = new Logger(FORGED);
    logger.warn(`It failed: ${FORGED}`);
    logger.error({ event: 'x', model: FORGED }, `Error: ${FORGED}\n    at x (y.ts:1:1)`);
    logger.error('It failed', new Error(FORGED, { cause: new Error(FORGED) }));

    expect(printed).toContain('admin let in');
    for (const line of stripVTControlCharacters(printed).split(/\r\n|[\n\r\u2028\u2029]/)) {
      // A line that tells of it is one of the log’s own, with the forged beginning within it; or a part of an object or a stack.
      if (line.includes('[Auth]')) expect(line).toMatch(/(?:\\n|\\u000a)\[Gateway\]|^ +\[Gateway\]/);
      if (LINE.test(line)) expect(line.replace(LINE, '').slice(0, 60)).not.toContain('[Auth] admin');
    }
    expect(['\u001b[2J', '\u0007', '\u2028', '\r'].filter((obeyed) => printed.includes(obeyed))).toEqual([]);
  });

  it('is data in the stored logs: kept as it was, told as JSON, and in headers without an effect', async () => {
    const response = await call('/compat/chat/completions', { model: `sandbox/${FORGED}`, ...hello });
    await gateway.app.get(LogPipeline, { strict: false }).flush();
    const { result, text } = await control(
      gateway,
      { account: 'default', token: ADMIN_TOKEN },
      'GET',
      '/ai-gateway/gateways/default/logs?per_page=1',
    );

    expect(result).toMatchObject([{ requested_model: `sandbox/${FORGED}` }]);
    expect(text).not.toMatch(/\p{Cc}/u);
    for (const [, value] of response.headers) expect(value).toMatch(/^[\x20-\x7e]*$/);
  });
});
