import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { CacheMarker } from './cache-control.js';
import { toDocumentBlock, toImageBlock } from './media.mapper.js';
import { invalid, unsupported, type Refuser } from './unsupported.js';

/** Anthropic's own blocks, from callers who know whom they talk to: as they are. */
const NATIVE: ReadonlySet<string> = new Set(['image', 'document', 'search_result', 'container_upload']);

/**
 * A message's content as blocks. Empty texts are left out: Anthropic refuses them.
 *
 * @param param Where the message stands: `messages[2]`.
 */
export function toBlocks(
  content: ChatMessage['content'],
  param: string,
  mark: CacheMarker,
  refuser: Refuser,
): JsonObject[] {
  if (content === null || content === undefined || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.flatMap((part, index) => {
    const block = toBlock(part, `${param}.content[${index}]`, refuser);
    return block === null ? [] : [NATIVE.has(String(part['type'])) ? block : mark(part, block)];
  });
}

/** Null for a part that says nothing. */
function toBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject | null {
  const { type } = part;
  switch (type) {
    case 'text':
    case undefined:
      return toTextBlock(part, param, refuser);
    case 'refusal':
      return isText(part['refusal']) ? { type: 'text', text: part['refusal'] } : null;
    case 'image_url':
      return toImageBlock(part, param, refuser);
    case 'file':
      return toDocumentBlock(part, param, refuser);
    case 'input_audio':
      throw unsupported(param, 'It does not hear: send a transcript, or ask a provider that takes audio.', refuser);
    default:
      if (isText(type) && NATIVE.has(type)) return part;
      throw unsupported(param, `Parts are text, image_url and file; '${String(type)}' is not among them.`, refuser);
  }
}

function toTextBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject | null {
  const { text } = part;
  if (typeof text !== 'string') throw invalid(`${param}.text`, 'A text part needs a text.', refuser);
  if (text === '') return null;
  // Citations of an earlier answer, in Anthropic's form, belong to the text they stand at.
  return { type: 'text', text, ...(Array.isArray(part['citations']) ? { citations: part['citations'] } : {}) };
}

/** Blocks in the shortest form that says the same: one plain text is a string. */
export function toContent(blocks: readonly JsonObject[]): string | readonly JsonObject[] {
  const [only] = blocks;
  const isPlain = blocks.length === 1 && isObject(only) && Object.keys(only).length === 2;
  return isPlain && only['type'] === 'text' && isText(only['text']) ? only['text'] : blocks;
}
