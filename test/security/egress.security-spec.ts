import type { LookupAddress } from 'node:dns';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { ChangeFeed } from '../../src/persistence/change-feed.service.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { HttpTransport } from '../../src/transport/http-transport.service.js';
import { aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const SECRET = 'canary-key-0123456789-abcd';

/** Addresses that a customer must not reach, as they may be written. */
const PRIVATE = [
  ['loopback', '127.0.0.1'],
  ['all of loopback', '127.8.9.10'],
  ['a short form', '127.1'],
  ['a decimal form', '2130706433'],
  ['an octal form', '0177.0.0.1'],
  ['a hexadecimal form', '0x7f.0.0.1'],
  ['full-width digits', '１２７.0.0.1'],
  ['this host', '0.0.0.0'],
  ['loopback of IPv6', '[::1]'],
  ['this host of IPv6', '[::]'],
  ['loopback mapped into IPv6', '[::ffff:127.0.0.1]'],
  ['loopback mapped, in hexadecimal', '[::ffff:7f00:1]'],
  ['loopback compatible with IPv4', '[::7f00:1]'],
  ['loopback behind NAT64', '[64:ff9b::7f00:1]'],
  ['loopback in 6to4', '[2002:7f00:1::]'],
  ['a local network', '10.0.0.1'],
  ['another', '172.16.0.1'],
  ['a third', '192.168.0.1'],
  ["a carrier's network", '100.64.0.1'],
  ['a unique local address', '[fd00::1]'],
  ['a link-local address', '[fe80::1]'],
  ['the metadata of AWS', '169.254.169.254'],
  ['the metadata of AWS in decimal', '2852039166'],
  ['the metadata of AWS in IPv6', '[fd00:ec2::254]'],
  ['the metadata of AWS mapped into IPv6', '[::ffff:169.254.169.254]'],
  ['the metadata of Alibaba', '100.100.100.200'],
  ['the metadata of Oracle', '192.0.0.192'],
  ['a multicast address', '224.0.0.1'],
] as const;

const NAMES = [
  ['localhost', 'localhost'],
  ['localhost, rooted', 'localhost.'],
  ['a name below localhost', 'api.localhost'],
  ['the metadata of Google', 'metadata.google.internal'],
  ['a name of the cluster', 'postgres'],
  ['a name of the local network', 'printer.local'],
] as const;

describe('where a customer may have calls sent to', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let port: string;
  /** What names resolve to, one answer after the other; the last stays. */
  let resolutions: string[] = [];
  const lookup = jest.fn(
    (_host: string, _options: unknown, callback: (error: Error | null, addresses: LookupAddress[]) => void) => {
      const address = (resolutions.length > 1 ? resolutions.shift() : resolutions[0]) ?? '127.0.0.1';
      callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
    },
  );

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    port = new URL(upstream.origin).port;
    // The operator's own override is on loopback, too: that must open nothing for customers.
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
    Object.assign(gateway.app.get(HttpTransport, { strict: false }), { lookup });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    upstream.replies(json(200, aCompletion()));
    lookup.mockClear();
    resolutions = [];
  });

  const control = async (path: string, body: unknown) => {
    const response = await fetch(`${gateway.origin}/client/v4/accounts/default/ai-gateway${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const save = (base_url: string) =>
    control('/custom-providers', { name: 'x', slug: `x-${Date.now()}-${Math.trunc(Math.random() * 1e9)}`, base_url });

  /** A custom provider that got past the control plane: an older row, or one whose name has moved. */
  async function saved(slug: string, baseUrl: string): Promise<void> {
    await gateway.app
      .get(PrismaService, { strict: false })
      .customProvider.create({ data: { id: slug, accountId: 'default', slug, name: slug, baseUrl, enable: true } });
    await gateway.app.get(ChangeFeed, { strict: false }).refresh();
  }
  const ask = async (model: string) => {
    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: `Bearer ${SECRET}` },
      body: JSON.stringify({ ...hello, model }),
    });
    return { status: response.status, text: await response.text() };
  };
  const fault = z.object({ error: z.object({ metadata: z.object({ fault: z.string() }) }) });

  describe('when it is saved', () => {
    it.each([...PRIVATE, ...NAMES])(
      'is not %s (%s), as a custom provider or as a base URL of a key',
      async (_name, host) => {
        const base_url = `https://${host}/v1`;
        const key = await control('/gateways/default/provider_configs', {
          provider_slug: 'openai',
          alias: 'attack',
          default_config: false,
          secret: SECRET,
          settings: { base_url },
        });

        expect([(await save(base_url)).status, key.status]).toEqual([400, 400]);
        expect(key.text).not.toContain(SECRET);
      },
    );

    it.each([
      ['a user name', 'https://api.example.com@127.0.0.1/v1'],
      ['a user name and a password', 'https://user:password@api.example.com'],
      ['a user name that looks like a host', 'https://api.openai.com:443@evil.example'],
      ['a fragment', 'https://api.example.com/#/v1'],
      ['a query', 'https://api.example.com/?to='],
      ['another scheme', 'file:///etc/passwd'],
      ['the scheme of the sandbox', 'sandbox:'],
      ['no encryption', 'http://api.example.com'],
      ['no scheme', '//api.example.com'],
      ['a line break', 'https://api.example\n.com@127.0.0.1'],
    ])('has no URL with %s', async (_name, url) => {
      expect((await save(url)).status).toBe(400);
    });
  });

  describe('when it is connected to', () => {
    const urlOf = (host: string) => new URL(`http://${host}:${port}`).origin;

    it.each(PRIVATE)('is not %s (%s)', async (_name, host) => {
      const slug = `literal-${PRIVATE.findIndex(([, other]) => other === host)}`;
      await saved(slug, urlOf(host));

      const { status, text } = await ask(`custom-${slug}/m`);

      expect([status, fault.parse(JSON.parse(text)).error.metadata.fault]).toEqual([502, 'egress_refused']);
      expect(upstream.received).toHaveLength(0);
    });

    it.each(PRIVATE.filter(([, host]) => URL.canParse(`http://${host}`)))(
      'is no name that resolves to %s (%s)',
      async (_name, host) => {
        const slug = `named-${PRIVATE.findIndex(([, other]) => other === host)}`;
        resolutions = [new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')];
        await saved(slug, `http://${slug}.attacker.example:${port}`);

        const { status, text } = await ask(`custom-${slug}/m`);

        expect([status, fault.parse(JSON.parse(text)).error.metadata.fault]).toEqual([502, 'egress_refused']);
        expect(lookup).toHaveBeenCalled();
        expect(upstream.received).toHaveLength(0);
      },
    );

    it('is no name that is public when it is looked at and private when it is connected to', async () => {
      resolutions = ['93.184.215.14', '127.0.0.1'];
      lookup('rebinding.attacker.example', {}, () => {});
      await saved('rebinding', `http://rebinding.attacker.example:${port}`);

      const { status } = await ask('custom-rebinding/m');

      expect(status).toBe(502);
      expect(upstream.received).toHaveLength(0);
    });

    it("is not where the operator's own override is, and that goes on serving", async () => {
      await saved('operators', upstream.origin);
      const operators = await ask('openai/m');
      const customers = await ask('custom-operators/m');

      expect([operators.status, customers.status]).toEqual([200, 502]);
      expect(upstream.received).toHaveLength(1);
    });

    it.each([301, 302, 303, 307, 308])('is not where an answer of %s points', async (status) => {
      const target = await StubUpstream.start();
      upstream.replies(json(status, {}, { location: `${target.origin}/v1` }));

      const answer = await ask('openai/m');

      const native = await fetch(`${gateway.base}/openai/files`, {
        redirect: 'manual',
        headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: `Bearer ${SECRET}` },
      });

      expect(answer.status).toBeGreaterThanOrEqual(400);
      // In its own API a provider's answer is the caller's to follow, without the key.
      expect(native.status).toBe(status);
      expect([upstream.received.length, target.received.length]).toEqual([2, 0]);
      await target.close();
    });
  });
});
