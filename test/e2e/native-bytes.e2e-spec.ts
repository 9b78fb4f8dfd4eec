import { createHash, type Hash } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChildGateway } from '../support/child-gateway.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN } from '../support/gateway.js';

const MB = 1024 * 1024;
/** `NATIVE_BYTES_MB` for more or less. */
const SIZE = Number(process.env['NATIVE_BYTES_MB'] ?? 200) * MB;
const ALLOWED = 64 * MB;
const CHUNK = Buffer.alloc(MB, 'no two pieces of this are the same in a row, more or less. ');

/** Measurements for which a side is busy elsewhere: what it does not take must wait at the other. */
const BUSY_FOR = 5;

const headers = { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: 'Bearer sk-own-0000000001' };

function* chunks(): Generator<Buffer> {
  for (let sent = 0; sent < SIZE; sent += CHUNK.length) yield CHUNK.subarray(0, Math.min(CHUNK.length, SIZE - sent));
}

const EXPECTED = [...chunks()].reduce((hash: Hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex');

async function digestOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of stream) hash.update(bytes);
  return hash.digest('hex');
}

describe(`${SIZE / MB} MB through the gateway`, () => {
  let upstream: Server;
  let gateway: ChildGateway;
  let measurements = 0;
  let uploaded = '';

  /** Resolves after a number of measurements of what the gateway holds. */
  const busy = async (): Promise<void> => {
    const until = measurements + BUSY_FOR;
    await eventually(() => measurements >= until, 60_000);
  };

  const receive = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    await busy();
    uploaded = await digestOf(incoming);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1"}');
  };

  beforeAll(async () => {
    upstream = createServer((incoming, response) => {
      if (incoming.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': SIZE });
        Readable.from(chunks()).pipe(response);
      } else {
        void receive(incoming, response);
      }
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    gateway = await ChildGateway.start({
      PROVIDER_BASE_URLS: JSON.stringify({ openai: `http://127.0.0.1:${port}` }),
    });
  }, 180_000);

  afterAll(async () => {
    await gateway.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  /** How many more bytes the gateway holds at most, while something is under way, than before it. */
  async function peakDuring(work: () => Promise<void>): Promise<number> {
    const before = await gateway.heldBytes();
    let peak = before;
    const done = work();
    const isOver = done.then(
      () => true,
      () => true,
    );
    do {
      peak = Math.max(peak, await gateway.heldBytes());
      measurements++;
      // A collection stops the gateway: between two of them it works.
    } while (!(await Promise.race([isOver, setTimeout(100, false)])));
    await done;
    return peak - before;
  }

  const send = (
    method: string,
    path: string,
    body?: Readable,
    more: Record<string, string> = {},
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        `${gateway.origin}/v1/default/default/openai${path}`,
        { method, headers: { ...headers, ...more } },
        resolve,
      );
      outgoing.on('error', reject);
      if (body === undefined) outgoing.end();
      else body.pipe(outgoing);
    });

  it('comes down, byte for byte, in less than 64 MB of memory', async () => {
    const extra = await peakDuring(async () => {
      const answer = await send('GET', '/files/file-1/content');
      expect(answer.headers['content-length']).toBe(String(SIZE));
      await busy();
      expect(await digestOf(answer)).toBe(EXPECTED);
    });

    expect(extra).toBeLessThan(ALLOWED);
  }, 180_000);

  it.each([
    ['announced', { 'content-length': String(SIZE) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])(
    'goes up %s, byte for byte, in less than 64 MB of memory',
    async (_name, more) => {
      const extra = await peakDuring(async () => {
        const answer = await send('POST', '/files', Readable.from(chunks()), {
          'content-type': 'multipart/form-data; boundary=x',
          ...more,
        });
        expect(answer.statusCode).toBe(200);
        answer.resume();
      });

      expect(uploaded).toBe(EXPECTED);
      expect(extra).toBeLessThan(ALLOWED);
    },
    180_000,
  );

  it('is measured: what waits in the gateway for the rest of a body that it reads whole counts', async () => {
    const extra = await peakDuring(async () => {
      const outgoing = request(`${gateway.origin}/v1/default/default/compat/chat/completions`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'content-length': ALLOWED + 1 },
      });
      outgoing.on('error', () => {});
      await new Promise((resolve) => outgoing.write(Buffer.alloc(ALLOWED, ' '), resolve));
      await busy();
      outgoing.destroy();
    });

    expect(extra).toBeGreaterThan(ALLOWED / 2);
  }, 180_000);
});
