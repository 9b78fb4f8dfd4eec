import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Clock } from '../common/clock.js';
import { stateConfig } from '../config/state.config.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { MemoryState } from './memory-state.js';
import { connectRedis } from './redis/redis-connection.js';
import { RedisState } from './redis/redis-state.js';
import { ReplicaLock } from './replica-lock.service.js';
import { SharedState } from './shared-state.js';

/** Redis where its URL is given, else memory. */
async function openState(config: ConfigType<typeof stateConfig>, clock: Clock): Promise<SharedState> {
  const { redis, maxBlobBytes } = config;
  return redis === null ? new MemoryState(clock, maxBlobBytes) : new RedisState(await connectRedis(redis), config);
}

@Module({
  imports: [PersistenceModule],
  providers: [ReplicaLock, { provide: SharedState, inject: [stateConfig.KEY, Clock], useFactory: openState }],
  exports: [SharedState],
})
export class StateModule implements OnApplicationShutdown {
  constructor(@Inject(SharedState) private readonly state: SharedState) {}

  async onApplicationShutdown(): Promise<void> {
    await this.state.close();
  }
}
