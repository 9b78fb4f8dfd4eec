import { fieldOf } from './fields.js';

/** A request's body, parsed: a chat completion's or embeddings', of which routes read what they know. */
export interface AskedBody {
  readonly model: string;
  readonly [field: string]: unknown;
}

/** Characters a token stands for, roughly. */
const CHARACTERS_PER_TOKEN = 4;
const IMAGE_PARTS: ReadonlySet<unknown> = new Set(['image_url', 'input_image', 'image']);

/** How many tokens the request's own texts are, roughly: images and the definitions of tools are not counted. */
export function estimatedTokens({ messages, input }: AskedBody): number {
  let characters = charactersOf(input);
  for (const message of listOf(messages)) characters += charactersOf(fieldOf(message, 'content'));
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

export const hasTools = ({ tools }: AskedBody): boolean => Array.isArray(tools) && tools.length > 0;

export const hasImages = ({ messages }: AskedBody): boolean =>
  listOf(messages).some((message) =>
    listOf(fieldOf(message, 'content')).some((part) => IMAGE_PARTS.has(fieldOf(part, 'type'))),
  );

/** A text's, or those of a list of texts and parts with a text. */
function charactersOf(content: unknown): number {
  if (typeof content === 'string') return content.length;
  return listOf(content).reduce<number>((sum, part) => {
    const text = typeof part === 'string' ? part : fieldOf(part, 'text');
    return sum + (typeof text === 'string' ? text.length : 0);
  }, 0);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
