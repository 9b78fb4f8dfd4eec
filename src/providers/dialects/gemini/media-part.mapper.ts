import { ownMember } from '../../../common/own-member.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { GeminiPart } from './gemini.wire.js';
import { invalid, unsupported, type GeminiContext } from './refusal.js';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,/i;

/** MIME types that Gemini reads, by the ending of a name or a URL. */
const BY_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/md',
  csv: 'text/csv',
  html: 'text/html',
  xml: 'text/xml',
  json: 'application/json',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  aac: 'audio/aac',
  m4a: 'audio/m4a',
  mp4: 'video/mp4',
  mov: 'video/mov',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
};

const UPLOADED = /^https:\/\/generativelanguage\.googleapis\.com\/.*\bfiles\//i;
const VIDEO_SITE = /^https:\/\/(?:[a-z]+\.)?(?:youtube\.com|youtu\.be)\//i;

/** A content part of a message (text excluded) as Gemini's. `param` is its place, for the error. */
export function toMediaPart(part: JsonObject, param: string, context: GeminiContext): GeminiPart {
  const type = isText(part['type']) ? part['type'] : (typeByMember(part) ?? 'unknown');
  switch (type) {
    case 'image_url':
      return fromUrl(urlOf(part['image_url']), 'image/jpeg', param, context);
    case 'video_url':
      return fromUrl(urlOf(part['video_url']), 'video/mp4', param, context);
    case 'input_audio':
      return fromAudio(part['input_audio'], param, context);
    case 'file':
      return fromFile(part['file'], param, context);
    default:
      throw unsupported(param, 'Use parts of text, image_url, video_url, input_audio and file.', context);
  }
}

/** Some clients leave `type` out. */
const typeByMember = (part: JsonObject): string | undefined =>
  ['image_url', 'video_url', 'input_audio', 'file'].find((name) => part[name] !== undefined);

const urlOf = (value: unknown): unknown => (isObject(value) ? value['url'] : value);

/** Of a name, or of a URL's path. */
function ending(name: string): string | undefined {
  const [path = ''] = name.split(/[?#]/, 1);
  const dot = path.lastIndexOf('.');
  return dot === -1 ? undefined : ownMember(BY_ENDING, path.slice(dot + 1).toLowerCase());
}

/** A data URL's bytes go along; of any other the address: Google fetches it itself. */
function fromUrl(url: unknown, usual: string, param: string, context: GeminiContext, named?: string): GeminiPart {
  if (!isText(url)) throw invalid(param, `'${param}' has no URL.`, context);
  if (url.slice(0, 5).toLowerCase() === 'data:') return { inlineData: fromDataUrl(url, usual, param, context) };
  if (!/^(?:https|gs):\/\//i.test(url))
    throw unsupported(param, 'Use a data URL, an https URL, or a gs:// URI on Vertex.', context);
  // Of a file that was uploaded Google knows the type itself.
  if (UPLOADED.test(url)) return { fileData: { fileUri: url, ...(named === undefined ? {} : { mimeType: named }) } };
  const mimeType = named ?? ending(url) ?? (VIDEO_SITE.test(url) ? 'video/mp4' : usual);
  return { fileData: { fileUri: url, mimeType } };
}

function fromDataUrl(url: string, usual: string, param: string, context: GeminiContext) {
  // Data may be megabytes: only its head is matched.
  const head = DATA_URL.exec(url.slice(0, 512));
  if (head === null) throw invalid(param, `'${param}' is no data URL.`, context);
  const [whole, mimeType, , base64] = head;
  const rest = url.slice(whole.length);
  const data = base64 === undefined ? encoded(rest) : rest;
  if (data === null) throw invalid(param, `'${param}' is no data URL.`, context);
  return { mimeType: mimeType === undefined || mimeType === '' ? usual : mimeType, data };
}

/** Text of a data URL that is not in base64, null where its escapes are broken. */
function encoded(text: string): string | null {
  try {
    return Buffer.from(decodeURIComponent(text)).toString('base64');
  } catch {
    return null;
  }
}

function fromAudio(audio: unknown, param: string, context: GeminiContext): GeminiPart {
  if (!isObject(audio) || !isText(audio['data'])) throw invalid(param, `'${param}' has no data.`, context);
  const { data, format } = audio;
  if (data.startsWith('data:')) return { inlineData: fromDataUrl(data, 'audio/wav', param, context) };
  return {
    inlineData: { mimeType: ownMember(BY_ENDING, String(format)) ?? `audio/${isText(format) ? format : 'wav'}`, data },
  };
}

function fromFile(file: unknown, param: string, context: GeminiContext): GeminiPart {
  if (!isObject(file)) throw invalid(param, `'${param}' has no file.`, context);
  const { file_data: data, file_id: id, file_url: url, filename } = file;
  const named = isText(filename) ? ending(filename) : undefined;
  const usual = named ?? 'application/pdf';
  if (isText(data)) {
    if (/^(?:data:|https:|gs:)/i.test(data)) return fromUrl(data, usual, param, context, named);
    return { inlineData: { mimeType: usual, data } };
  }
  // A file that was uploaded to Google is named by its URI; an id of OpenAI's means nothing there.
  const uri = isText(url) ? url : id;
  if (isText(uri) && /^(?:https|gs):\/\//i.test(uri)) return fromUrl(uri, usual, param, context, named);
  throw unsupported(
    param,
    'Send the file as file_data (a data URL), or the URI of a file at Google as file_id.',
    context,
  );
}
