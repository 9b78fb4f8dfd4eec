import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Clock } from '../common/clock.js';
import { stateConfig } from '../config/state.config.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { SharedState } from '../state/shared-state.js';
import { CallMeter, type MeteredCall } from './call-meter.js';
import { rulesOf } from './gateway-rules.js';

/** Makes the meters of calls. */
@Injectable()
export class CallMeters {
  constructor(
    private readonly state: SharedState,
    private readonly clock: Clock,
    @Inject(stateConfig.KEY) private readonly config: ConfigType<typeof stateConfig>,
  ) {}

  /** Does the gateway limit its calls? Most do not, and need no meter. */
  areNeeded(gateway: GatewaySettings): boolean {
    const { rates, spends } = rulesOf(gateway);
    return rates.length > 0 || spends.length > 0;
  }

  /** Do its calls count even when the cache answers them? */
  countCacheHits(gateway: GatewaySettings): boolean {
    const { rates, countsCacheHits } = rulesOf(gateway);
    return countsCacheHits && rates.length > 0;
  }

  open(call: MeteredCall): CallMeter {
    return new CallMeter(this.state, this.config.whenAway, this.clock, call);
  }
}
