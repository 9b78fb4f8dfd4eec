import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';

import { parseEnv, readEnv } from './env.js';
import { StartError } from './start-error.js';

const KEY = Buffer.alloc(32, 7).toString('base64');

function problemsOf(variables: Record<string, string>): readonly string[] {
  try {
    parseEnv(variables);
    return [];
  } catch (error) {
    if (error instanceof StartError) return error.problems;
    throw error;
  }
}

describe('parseEnv', () => {
  it('needs nothing to be set', () => {
    expect(parseEnv({})).toMatchObject({ HOST: '127.0.0.1', PORT: 8787, PROVIDER_BASE_URLS: {} });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(parseEnv({ PORT: '', MASTER_KEY: '', DATABASE_URL: '' })).toEqual(parseEnv({}));
  });

  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['PUBLIC_ORIGIN', 'gateway.example.com'],
    ['MASTER_KEY', 'too-short'],
    ['ADMIN_TOKEN', 'too-short'],
    ['PROVIDER_BASE_URLS', '{openai}'],
    ['PROVIDER_BASE_URLS', '{"openai":"ftp://example.com"}'],
    ['CONFIG_POLL_MS', '1'],
    ['SANDBOX', 'yes'],
    ['CLUSTER_WORKERS', 'many'],
    ['CLUSTER_WORKERS', '0'],
    ['CLUSTER_WORKERS', '1.5'],
  ])('refuses %s=%s in one line that names it and keeps its value to itself', (name, value) => {
    const problems = problemsOf({ [name]: value });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}[.:]`));
    expect(problems[0]).not.toContain(value.length > 3 ? value : '\0');
  });

  it('lists every problem at once', () => {
    expect(problemsOf({ PORT: 'abc', LOG_LEVEL: 'loud' })).toHaveLength(2);
  });

  it('wants a master key in production', () => {
    expect(problemsOf({ NODE_ENV: 'production' })[0]).toMatch(/^MASTER_KEY: is required in production/);
    expect(problemsOf({ NODE_ENV: 'production', MASTER_KEY: KEY })).toEqual([]);
  });
});

describe('CLUSTER_WORKERS', () => {
  const REDIS_URL = 'redis://127.0.0.1';

  it('is one process unless it says otherwise, and as many as there are cores when it says auto', () => {
    expect(parseEnv({}).CLUSTER_WORKERS).toBe(1);
    expect(parseEnv({ CLUSTER_WORKERS: '3', REDIS_URL }).CLUSTER_WORKERS).toBe(3);
    expect(parseEnv({ CLUSTER_WORKERS: 'auto', REDIS_URL }).CLUSTER_WORKERS).toBe(availableParallelism());
  });

  it('wants Redis for more than one, since they would count apart', () => {
    expect(problemsOf({ CLUSTER_WORKERS: '2' })).toEqual([
      'CLUSTER_WORKERS: 2 workers share rate limits, budgets and cached answers in Redis: set REDIS_URL, or CLUSTER_WORKERS=1',
    ]);
  });
});

describe('readEnv', () => {
  const before = process.env['PORT'];
  afterEach(() => {
    if (before === undefined) delete process.env['PORT'];
    else process.env['PORT'] = before;
  });

  it('parses once, and again when a variable has changed', () => {
    process.env['PORT'] = '1234';
    const first = readEnv();
    expect(readEnv()).toBe(first);

    process.env['PORT'] = '4321';
    expect(readEnv().PORT).toBe(4321);
  });
});
