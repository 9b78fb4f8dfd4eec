import { Module } from '@nestjs/common';
import { TransportModule } from '../transport/transport.module.js';
import { AnthropicStrategy } from './anthropic/anthropic.strategy.js';
import { BedrockStrategy } from './aws-bedrock/aws-bedrock.strategy.js';
import { AzureOpenAiStrategy } from './azure-openai/azure-openai.strategy.js';
import { BasetenStrategy } from './baseten/baseten.strategy.js';
import { CerebrasStrategy } from './cerebras/cerebras.strategy.js';
import { CohereStrategy } from './cohere/cohere.strategy.js';
import { DeepSeekStrategy } from './deepseek/deepseek.strategy.js';
import { FireworksStrategy } from './fireworks/fireworks.strategy.js';
import { GoogleAiStudioStrategy } from './google-ai-studio/google-ai-studio.strategy.js';
import { GoogleTokenSource } from './google-token-source.service.js';
import { GoogleVertexAiStrategy } from './google-vertex-ai/google-vertex-ai.strategy.js';
import { GrokStrategy } from './grok/grok.strategy.js';
import { GroqStrategy } from './groq/groq.strategy.js';
import { HuggingFaceStrategy } from './huggingface/huggingface.strategy.js';
import { MistralStrategy } from './mistral/mistral.strategy.js';
import { NATIVE_ONLY_PROVIDERS } from './native-only.catalog.js';
import { NativeOnlyStrategy } from './native-only.strategy.js';
import { OpenAiStrategy } from './openai/openai.strategy.js';
import { OpenRouterStrategy } from './openrouter/openrouter.strategy.js';
import { ParallelStrategy } from './parallel/parallel.strategy.js';
import { PerplexityStrategy } from './perplexity-ai/perplexity-ai.strategy.js';
import { ProviderClient } from './provider-client.service.js';
import { PROVIDER_STRATEGIES, type ProviderStrategy } from './provider-strategy.js';
import { ProviderRegistry } from './provider.registry.js';
import { SandboxStrategy } from './sandbox/sandbox.strategy.js';
import { WorkersAiStrategy } from './workers-ai/workers-ai.strategy.js';

/** Adding a provider: add its folder, then its line here. */
const STRATEGIES = [
  AnthropicStrategy,
  BedrockStrategy,
  AzureOpenAiStrategy,
  BasetenStrategy,
  CerebrasStrategy,
  CohereStrategy,
  DeepSeekStrategy,
  FireworksStrategy,
  GoogleAiStudioStrategy,
  GoogleVertexAiStrategy,
  GrokStrategy,
  GroqStrategy,
  HuggingFaceStrategy,
  MistralStrategy,
  OpenAiStrategy,
  OpenRouterStrategy,
  ParallelStrategy,
  PerplexityStrategy,
  SandboxStrategy,
  WorkersAiStrategy,
];

@Module({
  imports: [TransportModule],
  providers: [
    ...STRATEGIES,
    {
      provide: PROVIDER_STRATEGIES,
      inject: STRATEGIES,
      useFactory: (...strategies: ProviderStrategy[]) => [
        ...strategies,
        ...NATIVE_ONLY_PROVIDERS.map((provider) => new NativeOnlyStrategy(provider)),
      ],
    },
    ProviderRegistry,
    GoogleTokenSource,
    ProviderClient,
  ],
  exports: [ProviderClient, ProviderRegistry],
})
export class ProvidersModule {}
