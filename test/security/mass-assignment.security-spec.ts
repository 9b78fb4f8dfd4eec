import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { accountDoors, bodiesOf, control, everyRow, type Furniture, furnish } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount } from '../support/second-account.js';

const CANARY = 'mass-assigned';
const TIME = '1999-01-01T00:00:00.000Z';
const UUID = '99999999-9999-4999-8999-999999999999';

/** What is the gateway's to say of a thing, by all the names that it has in bodies, answers, columns and code. */
const NOT_FOR_CALLERS: Readonly<Record<string, unknown>> = {
  account_id: CANARY,
  accountId: CANARY,
  account_tag: CANARY,
  internal_id: UUID,
  internalId: UUID,
  gatewayId: CANARY,
  gateway_internal_id: UUID,
  gatewayInternalId: UUID,
  is_default: true,
  isDefault: true,
  created_at: TIME,
  createdAt: TIME,
  created: TIME,
  modified_at: TIME,
  modified_on: TIME,
  issued_on: TIME,
  hash: CANARY,
  preview: CANARY,
  secret_preview: CANARY,
  ciphertext: CANARY,
  wrapped_key: CANARY,
  kek_id: CANARY,
  kekId: CANARY,
  keyId: CANARY,
  changed_by: CANARY,
  changedBy: CANARY,
  grants: [CANARY],
  permissions: [CANARY],
  role: CANARY,
  is_admin: true,
  allow_private_network: true,
  deployment: { version_id: CANARY },
  cost_nano: 987_654_321,
  token_id: CANARY,
};

/** Places where any name is a caller's to choose. */
const FREE: ReadonlySet<string> = new Set(['headers', 'metadata', 'resources', 'outputs', 'request', 'prices']);

/** The body with everything that is not for callers in it, in each of its objects. */
function loaded(value: unknown, hostile: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => loaded(item, hostile));
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).map(([name, inner]) => [name, FREE.has(name) ? inner : loaded(inner, hostile)]);
  return { ...hostile, ...Object.fromEntries(own) };
}

describe('CVE-2026-47101, -47102: fields that are not for callers to set', () => {
  const admin = { account: 'default', token: ADMIN_TOKEN };
  let gateway: RunningGateway;
  let ids: Furniture;

  beforeAll(async () => {
    gateway = await startGateway();
    await insertAccount(gateway, CANARY);
    ids = await furnish(gateway, admin, 'furnished');
  }, 120_000);
  afterAll(() => gateway.close());

  const fill = (path: string): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => Object.entries(ids).find(([own]) => own === name)?.[1] ?? name);
  const isWriting = (door: string): boolean => /^(?:POST|PUT|PATCH) /.test(door);

  it('has a body for every door that takes one', () => {
    const doors = accountDoors(gateway).filter(isWriting);
    const known = Object.keys(bodiesOf('default', ids)).filter(isWriting);

    expect(known.toSorted()).toEqual(doors.toSorted());
  });

  it.each([
    [
      'beside the others',
      (body: unknown) =>
        Array.isArray(body) ? loaded(body, NOT_FOR_CALLERS) : { ...NOT_FOR_CALLERS, ...(body as object) },
    ],
    ['in each object', (body: unknown) => loaded(body, NOT_FOR_CALLERS)],
    [
      'and an id',
      (body: unknown) => (Array.isArray(body) ? loaded(body, { id: CANARY }) : { id: CANARY, ...(body as object) }),
    ],
  ])('reach no row, at any door, %s', async (_name, load) => {
    const refused: string[] = [];
    for (const door of accountDoors(gateway).filter(isWriting)) {
      const body = bodiesOf('default', ids)[door];
      const [method = '', path = ''] = door.split(' ');
      const { status, text } = await control(gateway, admin, method, fill(path), load(body ?? {}));
      expect([door, status < 500, text.includes(CANARY) || text.includes(TIME)]).toEqual([door, true, false]);
      if (status !== 200) refused.push(door);
    }

    const { accounts, ...tables } = await everyRow(gateway);
    for (const [table, rows] of Object.entries(tables)) {
      const foreign = rows.split('\\"account_id\\": \\"mass-assigned\\"').length - 1;
      // The second account's own gateway and token are all that bears its name.
      expect([table, foreign]).toEqual([table, table === 'gateways' || table === 'gateway_tokens' ? 1 : 0]);
      expect([table, rows.includes(UUID), rows.includes(TIME.slice(0, 19)), rows.includes('987654321')]).toEqual([
        table,
        false,
        false,
        false,
      ]);
    }
    expect(accounts).toBeDefined();
    const defaults = await gateway.app
      .get(PrismaService, { strict: false })
      .gateway.findMany({ where: { isDefault: true } });
    expect(defaults.map(({ accountId, id }) => `${accountId}/${id}`).toSorted()).toEqual([
      'default/default',
      `${CANARY}/default`,
    ]);
    // Most doors pass over what they do not know: had all refused, this would show nothing.
    expect(refused.length).toBeLessThan(15);
  });
});
