import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../common/errors/gateway-error.js';
import { OpenAiStrategy } from '../providers/openai/openai.strategy.js';
import type { CallRequest } from './call-request.js';
import { directPlan, refusedPlan, sequencePlan } from './route-plan.js';
import { stepsPlan } from './steps-plan.js';

const strategy = new OpenAiStrategy();
const failed = new GatewayError('upstream_failed', 'It broke.');
const requestOf = (requestId: string): CallRequest => ({ requestId }) as CallRequest;
const direct = (model: string) => ({ plan: directPlan(strategy, model, requestOf(model)), overrides: {} });

describe('stepsPlan', () => {
  it('asks one step after the other, each with its own request', () => {
    const plan = stepsPlan([direct('a'), direct('b')]);
    const targets = [plan.next(null), plan.next(failed), plan.next(failed)];

    expect(targets).toMatchObject([
      { model: 'a', step: 0, isLast: false, request: { requestId: 'a' } },
      { model: 'b', step: 1, isLast: true, request: { requestId: 'b' } },
      null,
    ]);
  });

  it('goes through all of a step that is a route, and counts it as one', () => {
    const route = sequencePlan([
      { strategy, model: 'x', overrides: { maxAttempts: 3 }, request: requestOf('route') },
      { strategy, model: 'y', overrides: {}, request: requestOf('route') },
    ]);
    const plan = stepsPlan([{ plan: route, overrides: { maxAttempts: 2, retryDelayMs: 1 } }, direct('z')]);
    const targets = [plan.next(null), plan.next(failed), plan.next(failed), plan.next(failed)];

    expect(targets).toMatchObject([
      { model: 'x', step: 0, isLast: false, overrides: { maxAttempts: 3, retryDelayMs: 1 } },
      { model: 'y', step: 0, isLast: false, overrides: { maxAttempts: 2 } },
      { model: 'z', step: 1, isLast: true },
      null,
    ]);
  });

  it('hands on a step that cannot be tried, and what comes behind it', () => {
    const plan = stepsPlan([
      { plan: refusedPlan({ provider: 'nobody', model: 'a', refusal: failed }), overrides: {} },
      direct('b'),
    ]);
    const targets = [plan.next(null), plan.next(failed), plan.next(failed)];

    expect(targets).toMatchObject([{ provider: 'nobody', step: 0, refusal: failed }, { model: 'b', step: 1 }, null]);
  });
});
