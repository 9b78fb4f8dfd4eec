import { ownMember } from '../../common/own-member.js';
import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import { developerToSystem, rewriteMessages } from '../dialects/openai-chat/message-rewrite.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { ONE_CHOICE } from '../dialects/openai-chat/parameter-rules.js';
import { DEEPSEEK_MODELS } from './deepseek.catalog.js';

/** Its own are `low`, `high` and `max`; `none` is the switch `thinking`. */
const EFFORTS: Readonly<Record<string, string>> = { minimal: 'low', medium: 'high', xhigh: 'max' };

const schemaOf = ({ response_format: format }: ChatCompletionRequest): unknown =>
  format?.type === 'json_schema' && isObject(format['json_schema']) ? format['json_schema']['schema'] : undefined;

const isStrict = ({ response_format: format }: ChatCompletionRequest): boolean =>
  isObject(format?.['json_schema']) && format['json_schema']['strict'] === true;

/** The main endpoint knows JSON mode only: the schema goes into the prompt, which must say JSON, or blank answers come. */
function withSchema(request: ChatCompletionRequest): readonly ChatMessage[] {
  const schema = schemaOf(request);
  const messages = rewriteMessages(request.messages, [developerToSystem]);
  if (schema === undefined) return messages;
  const content = `Answer with one JSON object, and nothing else, that fits this JSON Schema:\n${JSON.stringify(schema)}`;
  return [{ role: 'system', content }, ...messages];
}

/** api-docs.deepseek.com, November 2026. */
const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [
      {
        parameters: {
          max_completion_tokens: { do: 'rename', to: 'max_tokens' },
          n: ONE_CHOICE,
          // Only ever a best effort, and never theirs.
          seed: { do: 'drop' },
          reasoning_effort: {
            do: 'rewrite',
            to: (value) =>
              value === 'none' ? undefined : typeof value === 'string' ? (ownMember(EFFORTS, value) ?? value) : value,
            also: (value) => (value === 'none' ? { thinking: { type: 'disabled' } } : {}),
          },
          response_format: {
            do: 'rewrite',
            to: (value, request) => (schemaOf(request) === undefined ? value : { type: 'json_object' }),
            refuses: (_value, request) =>
              isStrict(request) ? "It enforces no schema: ask without 'strict', or use another provider." : null,
          },
        },
      },
    ],
    rewriteMessages: withSchema,
  },
  answer: NO_ANSWER_QUIRKS,
  errors: [
    // Its code for a bad key is `invalid_request_error`.
    { status: 401, to: { status: 401, code: 'invalid_api_key' } },
    { status: 402, to: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota', retryable: false } },
  ],
};

export class DeepSeekStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'deepseek',
      aliases: [],
      name: 'DeepSeek',
      origin: 'https://api.deepseek.com',
      path: '/chat/completions',
      quirks: QUIRKS,
      models: DEEPSEEK_MODELS,
    });
  }
}
