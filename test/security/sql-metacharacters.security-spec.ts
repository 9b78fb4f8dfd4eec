import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { LOG_FILTER_KEYS, LOG_FILTER_OPERATORS } from '../../src/request-logs/log-filter.js';
import { accountDoors, control, everyRow, type Furniture, furnish } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

/** What would mean something to a database, if it stood in a statement and not beside one. */
const HOSTILE = [
  `' OR '1'='1`,
  `'; DROP TABLE gateways; --`,
  `x'); DELETE FROM gateway_tokens; --`,
  `" OR ""="`,
  '%',
  '_%_',
  '\\',
  `\\'; --`,
  '$1',
  '$$; SELECT pg_sleep(60); $$',
  '{0}',
  '%s%n',
  `U&'\\0027'`,
  '/*',
  '\u2019 OR 1=1',
  `1 UNION SELECT hash FROM gateway_tokens`,
  '1e999',
  'NaN',
  '-9223372036854775809',
  '2026-13-45T99:99:99Z',
  'a\0b',
  '\ud800',
] as const;

const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());
/** Every parameter that any list takes, and some that none does. */
const PARAMETERS = [
  'search',
  'page',
  'per_page',
  'order',
  'order_by',
  'order_by_direction',
  'direction',
  'name',
  'scope',
  'scopes',
  'provider',
  'model',
  'model_type',
  'model_rule',
  'cost_type',
  'gateway_id',
  'account_provider_id',
  'enable',
  'beta',
  'force',
  'success',
  'cached',
  'feedback',
  'start_date',
  'end_date',
  'min_cost',
  'max_tokens_in',
  'request_content_type',
  'from',
  'to',
  'since',
  'interval',
  'group_by',
  'metadata_key',
  'limit',
  'meta_info',
  'id',
] as const;

/** A few at a time: a database has so many connections. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  run: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += 4)
    results.push(...(await Promise.all(items.slice(at, at + 4).map((item, offset) => run(item, at + offset)))));
  return results;
}

describe('CVE-2026-42208, CVE-2026-25591: what means something to a database', () => {
  const admin = { account: 'default', token: ADMIN_TOKEN };
  let gateway: RunningGateway;
  let ids: Furniture;

  beforeAll(async () => {
    gateway = await startGateway();
    ids = await furnish(gateway, admin, 'furnished');
  }, 120_000);
  afterAll(() => gateway.close());

  const fill = (path: string, given: Readonly<Record<string, string>>): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => given[name] ?? 'openai');

  it('is text in every parameter of every list', async () => {
    const lists = accountDoors(gateway).filter((door) => door.startsWith('GET '));
    const before = await everyRow(gateway);

    for (const door of lists) {
      const path = fill(door.slice('GET '.length), ids);
      // All parameters at once would be refused for the first: each alone, with another value at each door.
      const tried = await inTurn(PARAMETERS, async (name, index) => {
        const value = HOSTILE[(index + lists.indexOf(door)) % HOSTILE.length]!;
        const { status } = await control(gateway, admin, 'GET', `${path}?${name}=${encoded(value)}`);
        return [name, value, status] as const;
      });
      expect([door, tried.filter(([, , status]) => status >= 500)]).toEqual([door, []]);
    }
    expect(await everyRow(gateway)).toEqual(before);
  }, 300_000);

  it('is text in every id of every path', async () => {
    const doors = accountDoors(gateway).filter((door) => /:(?!provider$)\w+/.test(door));
    const before = await everyRow(gateway);

    for (const [index, door] of doors.entries()) {
      const [method = '', path = ''] = door.split(' ');
      const hostile = encoded(HOSTILE[index % HOSTILE.length]!);
      const last = path.lastIndexOf(':');
      const { status } = await control(
        gateway,
        admin,
        method,
        fill(path.slice(0, last), ids) + path.slice(last).replace(/:\w+/, hostile),
      );
      expect([door, [400, 404].includes(status)]).toEqual([door, true]);
    }
    expect(await everyRow(gateway)).toEqual(before);
  });

  it('is text, or refused, in every filter of the logs', async () => {
    const before = await everyRow(gateway);

    for (const [at, key] of LOG_FILTER_KEYS.entries()) {
      // Each key meets some of them, and each of them several keys.
      const conditions = LOG_FILTER_OPERATORS.flatMap((operator, index) => {
        const count = operator === 'eq' || operator === 'contains' ? 5 : 1;
        return Array.from({ length: count }, (_, next) => ({
          operator,
          value: HOSTILE[(5 * at + index + next) % HOSTILE.length]!,
        }));
      });
      const tried = await inTurn(conditions, async ({ operator, value }) => {
        const filters = encoded(JSON.stringify([{ key, operator, value: [value] }]));
        const path = `/ai-gateway/gateways/furnished/logs?filters=${filters}`;
        const { status, result } = await control(gateway, admin, 'GET', path);
        return { operator, value, status, found: Array.isArray(result) ? result.length : 0 };
      });
      expect([key, tried.filter(({ status }) => status !== 200 && status !== 400)]).toEqual([key, []]);
      // The one log there is holds none of these: what finds it has been read as a pattern, or as more than a value.
      expect([
        key,
        tried.filter(({ operator, found }) => (operator === 'eq' || operator === 'contains') && found > 0),
      ]).toEqual([key, []]);
    }
    expect(await everyRow(gateway)).toEqual(before);
  }, 300_000);

  it.each(HOSTILE.filter((text) => /^[\x20-\x7e]*$/.test(text)))(
    'is kept as it was said, and found again: %s',
    async (text) => {
      const metadata = { [text]: text, plain: 'x' };
      const response = await fetch(`${gateway.origin}/v1/default/furnished/compat/chat/completions`, {
        method: 'POST',
        headers: {
          'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
          'cf-aig-metadata': JSON.stringify(metadata),
          'cf-aig-event-id': text,
          'user-agent': text,
        },
        body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: text }] }),
      });
      expect(response.status).toBe(200);
      await gateway.app.get(LogPipeline, { strict: false }).flush();

      const logs = '/ai-gateway/gateways/furnished/logs';
      const listOf = async (query: string) => {
        const { result } = await control(gateway, admin, 'GET', `${logs}?per_page=50&${query}`);
        return result as { metadata: string | null; user_agent: string | null }[];
      };
      const filters = [
        { key: 'user_agent', operator: 'eq', value: [text] },
        { key: 'metadata.key', operator: 'eq', value: [text] },
        { key: 'metadata.value', operator: 'contains', value: [text] },
      ];
      for (const filter of filters) {
        const [log, ...more] = await listOf(`filters=${encoded(JSON.stringify([filter]))}`);
        expect([filter.key, log?.user_agent, JSON.parse(log?.metadata ?? 'null'), more]).toEqual([
          filter.key,
          text,
          metadata,
          [],
        ]);
      }
    },
  );
});
