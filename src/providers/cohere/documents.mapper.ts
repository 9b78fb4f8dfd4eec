import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { invalid, unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

const TEXT_TYPE = /^(?:text\/|application\/(?:json|xml|yaml|x-yaml|javascript|x-ndjson)$)/;
const USER_PARTS: ReadonlySet<unknown> = new Set([undefined, 'text', 'image_url', 'file']);
const TOOL_PARTS: ReadonlySet<unknown> = new Set([undefined, 'text', 'document']);
const OTHER_PARTS: ReadonlySet<unknown> = new Set([undefined, 'text', 'refusal', 'thinking']);

/**
 * The files of the conversation, which are texts, as Cohere's documents; the caller's own `documents` come first. Throws for
 * files that are no text, and for every part that Cohere does not know.
 */
export function toDocuments(request: ChatCompletionRequest, refuser: Refuser): readonly unknown[] {
  const { documents } = request;
  const files = request.messages.flatMap(({ role, content }, at) => {
    const known = role === 'user' ? USER_PARTS : role === 'tool' ? TOOL_PARTS : OTHER_PARTS;
    return (Array.isArray(content) ? content : []).flatMap((part, index) => {
      const param = `messages[${at}].content[${index}]`;
      if (!known.has(part.type)) {
        throw unsupported(`${param}.type`, 'It reads texts, images, and files of text.', refuser);
      }
      return part.type === 'file' ? [toDocument(part, param, refuser)] : [];
    });
  });
  return files.length === 0 ? [] : [...(Array.isArray(documents) ? documents : []), ...files];
}

/** Does the request bring documents along, as such or as files? */
export const hasDocuments = ({ documents, messages }: ChatCompletionRequest): boolean =>
  (Array.isArray(documents) && documents.length > 0) ||
  messages.some(({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'file'));

function toDocument(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const { file_data: given, filename } = isObject(part['file']) ? part['file'] : {};
  if (!isText(given)) {
    throw unsupported(`${param}.file`, "It keeps no files: give 'file_data', a data URL of a text.", refuser);
  }
  const comma = given.indexOf(',');
  const [mediaType = '', ...parameters] = given.slice(5, comma).split(';');
  if (!given.startsWith('data:') || comma === -1 || !TEXT_TYPE.test(mediaType.trim().toLowerCase())) {
    throw unsupported(`${param}.file`, 'It reads files of text only, as a data URL: give the text of others.', refuser);
  }
  const data = given.slice(comma + 1);
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64');
  const text = isBase64 ? Buffer.from(data, 'base64').toString('utf8') : decode(data, param, refuser);
  return { data: { ...(isText(filename) ? { title: filename } : {}), text } };
}

function decode(data: string, param: string, refuser: Refuser): string {
  try {
    return decodeURIComponent(data);
  } catch {
    throw invalid(`${param}.file`, "The data URL in 'file_data' is malformed.", refuser);
  }
}
