import { z } from 'zod';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import type { ChatQuirks, ErrorRule } from '../dialects/openai-chat/chat-quirks.js';
import { below } from '../dialects/native/native-api.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { rewriteMessages, type MessageRewrite } from '../dialects/openai-chat/message-rewrite.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { fromNativeForm } from './native-form.mapper.js';
import { WORKERS_AI_MODELS } from './workers-ai.catalog.js';

/** Many models stop after 256 tokens unless told otherwise. */
const DEFAULT_MAX_TOKENS = 2048;

const settingsSchema = z.object({ account_id: z.string().min(1) });

/** `content: null` is refused; text-only models refuse a list of parts, and a list of texts says no more than the text. */
const toPlainContent: MessageRewrite = (message) => {
  const { content } = message;
  if (content === null) return { ...message, content: '' };
  if (!Array.isArray(content) || content.some((part) => part.type !== 'text')) return message;
  return {
    ...message,
    content: content.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('\n'),
  };
};

/** Cloudflare's codes: developers.cloudflare.com/workers-ai/platform/errors, November 2026. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  3003: 400,
  3039: 400,
  5004: 400,
  5007: 400,
  3023: 403,
  3041: 403,
  5016: 403,
  5018: 403,
  3042: 404,
  5005: 405,
  5019: 405,
  3036: 429,
  3040: 429,
  3007: 408,
  3008: 408,
  3006: 413,
};

const ERRORS: readonly ErrorRule[] = [
  ...Object.entries(STATUS_OF_CODE).map(([code, status]): ErrorRule => ({ code, to: { status } })),
  // Authentication: 401 or 403 in the answer's status; inside a 200 it is a 401.
  { status: 403, code: '10000', to: { status: 403 } },
  { code: '10000', to: { status: 401 } },
];

const QUIRKS: ChatQuirks = {
  request: {
    streamUsage: true,
    otherParameters: 'forward',
    rules: [
      {
        parameters: {
          max_completion_tokens: { do: 'rename', to: 'max_tokens' },
          max_tokens: { do: 'default', value: DEFAULT_MAX_TOKENS, unless: ['max_completion_tokens'] },
        },
      },
    ],
    rewriteMessages: ({ messages }) => rewriteMessages(messages, [toPlainContent]),
  },
  answer: { markers: [], parsesAll: true, repairs: [mirrorReasoning], adapt: fromNativeForm, infersFinish: true },
  errors: ERRORS,
};

/** The account of the stored key, else that of the call's URL. */
function accountOf(credential: ProviderTarget['credential'], accountId: string): string {
  const settings = settingsSchema.safeParse(credential?.settings);
  return settings.success ? settings.data.account_id : accountId;
}

const pathOf = ({ credential, accountId }: ProviderTarget, operation: string): string =>
  `/client/v4/accounts/${encodeURIComponent(accountOf(credential, accountId))}/ai/v1/${operation}`;

/** `/v1/…` is the layer of OpenAI's form; all else is a model to run, with or without the word. */
function nativePathOf(path: string, { credential, accountId }: ProviderTarget): string {
  const root = `/client/v4/accounts/${encodeURIComponent(accountOf(credential, accountId))}/ai`;
  return /^\/(?:v1|run)\//.test(path) ? root + path : `${root}/run${path}`;
}

export class WorkersAiStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'workers-ai',
      aliases: [],
      name: 'Workers AI',
      origin: 'https://api.cloudflare.com',
      path: (target) => pathOf(target, 'chat/completions'),
      embeddings: new OpenAiEmbeddings({
        name: 'Workers AI',
        models: EMBEDDING_MODELS['workers-ai'],
        path: (target) => pathOf(target, 'embeddings'),
        encodes: false,
        dimensions: null,
      }),
      native: {
        dialects: { responses: '/v1/responses' },
        place: (path, target) => below(target, '', nativePathOf(path, target)),
        modelIn: /^\/(?:run\/)?(@(?:cf|hf)\/[^?]+)/,
      },
      quirks: QUIRKS,
      models: WORKERS_AI_MODELS,
    });
  }
}
