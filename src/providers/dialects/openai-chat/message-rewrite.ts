import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isText } from './json-value.js';

/** Changes one message of a request; the same object when there is nothing to change. */
export type MessageRewrite = (message: ChatMessage, index: number, all: readonly ChatMessage[]) => ChatMessage;

/** All rewrites on all messages. The same array when none changed anything, so that the caller's bytes can travel. */
export function rewriteMessages(
  messages: readonly ChatMessage[],
  rewrites: readonly MessageRewrite[],
): readonly ChatMessage[] {
  let isChanged = false;
  const out = messages.map((message, index) => {
    const rewritten = rewrites.reduce((current, rewrite) => rewrite(current, index, messages), message);
    if (rewritten !== message) isChanged = true;
    return rewritten;
  });
  return isChanged ? out : messages;
}

/** For providers that know no `developer` role. */
export const developerToSystem: MessageRewrite = (message) =>
  message.role === 'developer' ? { ...message, role: 'system' } : message;

/** Tool call ids in a form the provider takes: `toId` gives a call and its result the same one, without any state. */
export const withToolIds = (isFine: (id: string) => boolean, toId: (id: string) => string): MessageRewrite => {
  const isForeign = (id: unknown): id is string => isText(id) && !isFine(id);
  return (message) => {
    const { tool_calls: calls, tool_call_id: callId } = message;
    if (!isForeign(callId) && calls?.some(({ id }) => isForeign(id)) !== true) return message;
    return {
      ...message,
      ...(isForeign(callId) ? { tool_call_id: toId(callId) } : {}),
      ...(calls == null
        ? {}
        : { tool_calls: calls.map((call) => (isForeign(call.id) ? { ...call, id: toId(call.id) } : call)) }),
    };
  };
};

/** A message without these members; `null` members go too. */
export const withoutMembers =
  (...names: readonly string[]): MessageRewrite =>
  (message) =>
    names.some((name) => name in message) ? pick(message, (name) => !names.includes(name)) : message;

/** A message with these members only, for closed schemas: clients echo what they got, with fields of their own. */
export const withOnlyMembers =
  (names: ReadonlySet<string>): MessageRewrite =>
  (message) =>
    Object.keys(message).every((name) => names.has(name)) ? message : pick(message, (name) => names.has(name));

/** The message's members whose names pass, with role and content as they were typed. */
function pick(message: ChatMessage, passes: (name: string) => boolean): ChatMessage {
  const { role, content, tool_calls: calls, tool_call_id: callId } = message;
  const rest = Object.fromEntries(Object.entries(message).filter(([name]) => passes(name)));
  return {
    ...rest,
    role,
    ...(content !== undefined && passes('content') ? { content } : {}),
    ...(calls !== undefined && passes('tool_calls') ? { tool_calls: calls } : {}),
    ...(callId !== undefined && passes('tool_call_id') ? { tool_call_id: callId } : {}),
  };
}
