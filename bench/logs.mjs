/**
 * `node bench/logs.mjs --database URL`: how fast logs are written to a Postgres server, and listed among millions. The database is used as
 * it is: an empty one is filled first, one that has been filled is listed only.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ADMIN_TOKEN } from './lib/keys.mjs';
import { stopAll } from './lib/processes.mjs';
import { percentile } from './lib/statistics.mjs';
import { startGateway, startMock } from './lib/targets.mjs';

const { values: options } = parseArgs({
  options: {
    database: { type: 'string' },
    rows: { type: 'string', default: '5000000' },
    /** Seconds of writing. */
    seconds: { type: 'string', default: '10' },
    /** Bytes of a request, and of its answer. */
    payload: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '30' },
    gateway: { type: 'string', default: fileURLToPath(new URL('../dist/main.js', import.meta.url)) },
  },
});
if (options.database === undefined) {
  process.stderr.write('Say which: --database postgresql://…\n');
  process.exit(2);
}

const DAYS = 10;
const DAY_MS = 24 * 60 * 60 * 1000;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const say = (text) => process.stdout.write(`${text}\n`);
const load = (path) => import(pathToFileURL(join(dirname(options.gateway), path)).href);

/** A ULID's time, in SQL. */
const start = (ms) =>
  Array.from({ length: 10 }, (_, i) => `substr('${CROCKFORD}', ((${ms} >> ${45 - i * 5}) & 31)::int + 1, 1)`).join(
    '||',
  );

const generate = (gatewayId) => `
  INSERT INTO request_logs (id, gateway_internal_id, created_at, provider, model, requested_model, model_type, request_type, surface, path,
    duration_ms, success, status_code, outcome, cached, streamed, step, tokens_in, tokens_out, cost_nano, custom_cost, metadata,
    request_content_type, response_content_type, request_size, response_size, user_agent, token_id, credential, finish_reason, detail)
  SELECT ${start('ms')} || lpad(n::text, 16, '0'), '${gatewayId}', to_timestamp(ms / 1000.0), provider, provider || '/' || model, model,
    'text-generation', 'chat', 'compat', '/v1/default/default/compat/chat/completions', 100 + (r * 5000)::int, r > 0.02,
    CASE WHEN r > 0.02 THEN 200 ELSE 500 END, CASE WHEN r > 0.02 THEN 'completed' ELSE 'failed' END, n % 10 = 0, n % 3 = 0, 0,
    (r * 3000)::int, (r * 800)::int, (r * 2e7)::bigint, false,
    CASE WHEN n % 2 = 0 THEN jsonb_build_object('user', 'u' || (r * 10000)::int, 'team', 't' || (r * 20)::int) END,
    'application/json', 'application/json', 1000, 1100, 'OpenAI/JS 6.49.0', '0123456789abcdef0123456789abcdef', 'default', 'stop',
    '{"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13},"usage_source":"provider","timings":{"queue":0,"connect":1,"headers":10,"first_token":11,"total":12},"attempts":[]}'
  FROM (SELECT n, r, $3::bigint + (n * $4::double precision)::bigint AS ms,
          (ARRAY['openai', 'openai', 'anthropic', 'google-ai-studio'])[1 + n % 4] AS provider,
          CASE WHEN n % 100000 = 77 THEN 'rare-model' ELSE 'model-' || (r * 7)::int END AS model
          FROM (SELECT n, random() AS r FROM generate_series($1::bigint, $2::bigint) AS n) AS numbers) AS calls`;

async function write(database) {
  const { LogWriterRepository } = await load('request-logs/log-writer.repository.js');
  const { LogPartitionsRepository } = await load('request-logs/log-partitions.repository.js');
  const { ulid } = await load('common/ids.js');
  const { Spool } = await load('request-logs/spool.js');
  const directory = mkdtempSync(join(tmpdir(), 'logs-bench-'));
  const spool = new Spool(directory, { maxBytes: 1e9, segmentBytes: 4 * 1024 * 1024 });
  const writer = new LogWriterRepository(database, new LogPartitionsRepository());
  const words = 'the quick brown fox jumps over the lazy dog and '.repeat(Math.ceil(Number(options.payload) / 48));
  const body = (text) => Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: text }] }));
  const request = body(words.slice(0, Number(options.payload)));
  // As request-logs/log-entry.ts names its columns.
  const rowOf = (id) =>
    Buffer.from(
      `{"i":"${id}","g":"00000000-0000-0000-0000-000000000001","t":"${new Date().toISOString()}","p":"openai","m":"openai/gpt-4o-mini","M":"openai/gpt-4o-mini","k":"text-generation","K":"chat","f":"compat","P":"/v1/default/default/compat/chat/completions","d":12,"s":true,"S":200,"o":"completed","h":false,"H":false,"n":0,"a":9,"A":4,"c":12345,"C":false,"q":"application/json","r":"application/json","Q":${request.length},"R":${request.length},"u":"OpenAI/JS 6.49.0","T":"0123456789abcdef0123456789abcdef","y":"default","F":"stop","e":{"user":"u1"},"D":{"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13},"usage_source":"provider","timings":{"queue":0,"connect":1,"headers":10,"first_token":11,"total":12},"attempts":[{"step":0,"provider":"openai","model":"gpt-4o-mini","key":"default","started_at":1764000000000,"outcome":"ok","status":200,"duration_ms":12,"bytes":1100,"next":null}]}}`,
    );
  let rows = 0;
  const began = performance.now();
  while (performance.now() - began < Number(options.seconds) * 1000) {
    for (let i = 0; i < 300; i += 1) spool.append(rowOf(ulid()), request, [request]);
    const batch = spool.next();
    await writer.write(batch);
    spool.commit(batch);
    rows += batch.entries.length;
  }
  const perSecond = rows / ((performance.now() - began) / 1000);
  await writer.onApplicationShutdown();
  spool.close();
  rmSync(directory, { recursive: true });
  say(
    `Written: ${perSecond.toFixed(0)} rows a second, with ${2 * request.length} bytes of payload each, one connection.`,
  );
}

const LISTS = [
  { name: 'no filter', query: '' },
  { name: 'page 20', query: 'page=20' },
  { name: 'provider', filters: [['provider', 'eq', ['openai']]] },
  { name: 'model', filters: [['model', 'eq', ['openai/model-3']]] },
  { name: 'a rare model', filters: [['model', 'eq', ['openai/rare-model']]] },
  { name: 'failed', filters: [['success', 'eq', [false]]] },
  { name: 'cached', filters: [['cached', 'eq', [true]]] },
  { name: 'the last hour', filters: [['created_at', 'gt', ['HOUR']]] },
  {
    name: 'one day, failed',
    filters: [
      ['created_at', 'gt', ['DAY2']],
      ['created_at', 'lt', ['DAY1']],
      ['success', 'eq', [false]],
    ],
  },
  {
    name: 'a metadata entry',
    filters: [
      ['metadata.key', 'eq', ['user']],
      ['metadata.value', 'eq', ['u1234']],
    ],
  },
  {
    name: 'a common metadata entry',
    filters: [
      ['metadata.key', 'eq', ['team']],
      ['metadata.value', 'eq', ['t7']],
    ],
  },
  { name: 'tokens over', filters: [['tokens', 'gt', [2000]]] },
  { name: 'duration over', filters: [['duration', 'gt', [4000]]] },
  { name: 'cost over', filters: [['cost', 'gt', [0.01]]] },
  { name: 'search in metadata', query: 'search=t7' },
];

async function list(origin, now) {
  say('| list of 50 | median | slowest |\n| --- | ---: | ---: |');
  const times = { HOUR: now - 3600_000, DAY2: now - 2 * DAY_MS, DAY1: now - DAY_MS };
  for (const { name, query: plain = '', filters } of LISTS) {
    const wanted = filters?.map(([key, operator, value]) => ({
      key,
      operator,
      value: value.map((one) => times[one] ?? one),
    }));
    const query = wanted === undefined ? plain : `filters=${encodeURIComponent(JSON.stringify(wanted))}`;
    const url = `${origin}/client/v4/accounts/default/ai-gateway/gateways/default/logs?per_page=50&${query}`;
    const took = [];
    for (let i = 0; i < Number(options.requests); i += 1) {
      const began = performance.now();
      const answer = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      const { result, success } = await answer.json();
      took.push(performance.now() - began);
      if (!success || result.length === 0) throw new Error(`${name}: ${answer.status}, ${result?.length} rows`);
    }
    const sorted = took.slice(3).toSorted((a, b) => a - b);
    say(`| ${name} | ${percentile(sorted, 0.5).toFixed(1)} ms | ${sorted.at(-1).toFixed(1)} ms |`);
  }
}

async function fill(gatewayId, from, every, total) {
  const { LogPartitionsRepository } = await load('request-logs/log-partitions.repository.js');
  await new LogPartitionsRepository().makeAhead(client, from, DAYS);
  const step = 250_000;
  for (let first = 0; first < total; first += step) {
    const last = Math.min(first + step, total) - 1;
    await client.query(generate(gatewayId), [first, last, Math.floor(from), every]);
    process.stderr.write(`${last + 1} rows\r`);
  }
  await client.query(
    `INSERT INTO request_log_counts SELECT gateway_internal_id, created_at::date, count(*) FROM request_logs
    WHERE gateway_internal_id = $1 GROUP BY 1, 2`,
    [gatewayId],
  );
  await client.query('VACUUM ANALYZE request_logs');
}

let exitCode = 0;
const client = new pg.Client({ connectionString: options.database });
try {
  const mock = await startMock();
  await client.connect();
  // Of a run before, under another master key.
  await client
    .query("DELETE FROM provider_keys; DELETE FROM stored_secrets; DELETE FROM gateways WHERE id <> 'default'")
    .catch(() => undefined);
  const gateway = await startGateway(mock, options.gateway, [], { DATABASE_URL: options.database });
  const { rows } = await client.query(`SELECT internal_id FROM gateways WHERE id = 'default'`);
  const total = Number(options.rows);
  const now = Date.now();
  const from = now - (DAYS - 0.01) * DAY_MS;
  const { rows: known } = await client.query(
    'SELECT max(created_at) AS newest FROM request_logs WHERE gateway_internal_id = $1',
    [rows[0].internal_id],
  );
  if (known[0].newest === null) {
    await write({ kind: 'server', connection: { connectionString: options.database } });
    await fill(rows[0].internal_id, from, (now - from) / total, total);
  }
  await list(`http://127.0.0.1:${gateway.port}`, known[0].newest?.getTime() ?? now);
  await gateway.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  exitCode = 1;
} finally {
  await client.end().catch(() => undefined);
  await stopAll();
}
process.exit(exitCode);
