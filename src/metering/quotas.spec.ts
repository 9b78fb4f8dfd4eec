import { describe, expect, it } from '@jest/globals';
import { TestClock } from '../../test/support/test-clock.js';
import { MemoryState } from '../state/memory-state.js';
import type { SharedState } from '../state/shared-state.js';
import { StateUnavailable } from '../state/state-unavailable.js';
import { toQuota } from './quota.js';
import { Quotas } from './quotas.service.js';

const terms = { scope: 'g', windowS: 60, technique: 'fixed' } as const;
const byCount = toQuota({ ...terms, key: 'route:1:alice', limit: 2, durable: false });
const byCost = toQuota({ ...terms, key: 'route:2:alice', limit: 1_000_000_000, durable: true });

describe('Quotas', () => {
  it('are taken by count, and looked at by cost', () => {
    const state = new MemoryState(new TestClock(600_000), 0);
    const quotas = new Quotas(state, { whenAway: { limits: 'open', budgets: 'closed', cache: 'miss' } });

    expect([quotas.take(byCount), quotas.take(byCount), quotas.take(byCount)]).toEqual([
      { admitted: true, remaining: 1, resetAt: 660_000 },
      { admitted: true, remaining: 0, resetAt: 660_000 },
      { admitted: false, remaining: 0, resetAt: 660_000 },
    ]);
    expect([quotas.look(byCost), quotas.look(byCost)]).toMatchObject([
      { admitted: true, remaining: 1_000_000_000 },
      { admitted: true, remaining: 1_000_000_000 },
    ]);
  });

  it('decide as the operator wants while the state is away', async () => {
    const away = { admit: () => Promise.reject(new StateUnavailable('gone')) } as Partial<SharedState> as SharedState;
    const told = (limits: 'open' | 'closed', budgets: 'open' | 'closed') =>
      new Quotas(away, { whenAway: { limits, budgets, cache: 'miss' } });

    expect(await told('open', 'closed').take(byCount)).toMatchObject({ admitted: true });
    await expect(told('open', 'closed').look(byCost)).rejects.toMatchObject({ status: 503, internalCode: 2920 });
    expect(await told('closed', 'open').look(byCost)).toMatchObject({ admitted: true });
    await expect(told('closed', 'open').take(byCount)).rejects.toMatchObject({ status: 503 });
  });
});
