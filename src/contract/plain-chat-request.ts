import type { ChatCompletionRequest } from './chat-completion-request.schema.js';
import { MAX_MODEL_NAME } from './model-name.js';

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

/** The fields that most calls send, each with what is certainly right for it. */
const PLAIN: Readonly<Record<string, (value: unknown) => boolean>> = {
  model: (value) => typeof value === 'string' && value !== '' && value.length <= MAX_MODEL_NAME,
  messages: (value) => Array.isArray(value) && value.length > 0 && value.every(isPlainMessage),
  stream: isFlag,
  temperature: isNumber,
  top_p: isNumber,
  max_tokens: isCount,
  max_completion_tokens: isCount,
  reasoning_effort: isText,
  parallel_tool_calls: isFlag,
  presence_penalty: isNumber,
  frequency_penalty: isNumber,
  user: isText,
};

/**
 * Is this certainly a right request? An answer in a microsecond for the plainest and commonest ones: what has any other field, or
 * anything doubtful, is for the schema to judge, which takes five and copies the messages. A property test holds the two together.
 */
export function isPlainChatRequest(value: unknown): value is ChatCompletionRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let required = 0;
  for (const [name, field] of Object.entries(value)) {
    if (!Object.hasOwn(PLAIN, name) || PLAIN[name]?.(field) !== true) return false;
    if (name === 'model' || name === 'messages') required++;
  }
  return required === 2;
}

/** A role and a text, and nothing else. */
function isPlainMessage(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return false;
  let fields = 0;
  for (const name in message) {
    if (name !== 'role' && name !== 'content') return false;
    fields++;
  }
  return (
    fields === 2 &&
    'role' in message &&
    'content' in message &&
    isText(message.role) &&
    message.role !== '' &&
    isText(message.content)
  );
}
