import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { RawConnection } from '../support/raw-http.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const BODY = JSON.stringify({ model: 'openai/m', ...hello });
const CHAT = '/v1/default/default/compat/chat/completions';
const NATIVE = '/v1/default/default/openai/chat/completions';
/** A request of its own in what should be another's body: whoever counts bytes otherwise takes it for the next one. */
const HIDDEN = `POST ${CHAT}?smuggled HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const chunked = (text: string, size = text.length.toString(16)): string => `${size}\r\n${text}\r\n0\r\n\r\n`;

describe('request smuggling', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      REQUEST_BODY_TIMEOUT_MS: '1000',
    });
    await gateway.storeKey('openai', 'sk-stored-0123456789');
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => upstream.replies(json(200, aCompletion())));

  const head = (...lines: readonly string[]): string =>
    [
      `POST ${CHAT} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${ADMIN_TOKEN}`,
      'content-type: application/json',
      ...lines,
      '',
      '',
    ].join('\r\n');

  /** All that is answered on one connection until the gateway closes it. */
  async function answersTo(bytes: string): Promise<RawConnection> {
    const connection = await RawConnection.open(gateway.origin);
    connection.write(bytes);
    await eventually(() => connection.closed || connection.statuses.some((status) => status >= 400), 20_000);
    connection.close();
    return connection;
  }

  it.each([
    [
      'a length and chunks',
      head(`content-length: ${chunked(BODY).length}`, 'transfer-encoding: chunked') + chunked(BODY),
    ],
    ['chunks and a length', head('transfer-encoding: chunked', 'content-length: 4') + chunked(BODY)],
    ['a length of nothing and chunks', head('content-length: 0', 'transfer-encoding: chunked') + chunked(BODY)],
    ['two lengths', head(`content-length: ${BODY.length}`, 'content-length: 0') + BODY],
    ['the same length twice, in one line', head(`content-length: ${BODY.length}, ${BODY.length}`) + BODY],
    ['two lengths in one line', head(`content-length: ${BODY.length}, 0`) + BODY],
    ['a length with a sign', head(`content-length: +${BODY.length}`) + BODY],
    ['a length below nothing', head('content-length: -1') + BODY],
    ['a length in hexadecimal', head(`content-length: 0x${BODY.length.toString(16)}`) + BODY],
    ['a length that is no number', head(`content-length: ${BODY.length}abc`) + BODY],
    ['a length beyond counting', head('content-length: 18446744073709551616') + BODY],
    ['a length without a number', head('content-length: ') + BODY],
    ['an encoding that is none', head('transfer-encoding: xchunked') + chunked(BODY)],
    ['chunks behind another encoding', head('transfer-encoding: chunked, identity') + chunked(BODY)],
    ['chunks in two lines', head('transfer-encoding: chunked', 'transfer-encoding: identity') + chunked(BODY)],
    ['chunks with a control character', head('transfer-encoding: \x0bchunked') + chunked(BODY)],
    ['chunks with a quoted name', head('transfer-encoding: "chunked"') + chunked(BODY)],
    ['a space before the colon', head('transfer-encoding : chunked') + chunked(BODY)],
    [
      'a line that goes on in the next',
      head('x-a: b\r\n transfer-encoding: chunked', `content-length: ${BODY.length}`).replace(
        '\r\n transfer',
        '\r\n transfer',
      ) + chunked(BODY),
    ],
    ['a header without a name', head(': chunked') + BODY],
    ['a header without a colon', head('transfer-encoding chunked') + BODY],
    ['NUL in a header', head('x-a: a\0b', `content-length: ${BODY.length}`) + BODY],
    ['a bare CR in a header', head('x-a: a\rb', `content-length: ${BODY.length}`) + BODY],
    ['a chunk whose size is no number', head('transfer-encoding: chunked') + chunked(BODY, 'zz')],
    ['a chunk with a size below nothing', head('transfer-encoding: chunked') + chunked(BODY, '-1')],
    ['a chunk whose size is beyond counting', head('transfer-encoding: chunked') + chunked(BODY, 'fffffffffffffffff')],
    ['a chunk that is longer than it says', head('transfer-encoding: chunked') + chunked(BODY, '5')],
    ['a size with an X', head('transfer-encoding: chunked') + chunked(BODY, `0x${BODY.length.toString(16)}`)],
  ])('is refused, and the connection closed: %s', async (_name, bytes) => {
    const connection = await answersTo(bytes + HIDDEN);

    expect(connection.statuses.filter((status) => status >= 400)).toHaveLength(1);
    expect(connection.statuses.at(-1)).toBe(400);
    expect(upstream.received).toHaveLength(0);
  });

  it.each([
    [
      'a chunk with an extension',
      head('transfer-encoding: chunked') + chunked(BODY, `${BODY.length.toString(16)};a=b`),
    ],
    [
      'a size with zeros before it',
      head('transfer-encoding: chunked') + chunked(BODY, `000${BODY.length.toString(16)}`),
    ],
    ['an encoding in capitals', head('Transfer-Encoding: CHUNKED') + chunked(BODY)],
  ])('reads as one request what is one: %s', async (_name, bytes) => {
    const connection = await RawConnection.open(gateway.origin);
    connection.write(bytes.replace('host: x', 'host: x\r\nconnection: close'));
    await eventually(() => connection.closed, 20_000);

    expect(connection.statuses).toEqual([200]);
    expect(upstream.received).toHaveLength(1);
    expect(upstream.last.json()).toMatchObject({ model: 'm', messages: hello.messages });
  });

  it('ends a chunked body where it ends, so that what follows is a request of its own, with credentials of its own', async () => {
    const anonymous = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
    const connection = await RawConnection.open(gateway.origin);
    connection.write(head('transfer-encoding: chunked') + chunked(BODY) + anonymous);
    await eventually(() => connection.closed, 20_000);

    expect(connection.statuses).toEqual([200, 401]);
    expect(upstream.received).toHaveLength(1);
  });

  it.each([
    ['on the compat surface', CHAT],
    ['in a provider’s own API', NATIVE],
  ])('frames its own requests anew: what is in a body stays in it, %s', async (_name, path) => {
    const body = JSON.stringify({
      model: path === CHAT ? 'openai/m' : 'm',
      messages: [{ role: 'user', content: HIDDEN }],
    });
    const connection = await RawConnection.open(gateway.origin);
    connection.write(
      head('transfer-encoding: chunked', 'connection: close, content-length').replace(CHAT, path) +
        chunked(body, `${body.length.toString(16)};x=y`),
    );
    await eventually(() => connection.closed, 20_000);

    expect(connection.statuses).toEqual([200]);
    expect(upstream.received).toHaveLength(1);
    const { headers, body: sent } = upstream.last;
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['content-length']).toBe(String(sent.length));
    expect(upstream.last.json()).toMatchObject({ messages: [{ content: HIDDEN }] });
  });

  it.each([['a line feed alone at the end of a line', '\n']])(
    'takes %s for an end of a line wherever it stands, or nowhere',
    async (_name, end) => {
      const connection = await RawConnection.open(gateway.origin);
      connection.write(head('connection: close', `content-length: ${BODY.length}`).replaceAll('\r\n', end) + BODY);
      await eventually(() => connection.closed, 20_000);

      // One request with all of its headers, or none: never a second that begins where the first one's reader gave up.
      expect(connection.statuses).toHaveLength(1);
      expect(upstream.received.length).toBe(connection.statuses[0] === 200 ? 1 : 0);
    },
  );
});
