import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { invalid, unsupported, type Refuser } from './unsupported.js';

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const TEXT_EXTENSION =
  /\.(?:txt|md|markdown|csv|tsv|json|jsonl|xml|html?|ya?ml|log|[cm]?[jt]sx?|py|rb|go|rs|java|c|h|cpp|sh|sql|css)$/i;

interface DataUrl {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  readonly isBase64: boolean;
  readonly data: string;
}

/** Only the head is searched: the data may be megabytes. */
function parseDataUrl(url: string): DataUrl | null {
  if (!url.startsWith('data:')) return null;
  const comma = url.indexOf(',');
  if (comma === -1) return null;
  const [mediaType = '', ...parameters] = url.slice(5, comma).split(';');
  return {
    mediaType: mediaType.trim().toLowerCase(),
    isBase64: parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64'),
    data: url.slice(comma + 1),
  };
}

const isWebUrl = (url: string): boolean => /^https?:\/\//i.test(url);

/** An `image_url` part. `detail` has no counterpart and does not change what is in the picture. */
export function toImageBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const image = part['image_url'];
  const url = isObject(image) ? image['url'] : image;
  if (!isText(url)) throw invalid(`${param}.image_url`, 'An image needs a URL: https or data.', refuser);
  if (isWebUrl(url)) return { type: 'image', source: { type: 'url', url } };
  const data = parseDataUrl(url);
  if (data === null)
    throw unsupported(`${param}.image_url`, 'Give the image as an https URL or a base64 data URL.', refuser);
  return imageOf(data, `${param}.image_url`, refuser);
}

function imageOf(data: DataUrl, param: string, refuser: Refuser): JsonObject {
  const mediaType = data.mediaType === 'image/jpg' ? 'image/jpeg' : data.mediaType;
  if (!data.isBase64 || !IMAGE_TYPES.has(mediaType)) {
    throw unsupported(param, 'Images are base64 data of the type image/jpeg, png, gif or webp.', refuser);
  }
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data: data.data } };
}

/** A `file` part: PDF and text become documents, images become images, ids are taken for ids of Anthropic's own files. */
export function toDocumentBlock(part: JsonObject, param: string, refuser: Refuser): JsonObject {
  const file = isObject(part['file']) ? part['file'] : {};
  const { file_data: given, file_id: id, filename } = file;
  const title = isText(filename) ? { title: filename } : {};
  if (!isText(given)) {
    if (isText(id)) return { type: 'document', source: { type: 'file', file_id: id }, ...title };
    throw invalid(`${param}.file`, "A file needs 'file_data', a data URL.", refuser);
  }
  if (isWebUrl(given)) return { type: 'document', source: { type: 'url', url: given }, ...title };
  // Some clients leave the URL's head out and let the name speak.
  const data = parseDataUrl(given) ?? { mediaType: typeOf(filename), isBase64: true, data: given };
  if (IMAGE_TYPES.has(data.mediaType)) return imageOf(data, `${param}.file`, refuser);
  if (data.mediaType === 'application/pdf' && data.isBase64) {
    const source = { type: 'base64', media_type: 'application/pdf', data: data.data };
    return { type: 'document', source, ...title };
  }
  if (isTextType(data.mediaType) || (isText(filename) && TEXT_EXTENSION.test(filename))) {
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: textOf(data, param, refuser) },
      ...title,
    };
  }
  throw unsupported(`${param}.file`, 'Files are PDF or text; turn others into one of these.', refuser);
}

const typeOf = (filename: unknown): string => (isText(filename) && /\.pdf$/i.test(filename) ? 'application/pdf' : '');

const isTextType = (mediaType: string): boolean =>
  mediaType.startsWith('text/') || /^application\/(?:json|xml|yaml|x-yaml|javascript|x-ndjson)$/.test(mediaType);

function textOf({ isBase64, data }: DataUrl, param: string, refuser: Refuser): string {
  if (isBase64) return Buffer.from(data, 'base64').toString('utf8');
  try {
    return decodeURIComponent(data);
  } catch {
    throw invalid(`${param}.file`, "The data URL in 'file_data' is malformed.", refuser);
  }
}
