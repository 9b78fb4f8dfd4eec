import type { AudioFormat, DocumentFormat, ImageFormat, VideoFormat } from '@aws-sdk/client-bedrock-runtime';
import { ownMember } from '../../common/own-member.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { invalid, unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';

/** Converse's names of formats, by media type. */
const IMAGES: Readonly<Record<string, ImageFormat>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};
const DOCUMENTS: Readonly<Record<string, DocumentFormat>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
};
const VIDEOS: Readonly<Record<string, VideoFormat>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/x-ms-wmv': 'wmv',
  'video/3gpp': 'three_gp',
};
const DOCUMENT_FORMATS: ReadonlySet<string> = new Set(Object.values(DOCUMENTS));
const AUDIO_FORMATS: ReadonlySet<string> = new Set<AudioFormat>([
  'aac',
  'flac',
  'm4a',
  'mka',
  'mkv',
  'mp3',
  'mp4',
  'mpeg',
  'mpga',
  'ogg',
  'opus',
  'pcm',
  'wav',
  'webm',
  'x-aac',
]);

/** Bytes given along (base64, as on the wire), or a place in S3. */
type Source = { readonly bytes: string } | { readonly s3Location: { readonly uri: string } };

interface GivenMedia {
  /** In lower case; empty where nothing says it. */
  readonly mediaType: string;
  readonly source: Source;
}

/** A data URL or `s3://…`; null for any other URL. Only the head is searched: the data may be megabytes. */
function readMedia(url: string): GivenMedia | null {
  if (url.startsWith('s3://')) return { mediaType: '', source: { s3Location: { uri: url } } };
  if (!url.startsWith('data:')) return null;
  const comma = url.indexOf(',');
  const [mediaType = '', ...parameters] = url.slice(5, comma === -1 ? 5 : comma).split(';');
  const data = url.slice(comma + 1);
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64');
  const bytes = isBase64 ? data : Buffer.from(decodeText(data)).toString('base64');
  return { mediaType: mediaType.trim().toLowerCase(), source: { bytes } };
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const extensionOf = (name: string): string => /\.([A-Za-z0-9_]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';

/** `s3://bucket/cat.jpg` says its format by its end. */
const formatOf = (
  { mediaType, source }: GivenMedia,
  formats: Readonly<Record<string, string>>,
  top: string,
): string | undefined =>
  ownMember(formats, mediaType) ??
  ('s3Location' in source ? ownMember(formats, `${top}/${extensionOf(source.s3Location.uri)}`) : undefined);

/** An `image_url` part. `detail` has no counterpart and does not change what is in the picture. */
export function toImageBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const url = urlOf(part, 'image_url', param, refuser);
  const media = readMedia(url);
  if (media === null) {
    throw unsupported(`${param}.image_url`, 'It fetches no URLs: give the image as a data URL, or as s3://….', refuser);
  }
  const format = formatOf(media, IMAGES, 'image');
  if (format === undefined) throw unsupported(`${param}.image_url`, 'Images are png, jpeg, gif or webp.', refuser);
  return { image: { format, source: media.source } };
}

/** A `video_url` part, as OpenRouter's clients send it. */
export function toVideoBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const media = readMedia(urlOf(part, 'video_url', param, refuser));
  const format = media === null ? undefined : formatOf(media, VIDEOS, 'video');
  if (media === null || format === undefined) {
    throw unsupported(
      `${param}.video_url`,
      'Give the video as a data URL or as s3://…, in mp4, mov, mkv, webm, flv, mpeg, wmv or 3gpp.',
      refuser,
    );
  }
  return { video: { format, source: media.source } };
}

/** An `input_audio` part. */
export function toAudioBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const audio = isObject(part['input_audio']) ? part['input_audio'] : {};
  const { data, format } = audio;
  if (!isText(data)) throw invalid(`${param}.input_audio`, 'Audio needs its data in base64.', refuser);
  if (!isText(format) || !AUDIO_FORMATS.has(format)) {
    throw unsupported(`${param}.input_audio.format`, `It takes ${[...AUDIO_FORMATS].join(', ')}.`, refuser);
  }
  return { audio: { format, source: { bytes: data } } };
}

/** A `file` part as a document, or as the image it is. `names`: those the request has used so far, for each must be another. */
export function toDocumentBlock(part: JsonObject, param: string, refuser: Refuser, names: Set<string>): JsonObject {
  const file = isObject(part['file']) ? part['file'] : {};
  const { file_data: given, filename } = file;
  if (!isText(given)) {
    throw unsupported(`${param}.file`, "It keeps no files: give 'file_data', a data URL or s3://….", refuser);
  }
  if (/^https?:/i.test(given)) {
    throw unsupported(`${param}.file.file_data`, 'It fetches no URLs: give a data URL, or s3://….', refuser);
  }
  // Some clients leave the URL's head out and let the name speak.
  const media = readMedia(given) ?? { mediaType: '', source: { bytes: given } };
  const image = ownMember(IMAGES, media.mediaType);
  if (image !== undefined) return { image: { format: image, source: media.source } };
  const named = extensionOf(isText(filename) ? filename : given.slice(-200));
  const format = ownMember(DOCUMENTS, media.mediaType) ?? (DOCUMENT_FORMATS.has(named) ? named : undefined);
  if (format === undefined) {
    throw unsupported(`${param}.file`, `Files are ${[...DOCUMENT_FORMATS].join(', ')}.`, refuser);
  }
  const name = uniqueName(isText(filename) ? filename : 'document', names);
  const citations = isObject(part['citations']) ? { citations: part['citations'] } : {};
  return { document: { format, name, source: media.source, ...citations } };
}

/** Letters, digits, single spaces, hyphens and brackets are what a document's name may hold. */
function uniqueName(filename: string, names: Set<string>): string {
  const plain = filename
    .replace(/\.[A-Za-z0-9]+$/, '')
    .replace(/[^A-Za-z0-9 ()[\]-]+/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 180);
  const base = plain === '' ? 'document' : plain;
  let name = base;
  for (let count = 2; names.has(name); count++) name = `${base} (${count})`;
  names.add(name);
  return name;
}

function urlOf(part: JsonObject, member: string, param: string, refuser: Refuser): string {
  const given: unknown = part[member];
  const url = isObject(given) ? given['url'] : given;
  if (!isText(url)) throw invalid(`${param}.${member}`, 'It needs a URL.', refuser);
  return url;
}
