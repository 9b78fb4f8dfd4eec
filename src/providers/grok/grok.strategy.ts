import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { refused, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { GROK_MODELS } from './grok.catalog.js';

const REASONING = /^grok-(?:4(?!.*non-reasoning)|3-mini|code)/;
const NO_EFFORT = /^grok-(?:build-0\.1|4\.20)/;

const NO_PENALTY = 'Grok models take no penalties: leave it out.';

/** docs.x.ai, November 2026. Usage leaves reasoning out of `completion_tokens`; the dialect adds it wherever it is seen. */
const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [
      {
        parameters: {
          presence_penalty: refused(NO_PENALTY, 0),
          frequency_penalty: refused(NO_PENALTY, 0),
          deferred: refused('A deferred completion has no answer to give back: leave it out.', false),
        },
      },
      {
        models: REASONING,
        parameters: {
          stop: refusedUnlessEmpty('Its reasoning models take no stop sequences: cut the answer yourself.'),
        },
      },
      {
        models: NO_EFFORT,
        parameters: {
          reasoning_effort: refused('The model has no effort to choose: leave it out, or use grok-4.5 or later.'),
        },
      },
    ],
  },
  answer: NO_ANSWER_QUIRKS,
  errors: [
    // A bad key is a 400 there.
    {
      status: 400,
      message: /(?:incorrect|invalid) api key/i,
      to: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
    },
  ],
};

export class GrokStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'grok',
      aliases: ['xai'],
      name: 'xAI',
      origin: 'https://api.x.ai',
      path: '/v1/chat/completions',
      native: { root: '/v1', dialects: { responses: '/responses' } },
      quirks: QUIRKS,
      models: GROK_MODELS,
    });
  }
}
