import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InFlightCalls } from '../../src/http/in-flight.service.js';
import { hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { RawConnection } from '../support/raw-http.js';
import { StubUpstream } from '../support/stub-upstream.js';

const WITHIN_MS = 30_000;
const CHAT = 'POST /v1/default/default/compat/chat/completions HTTP/1.1';

describe('slowloris: callers that take their time', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      REQUEST_BODY_TIMEOUT_MS: '1000',
      STALLED_READER_TIMEOUT_MS: '1000',
    });
    await gateway.storeKey('openai', 'sk-stored-0123456789');
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const inFlight = (): number => gateway.app.get(InFlightCalls, { strict: false }).count;

  /** Writes a piece again and again, so that the connection is never quiet, until the gateway has had enough. */
  async function drip(beginning: string, piece: string): Promise<RawConnection> {
    const connection = await RawConnection.open(gateway.origin);
    connection.write(beginning);
    const dripping = setInterval(() => connection.write(piece), 100);
    await eventually(() => connection.closed, WITHIN_MS).finally(() => clearInterval(dripping));
    return connection;
  }

  const head = (...lines: readonly string[]): string =>
    ['host: x', `authorization: Bearer ${ADMIN_TOKEN}`, 'content-type: application/json', ...lines, '', ''].join(
      '\r\n',
    );

  it.each([
    ['headers that never end', `${CHAT}\r\nhost: x\r\n`, 'x-a: b\r\n'],
    ['a request line that never ends', 'POST /v1/', 'a'],
    ['a body that never ends', `${CHAT}\r\n${head('content-length: 100000')}`, ' '],
    ['chunks that never end', `${CHAT}\r\n${head('transfer-encoding: chunked')}`, '1\r\n \r\n'],
    ['trailers that never end', `${CHAT}\r\n${head('transfer-encoding: chunked')}2\r\n{}\r\n0\r\n`, 'x-a: b\r\n'],
    [
      'a body of the control plane that never ends',
      `POST /client/v4/accounts/default/tokens HTTP/1.1\r\n${head('content-length: 100000')}`,
      ' ',
    ],
    ['a body that nobody let in', `${CHAT}\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`, ' '],
  ])('are cut off: %s', async (_name, beginning, piece) => {
    const connection = await drip(beginning, piece);

    expect(connection.statuses.filter((status) => status < 400)).toEqual([]);
    await eventually(() => inFlight() === 0, WITHIN_MS);
  });

  it('do not keep others waiting', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(gateway.origin)));
    for (const connection of slow) connection.write(`${CHAT}\r\nhost: x\r\n`);

    expect((await fetch(`${gateway.origin}/healthz`)).status).toBe(200);
    for (const connection of slow) connection.close();
  });

  const endless = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'.repeat(1_000);

  it.each([
    ['a stream', CHAT, { model: 'openai/m', stream: true, ...hello }, 'text/event-stream'],
    [
      'a provider’s own stream',
      'POST /v1/default/default/openai/chat/completions HTTP/1.1',
      { model: 'm', stream: true },
      'text/event-stream',
    ],
    [
      'a provider’s own bytes',
      'GET /v1/default/default/openai/files/f/content HTTP/1.1',
      null,
      'application/octet-stream',
    ],
  ])('that read nothing of %s hold back the provider, and are cut off', async (_name, line, body, type) => {
    let given = 0;
    upstream.replies((response) => {
      response.writeHead(200, { 'content-type': type });
      const give = (): void => {
        while (!response.destroyed && given < 512 * 1024 * 1024) {
          given += endless.length;
          if (!response.write(endless)) return void response.once('drain', give);
        }
      };
      give();
    });
    const connection = await RawConnection.open(gateway.origin);
    connection.stopReading();
    const text = body === null ? '' : JSON.stringify(body);
    connection.write(`${line}\r\n${head(`content-length: ${text.length}`)}${text}`);
    await eventually(() => inFlight() === 1, WITHIN_MS);

    // The provider hears of it, too: its connection is closed.
    await eventually(() => inFlight() === 0, WITHIN_MS);
    await upstream.last.closed;
    expect(given).toBeLessThan(128 * 1024 * 1024);
    connection.close();
  });

  it('that read a stream slowly, but read, are left alone', async () => {
    upstream.replies((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        `${endless.repeat(200)}data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
      );
    });
    const connection = await RawConnection.open(gateway.origin);
    const text = JSON.stringify({ model: 'openai/m', stream: true, ...hello });
    connection.stopReading();
    connection.write(`${CHAT}\r\n${head('connection: close', `content-length: ${text.length}`)}${text}`);
    await eventually(() => inFlight() === 1, WITHIN_MS);
    connection.readOn();
    await eventually(() => connection.closed, WITHIN_MS);

    expect(connection.answer).toContain('data: [DONE]');
  });
});
