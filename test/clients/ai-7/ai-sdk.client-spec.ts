import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import * as ai from 'ai';
import { type AiSdk, describeAiSdk } from '../ai-sdk-suite.js';

describeAiSdk({ name: 'ai 7.0', ai, createOpenAI, createOpenAICompatible } as unknown as AiSdk);
