import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { NO_LOGPROBS, ONE_CHOICE, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { PARALLEL_MODELS } from './parallel.catalog.js';
import { withTextsOnly } from './request.mapper.js';

const NO_TOOLS = 'It searches the web by itself and calls no tools: ask a provider that does.';

/** Only the model, the messages, `stream` and `response_format` count; what else it gets it ignores. docs.parallel.ai, November 2026. */
const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [
      {
        parameters: {
          ...NO_LOGPROBS,
          tools: refusedUnlessEmpty(NO_TOOLS),
          tool_choice: { do: 'refuse', instead: NO_TOOLS, isNeutral: (value) => value === 'none' || value === 'auto' },
          functions: refusedUnlessEmpty(NO_TOOLS),
          function_call: {
            do: 'refuse',
            instead: NO_TOOLS,
            isNeutral: (value) => value === 'none' || value === 'auto',
          },
          parallel_tool_calls: { do: 'drop' },
          n: ONE_CHOICE,
          stop: refusedUnlessEmpty('Cut the answer yourself.'),
          logit_bias: refusedUnlessEmpty('It takes no biases: leave it out.'),
          audio: refusedUnlessEmpty('It answers with texts only.'),
          modalities: {
            do: 'refuse',
            instead: 'It answers with texts only.',
            isNeutral: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
          },
        },
      },
    ],
    rewriteMessages: withTextsOnly,
  },
  answer: NO_ANSWER_QUIRKS,
  errors: [],
};

export class ParallelStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'parallel',
      aliases: [],
      name: 'Parallel',
      origin: 'https://api.parallel.ai',
      path: '/chat/completions',
      // Its tasks and searches take no bearer.
      native: { show: ({ secret }) => ['x-api-key', secret.reveal()] },
      quirks: QUIRKS,
      models: PARALLEL_MODELS,
    });
  }
}
