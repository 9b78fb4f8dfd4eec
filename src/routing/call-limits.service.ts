import { Injectable } from '@nestjs/common';
import type { OpenCall } from '../accounting/call-recorder.service.js';
import { PriceBook } from '../accounting/price-book.js';
import type { Awaitable } from '../common/awaitable.js';
import { Clock } from '../common/clock.js';
import type { NanoUsd } from '../common/money.js';
import type { KeyRate, MeteredTarget } from '../metering/call-meter.js';
import { CallMeters } from '../metering/call-meters.service.js';
import type { Quota } from '../metering/quota.js';
import type { Refusal } from '../metering/refusals.js';
import type { ProviderCredential, ProviderStrategy } from '../providers/provider-strategy.js';
import type { CallRequest } from './call-request.js';
import type { PlannedTarget } from './route-plan.js';

const NOTHING: readonly Quota[] = [];

/** What may hold a call back before it goes to a target: the gateway's rates, the key's, budgets. Where nothing does, it costs nothing. */
@Injectable()
export class CallLimits {
  constructor(
    private readonly meters: CallMeters,
    private readonly prices: PriceBook,
    private readonly clock: Clock,
  ) {}

  /** Counts a call that is answered by the cache, where such calls count. For before the cache is asked. */
  arrive(call: OpenCall, request: CallRequest): Awaitable<Refusal | null> {
    if (!this.meters.countCacheHits(request.access.gateway)) return null;
    return this.meterOf(call, request).arrive();
  }

  /** @param isAdmitted Has the call been let to this target already, and tries it again? */
  admit(
    call: OpenCall,
    request: CallRequest,
    { strategy, model, spending = NOTHING }: PlannedTarget,
    credential: ProviderCredential | null,
    isAdmitted: boolean,
  ): Awaitable<Refusal | null> {
    const { gateway } = request.access;
    const rate = credential?.rate ?? null;
    if (call.meter === null && rate === null && spending.length === 0 && !this.meters.areNeeded(gateway)) return null;
    const meter = this.meterOf(call, request);
    const keyRate = rate === null ? null : { keyId: credential!.keyId ?? '', ...rate };
    const target = new TargetAhead(this.prices, this.clock, request, strategy, model, keyRate, spending);
    return isAdmitted ? meter.readmit(target) : meter.admit(target);
  }

  private meterOf(call: OpenCall, { requestId, access, inbound }: CallRequest) {
    const tokenId = access.caller?.tokenId ?? null;
    call.meter ??= this.meters.open({
      requestId,
      gateway: access.gateway,
      caller: { tokenId, metadata: inbound.metadata.entries },
    });
    return call.meter;
  }
}

/** A class, since an object with a function of its own for each call is what most of its cost was. */
class TargetAhead implements MeteredTarget {
  readonly provider: string;

  constructor(
    private readonly prices: PriceBook,
    private readonly clock: Clock,
    private readonly request: CallRequest,
    private readonly strategy: ProviderStrategy,
    readonly model: string,
    readonly keyRate: KeyRate | null,
    readonly spending: readonly Quota[],
  ) {
    this.provider = strategy.id;
  }

  worstCase(): NanoUsd | null {
    const { call, customCost, access } = this.request;
    return this.prices.worstCase(access.gateway, this.strategy, this.model, call, customCost, this.clock.now());
  }
}
