import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../common/errors/gateway-error.js';
import { type HealthSubject, TargetHealth } from './target-health.service.js';

const aSubject = (rest: Partial<HealthSubject> = {}): HealthSubject => ({
  gatewayInternalId: 'g',
  provider: 'openai',
  model: 'm',
  keyId: 'k',
  keyAlias: 'default',
  ...rest,
});

const anError = (status: number, code: string | null = null, headers: Record<string, string> = {}): GatewayError =>
  new GatewayError('upstream_error', 'x', { status, code, headers });

const aHealth = () => {
  const clock = { time: 1_000_000, now: () => clock.time };
  return { clock, health: new TargetHealth(clock, { roll: () => 0.99 }) };
};

describe('TargetHealth', () => {
  it.each([
    [400, null],
    [400, 'context_length_exceeded'],
    [400, 'content_filter'],
    [404, 'model_not_found'],
    [422, null],
  ])("does not blame a target for a caller's %i (%s)", (status, code) => {
    const { health } = aHealth();
    for (let i = 0; i < 50; i++) health.failed(aSubject(), anError(status, code));
    expect(health.admits(aSubject())).toBe(true);
  });

  it('parks the key that a 429 with Retry-After names, for that model and that long', () => {
    const { clock, health } = aHealth();
    health.failed(aSubject(), anError(429, null, { 'retry-after': '30' }));

    expect(health.isParked('k', 'm')).toBe(true);
    expect(health.isParked('k', 'other')).toBe(false);
    expect(health.isParked('other', 'm')).toBe(false);
    clock.time += 30_000;
    expect(health.isParked('k', 'm')).toBe(false);
  });

  it('does not park a key for a 429 that says no time', () => {
    const { health } = aHealth();
    health.failed(aSubject(), anError(429));
    expect(health.isParked('k', 'm')).toBe(false);
  });

  it.each([
    [401, null],
    [402, null],
    [429, 'insufficient_quota'],
  ])('parks a dead key (%i, %s) for every model', (status, code) => {
    const { clock, health } = aHealth();
    health.failed(aSubject(), anError(status, code));

    expect(health.isParked('k', 'other')).toBe(true);
    clock.time += 60_000;
    expect(health.isParked('k', 'other')).toBe(false);
  });

  it('opens the circuit of the target that fails, and of no other', () => {
    const { health } = aHealth();
    for (let i = 0; i < 5; i++) health.failed(aSubject(), anError(500));

    expect(health.admits(aSubject())).toBe(false);
    expect(health.admits(aSubject({ model: 'n' }))).toBe(true);
    expect(health.admits(aSubject({ keyId: 'l' }))).toBe(true);
    expect(health.admits(aSubject({ gatewayInternalId: 'h' }))).toBe(true);
  });

  it('reports a gateway its own targets, and forgets them when told', () => {
    const { health } = aHealth();
    health.failed(aSubject(), anError(401));
    health.failed(aSubject({ provider: 'groq', keyId: 'l' }), anError(500));
    health.failed(aSubject({ gatewayInternalId: 'h' }), anError(500));

    expect(
      health.report('g').map(({ provider, lastError, parkedUntil }) => [provider, lastError, parkedUntil !== null]),
    ).toEqual([
      ['openai', 'auth', true],
      ['groq', 'server', false],
    ]);
    expect(health.reset('g', 'openai')).toBe(1);
    expect(health.isParked('k', 'm')).toBe(false);
    expect(health.reset('g', null)).toBe(1);
    expect(health.report('h')).toHaveLength(1);
  });
});
