import { afterEach, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { connectRedis } from '../../src/state/redis/redis-connection.js';
import { RedisState } from '../../src/state/redis/redis-state.js';
import { HealthHints } from '../../src/target-health/health-hints.service.js';
import { type HealthSubject, TargetHealth } from '../../src/target-health/target-health.service.js';
import { eventually } from '../support/eventually.js';
import { describeOnRedis } from '../support/redis-server.js';
import { TestClock } from '../support/test-clock.js';

/** Ahead of time, so that no hint ends while the test is under way. */
const SOON = Date.now() + 600_000;
const HEARING_MS = 20_000;
const broken = new GatewayError('upstream_failed', 'It does not answer.');
const aSubject = (model: string): HealthSubject => ({
  gatewayInternalId: `gateway-${process.pid}`,
  provider: 'openai',
  model,
  keyId: null,
  keyAlias: null,
});

describeOnRedis('HealthHints', ({ url }) => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  const aReplica = async (): Promise<TargetHealth> => {
    const redis = await connectRedis({ url: url(), cluster: false, timeoutMs: 5_000 });
    const state = new RedisState(redis, { leaseMs: 60_000, whenAway: { cache: 'miss' } });
    const health = new TargetHealth(new TestClock(SOON), { roll: () => 0.99 });
    const hints = new HealthHints(health, state);
    hints.onModuleInit();
    open.push(async () => {
      hints.onApplicationShutdown();
      await state.close();
    });
    return health;
  };
  const circuitOf = (health: TargetHealth, { model }: HealthSubject): string | undefined =>
    health.report(null).find((report) => report.model === model)?.circuit;

  it('open the circuit of every replica when that of one has opened, and of no other target', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const [failing, fine] = [aSubject('failing'), aSubject('fine')];

    for (let i = 0; i < 5; i++) one.failed(failing, broken);

    expect(one.admits(failing)).toBe(false);
    await eventually(() => circuitOf(other, failing) === 'open', HEARING_MS);
    expect(circuitOf(other, fine)).toBeUndefined();
    expect(other.admits(fine)).toBe(true);
  }, 60_000);

  it('are heard once: what an administrator has reset stays so', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const [first, second] = [aSubject('reset'), aSubject('later')];
    for (let i = 0; i < 5; i++) one.failed(first, broken);
    await eventually(() => circuitOf(other, first) === 'open', HEARING_MS);

    other.reset(first.gatewayInternalId, null);
    for (let i = 0; i < 5; i++) one.failed(second, broken);

    // Whoever has heard the later one has looked at the earlier one again.
    await eventually(() => circuitOf(other, second) === 'open', HEARING_MS);
    expect(circuitOf(other, first)).toBeUndefined();
  }, 60_000);
});
