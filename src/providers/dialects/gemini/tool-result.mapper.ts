import type { FunctionResponse } from '@google/genai';
import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import type { GeminiPart } from './gemini.wire.js';
import { toMediaPart } from './media-part.mapper.js';
import type { GeminiContext } from './refusal.js';

/** Numbers that a double cannot hold: such a result travels as text. */
const LONG_NUMBER = /[:[,]\s*-?\d{16,}/;

export interface ToolResult {
  /** What the tool said, as the object that Gemini wants. */
  readonly response: JsonObject;
  /** Images and files the tool gave. */
  readonly media: readonly GeminiPart[];
}

/** A JSON object is the response itself, all else its `result`, or `error` where the caller marks it as one. */
export function toToolResult(message: ChatMessage, param: string, context: GeminiContext): ToolResult {
  const parts: readonly JsonObject[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : (message.content ?? []);
  const texts: string[] = [];
  const media: GeminiPart[] = [];
  for (const [index, part] of parts.entries()) {
    if (part['text'] !== undefined) texts.push(isText(part['text']) ? part['text'] : '');
    else media.push(toMediaPart(part, `${param}.content[${index}]`, context));
  }
  const text = texts.join('\n');
  if (message['is_error'] === true) return { response: { error: text }, media };
  const parsed = LONG_NUMBER.test(text) ? undefined : parseJson(text);
  return { response: isObject(parsed) ? parsed : { result: text }, media };
}

/** As parts of a function's response, for models whose responses have some. */
export const toResponseParts = (media: readonly GeminiPart[]): NonNullable<FunctionResponse['parts']> =>
  media.map(({ inlineData, fileData }) => ({
    ...(inlineData === undefined ? {} : { inlineData }),
    ...(fileData === undefined ? {} : { fileData }),
  }));
