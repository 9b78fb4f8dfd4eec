import { GatewayError } from '../../common/errors/gateway-error.js';
import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';

/**
 * Parallel reads texts, and passes over all else without a word. Whatever it would lose is refused here; the messages travel as
 * they were written. Throws `unsupported_parameter`.
 */
export function withTextsOnly({ messages }: ChatCompletionRequest, model: string): readonly ChatMessage[] {
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (message.role === 'tool' || (message.tool_calls ?? []).length > 0)
      throw toRefusal(at, 'calls no tools, and reads no results of them', 'Put what they gave in a text', model);
    if (!Array.isArray(message.content)) continue;
    const other = message.content.findIndex((part) => part.type !== undefined && part.type !== 'text');
    if (other !== -1) {
      const what = `reads texts only, no '${message.content[other]?.type ?? ''}'`;
      throw toRefusal(`${at}.content[${other}]`, what, 'Say it in words', model);
    }
  }
  return messages;
}

const toRefusal = (param: string, what: string, instead: string, model: string): GatewayError =>
  new GatewayError('unsupported_parameter', `Parallel ${what}. ${instead}, or ask another provider.`, {
    param,
    provider: 'parallel',
    model,
  });
