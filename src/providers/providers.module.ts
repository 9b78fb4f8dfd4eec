import { Module } from '@nestjs/common';
import { TransportModule } from '../transport/transport.module.js';
import { OpenAiStrategy } from './openai/openai.strategy.js';
import { ProviderClient } from './provider-client.service.js';
import { PROVIDER_STRATEGIES, type ProviderStrategy } from './provider-strategy.js';
import { ProviderRegistry } from './provider.registry.js';
import { SandboxStrategy } from './sandbox/sandbox.strategy.js';

/** Adding a provider: add its folder, then its line here. */
const STRATEGIES = [OpenAiStrategy, SandboxStrategy];

@Module({
  imports: [TransportModule],
  providers: [
    ...STRATEGIES,
    {
      provide: PROVIDER_STRATEGIES,
      inject: STRATEGIES,
      useFactory: (...strategies: ProviderStrategy[]) => strategies,
    },
    ProviderRegistry,
    ProviderClient,
  ],
  exports: [ProviderClient, ProviderRegistry],
})
export class ProvidersModule {}
