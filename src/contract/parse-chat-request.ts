import { type ChatCompletionRequest, chatCompletionRequestSchema } from './chat-completion-request.schema.js';
import { isPlainChatRequest } from './plain-chat-request.js';
import { parseBody } from './parse-body.js';

/** Parses a chat completion's body. Throws `invalid_request` naming the field that is wrong. */
export const parseChatRequest = (raw: Buffer): ChatCompletionRequest =>
  parseBody(raw, chatCompletionRequestSchema, isPlainChatRequest);
