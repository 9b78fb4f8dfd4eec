import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { isText } from '../dialects/openai-chat/json-value.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { rewriteMessages, withoutMembers, type MessageRewrite } from '../dialects/openai-chat/message-rewrite.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { ONE_CHOICE } from '../dialects/openai-chat/parameter-rules.js';
import { CEREBRAS_MODELS } from './cerebras.catalog.js';

const GLM = /glm/i;

const reasoningOf = (message: ChatMessage): unknown => message['reasoning_content'] ?? message['reasoning'];

/** GLM takes earlier reasoning back as the model wrote it. */
const asThinkTag: MessageRewrite = (message) => {
  const reasoning = reasoningOf(message);
  if (message.role !== 'assistant' || !isText(reasoning) || Array.isArray(message.content)) return message;
  return { ...message, content: `<think>${reasoning}</think>${message.content ?? ''}` };
};

/** gpt-oss takes it back in the field it came in. */
const asReasoning: MessageRewrite = (message) => {
  const reasoning = reasoningOf(message);
  return message.role === 'assistant' && isText(reasoning) && message['reasoning'] !== reasoning
    ? { ...message, reasoning }
    : message;
};

function withReasoning({ messages }: ChatCompletionRequest, model: string): readonly ChatMessage[] {
  return GLM.test(model)
    ? rewriteMessages(messages, [asThinkTag, withoutMembers('reasoning_content', 'reasoning', 'reasoning_details')])
    : rewriteMessages(messages, [asReasoning, withoutMembers('reasoning_content', 'reasoning_details')]);
}

/** inference-docs.cerebras.ai, November 2026. Streams end without `[DONE]`, which the dialect adds. */
const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [{ parameters: { n: ONE_CHOICE } }],
    rewriteMessages: withReasoning,
  },
  answer: { ...NO_ANSWER_QUIRKS, markers: ['"reasoning":"'], repairs: [mirrorReasoning] },
  errors: [],
};

export class CerebrasStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'cerebras',
      aliases: [],
      name: 'Cerebras',
      origin: 'https://api.cerebras.ai',
      path: '/v1/chat/completions',
      native: { root: '/v1' },
      quirks: QUIRKS,
      models: CEREBRAS_MODELS,
    });
  }
}
