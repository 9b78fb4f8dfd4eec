import { describe, expect, it } from '@jest/globals';

import { ReadinessService } from './readiness.service.js';

const feed = { ready: true, databaseSilentMs: 1_000 };
const config = { url: null, poolSize: 2, dataDir: '/nowhere', allowNewerSchema: false, configPollMs: 5_000 };

const readiness = (state: typeof feed): ReadinessService => new ReadinessService(state, config);

describe('ReadinessService', () => {
  it.each([
    ['a database that answered lately', feed, []],
    ['a database that was silent for two polls', { ...feed, databaseSilentMs: 10_000 }, []],
    ['a database that is away', { ...feed, databaseSilentMs: 60_000 }, ['database: no answer for 60 s']],
    [
      'a first load under way',
      { ready: false, databaseSilentMs: 0 },
      ['snapshots: the configuration is not loaded yet'],
    ],
  ])('says what it thinks of %s', (_name, state, expected) => {
    expect(readiness(state).problems()).toEqual(expected);
  });

  it('is not ready any more as soon as the shutdown begins', () => {
    const service = readiness(feed);

    service.onModuleDestroy();

    expect(service.problems()).toEqual(['stopping: this replica is shutting down']);
  });
});
