import { NO_ANSWER_QUIRKS, NO_REQUEST_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { BASETEN_MODELS } from './baseten.catalog.js';
import { BASETEN_NATIVE } from './native.rules.js';

/** docs.baseten.co, November 2026. Reasoning comes under either name, by the engine that serves the model. */
const QUIRKS: ChatQuirks = {
  request: NO_REQUEST_QUIRKS,
  answer: { ...NO_ANSWER_QUIRKS, markers: ['"reasoning":"'], repairs: [mirrorReasoning] },
  errors: [],
};

export class BasetenStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'baseten',
      aliases: [],
      name: 'Baseten',
      origin: 'https://inference.baseten.co',
      path: '/v1/chat/completions',
      native: BASETEN_NATIVE,
      quirks: QUIRKS,
      models: BASETEN_MODELS,
    });
  }
}
