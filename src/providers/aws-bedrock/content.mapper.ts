import type { ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { invalid, unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { toAudioBlock, toDocumentBlock, toImageBlock, toVideoBlock } from './media.mapper.js';

/** What the parts of one request share. */
export interface ContentContext {
  readonly refuser: Refuser;
  /** Names of documents so far: each must be another. */
  readonly documentNames: Set<string>;
  /** Does the model know cache points here? */
  readonly caches: boolean;
}

/** A message's content as blocks, each with the cache point it is marked with after it. Empty texts are a 400, so they go. */
export function toBlocks(message: ChatMessage, param: string, context: ContentContext): JsonObject[] {
  const { content } = message;
  const blocks: JsonObject[] = [];
  if (isText(content)) blocks.push({ text: content });
  if (Array.isArray(content)) {
    for (const [index, part] of content.entries()) {
      const block = toBlock(part, `${param}.content[${index}]`, context);
      if (block !== null) blocks.push(block, ...toCachePoints(part, context.caches));
    }
  }
  return blocks.length === 0 ? blocks : [...blocks, ...toCachePoints(message, context.caches)];
}

function toBlock(part: JsonObject, param: string, { refuser, documentNames }: ContentContext): JsonObject | null {
  const { type } = part;
  switch (type) {
    case undefined:
    case 'text':
    case 'refusal': {
      const text = part[type ?? 'text'];
      if (typeof text !== 'string') throw invalid(param, 'A part of text needs its text.', refuser);
      return text === '' ? null : { text };
    }
    case 'image_url':
      return toImageBlock(part, param, refuser);
    case 'video_url':
      return toVideoBlock(part, param, refuser);
    case 'input_audio':
      return toAudioBlock(part, param, refuser);
    case 'file':
      return toDocumentBlock(part, param, refuser, documentNames);
    default: {
      const hint = 'Parts are text, image_url, file, input_audio and video_url.';
      throw unsupported(`${param}.type`, hint, refuser);
    }
  }
}

/** `cache_control` and OpenAI's `prompt_cache_breakpoint` of a part, message or tool, as the block that follows it. */
export function toCachePoints(from: JsonObject, caches: boolean): JsonObject[] {
  if (!caches) return [];
  const mark = isObject(from['cache_control']) ? from['cache_control'] : from['prompt_cache_breakpoint'];
  if (!isObject(mark)) return [];
  return [{ cachePoint: { type: 'default', ...(isText(mark['ttl']) ? { ttl: mark['ttl'] } : {}) } }];
}

/** A user's message with a document needs words beside it. The document's name is what the caller has said of it. */
export function withWords(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const named = blocks.map(({ document }) => document).find(isObject);
  if (named === undefined || blocks.some((block) => 'text' in block)) return blocks;
  return [...blocks, { text: String(named['name']) }];
}
