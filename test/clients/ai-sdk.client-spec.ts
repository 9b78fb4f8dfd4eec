import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import * as ai from 'ai';
import * as ai5 from 'ai-5';
import { createOpenAI as createOpenAI5 } from 'ai-5-openai';
import { createOpenAICompatible as createOpenAICompatible5 } from 'ai-5-openai-compatible';
import { type AiSdk, describeAiSdk } from './ai-sdk-suite.js';

describeAiSdk({
  name: 'ai 5.0',
  ai: ai5,
  createOpenAI: createOpenAI5,
  createOpenAICompatible: createOpenAICompatible5,
} as unknown as AiSdk);

describeAiSdk({ name: 'ai 6.0', ai, createOpenAI, createOpenAICompatible });
