import { NO_ANSWER_QUIRKS, NO_REQUEST_QUIRKS } from '../dialects/openai-chat/chat-quirks.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { SANDBOX_MODELS } from './sandbox.catalog.js';
import { SANDBOX_ORIGIN } from './sandbox-responder.js';

/** A provider inside the process: no key, no network. What it answers is `sandbox-responder.ts`'s matter. */
export class SandboxStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'sandbox',
      aliases: [],
      name: 'Sandbox',
      origin: SANDBOX_ORIGIN,
      path: '/v1/chat/completions',
      quirks: { request: NO_REQUEST_QUIRKS, answer: NO_ANSWER_QUIRKS, errors: [] },
      models: SANDBOX_MODELS,
      needsCredential: false,
    });
  }
}
