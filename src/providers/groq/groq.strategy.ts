import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { isObject, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { rewriteMessages, withoutMembers } from '../dialects/openai-chat/message-rewrite.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { NO_LOGPROBS, ONE_CHOICE, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { GROQ_MODELS } from './groq.catalog.js';

/** They print `<think>…</think>` into the content unless told to give reasoning apart. */
const THINKS_ALOUD = /^(?:qwen\/|deepseek-r1)/;

const withoutNames = withoutMembers('name');

/** Older streams say usage in `x_groq` only. */
function usageOfGroq(body: JsonObject): JsonObject {
  const own = body['x_groq'];
  if (isObject(body['usage']) || !isObject(own) || !isObject(own['usage'])) return body;
  return { ...body, usage: own['usage'] };
}

/** console.groq.com/docs/openai, November 2026. */
const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [
      {
        parameters: {
          ...NO_LOGPROBS,
          logit_bias: refusedUnlessEmpty('It takes no biases: leave it out.'),
          n: ONE_CHOICE,
        },
      },
      {
        models: THINKS_ALOUD,
        parameters: { reasoning_format: { do: 'default', value: 'parsed', unless: ['include_reasoning'] } },
      },
    ],
    rewriteMessages: ({ messages }) => rewriteMessages(messages, [withoutNames]),
  },
  answer: { ...NO_ANSWER_QUIRKS, markers: ['"reasoning":"'], repairs: [mirrorReasoning], adapt: usageOfGroq },
  errors: [
    // "Flex tier capacity exceeded", a status of Groq's own.
    { status: 498, to: { status: 503, type: 'server_error', code: 'overloaded', retryable: true } },
  ],
};

export class GroqStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'groq',
      aliases: [],
      name: 'Groq',
      origin: 'https://api.groq.com',
      path: '/openai/v1/chat/completions',
      native: { root: '/openai/v1', dialects: { responses: '/responses' } },
      quirks: QUIRKS,
      models: GROQ_MODELS,
    });
  }
}
