import { Injectable } from '@nestjs/common';
import type { ServedReply } from '../providers/served-reply.js';
import { Clock } from '../common/clock.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { ProviderClient } from '../providers/provider-client.service.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { ProviderTarget } from '../providers/provider-strategy.js';
import type { ChatRequest } from './chat-request.js';
import { CredentialResolver } from './credential-resolver.service.js';
import type { PlannedTarget, RoutePlan } from './route-plan.js';

/**
 * Tries a plan's targets until one answers. It knows nothing of graphs or models' names; the plan knows nothing of HTTP.
 * Retries, backoff and breakers have their place here.
 */
@Injectable()
export class PlanExecutor {
  constructor(
    private readonly credentials: CredentialResolver,
    private readonly registry: ProviderRegistry,
    private readonly client: ProviderClient,
    private readonly clock: Clock,
  ) {}

  /** Throws the last target's error, with what was tried added to it. */
  async execute(plan: RoutePlan, request: ChatRequest, signal: AbortSignal): Promise<ServedReply> {
    let lastError: GatewayError | null = null;
    for (let attempts = 1; ; attempts++) {
      const planned: PlannedTarget | null = plan.next(lastError);
      if (planned === null) throw lastError ?? new GatewayError('internal', 'The route has no target.');
      try {
        return await this.attempt(planned, request, signal);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        lastError = explained(error, planned, attempts, request.requestId);
      }
    }
  }

  private async attempt(planned: PlannedTarget, request: ChatRequest, signal: AbortSignal): Promise<ServedReply> {
    const { strategy, model, step } = planned;
    const credential = this.credentials.resolve(request.access, strategy, request.keyAlias);
    const target: ProviderTarget = {
      provider: strategy.id,
      model,
      base: this.registry.baseOf(strategy, credential),
      credential,
      accountId: request.access.gateway.accountId,
      completionId: `chatcmpl-${request.requestId}`,
      createdAt: Math.floor(this.clock.now() / 1000),
    };
    const reply = await this.client.chat(strategy, request.call, target, signal);
    return { ...reply, provider: strategy.id, model, step };
  }
}

/** The same error with the facts that help to find its cause. Errors of the caller's own making need none. */
function explained(
  error: GatewayError,
  { strategy, model }: PlannedTarget,
  attempts: number,
  requestId: string,
): GatewayError {
  if (error.internalCode !== 2005) return error;
  return new GatewayError(error.key, error.message, {
    ...error.details,
    provider: strategy.id,
    model,
    metadata: {
      target: `${strategy.id}/${model}`,
      attempts,
      upstream_status: error.key === 'upstream_error' ? error.status : null,
      request_id: requestId,
      ...error.details.metadata,
    },
  });
}
