import * as ai from 'ai';
import * as aiGateway from 'ai-gateway-provider';
import { createAnthropic } from 'ai-gateway-provider/providers/anthropic';
import { createGoogleGenerativeAI } from 'ai-gateway-provider/providers/google';
import { createOpenAI } from 'ai-gateway-provider/providers/openai';
import { createUnified } from 'ai-gateway-provider/providers/unified';
import { describeAiGatewayProvider } from './ai-gateway-provider-suite.js';

describeAiGatewayProvider({
  name: 'ai-gateway-provider 3.2 with ai 6.0',
  ai,
  aiGateway,
  createAnthropic,
  createGoogle: createGoogleGenerativeAI,
  createOpenAI,
  createUnified,
  isOldest: false,
});
