import { NO_ANSWER_QUIRKS, NO_REQUEST_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { HUGGINGFACE_MODELS } from './huggingface.catalog.js';
import { HUGGINGFACE_NATIVE } from './native.rules.js';

/**
 * huggingface.co/docs/inference-providers, November 2026. The router hands the body to a host of its choice, so that host's
 * rules hold: nothing is refused here, and tool deltas are read, since hosts differ in what they leave out.
 */
const QUIRKS: ChatQuirks = {
  request: NO_REQUEST_QUIRKS,
  answer: {
    ...NO_ANSWER_QUIRKS,
    markers: ['"reasoning":"', '"reasoning": "', '"tool_calls"'],
    repairs: [mirrorReasoning],
  },
  errors: [
    { status: 402, to: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota', retryable: false } },
  ],
};

export class HuggingFaceStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'huggingface',
      aliases: [],
      name: 'Hugging Face',
      origin: 'https://router.huggingface.co',
      path: '/v1/chat/completions',
      native: HUGGINGFACE_NATIVE,
      quirks: QUIRKS,
      models: HUGGINGFACE_MODELS,
    });
  }
}
