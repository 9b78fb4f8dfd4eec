import { ownMember } from '../../../common/own-member.js';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import type { GeminiTraits } from './gemini-traits.catalog.js';
import type { GeminiGeneration } from './gemini.wire.js';
import { toJsonSchema, toOpenApiSchema } from './json-schema.mapper.js';
import { unsupported, type GeminiContext } from './refusal.js';
import { toThinking } from './thinking.mapper.js';

/** Google's limits, November 2026. Its own 400 says less. */
const MAX_STOPS = 5;
const MAX_CHOICES = 8;
const MAX_LOGPROBS = 20;

type Format = Pick<GeminiGeneration, 'responseMimeType' | 'responseJsonSchema' | 'responseSchema'>;

export function toGeneration(
  request: ChatCompletionRequest,
  traits: GeminiTraits,
  context: GeminiContext,
): GeminiGeneration {
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const stops = stopsOf(request, context);
  const topK = request['top_k'];
  const thinking = toThinking(request, traits, context);
  return {
    ...(maxTokens == null ? {} : { maxOutputTokens: maxTokens }),
    ...(request.temperature == null ? {} : { temperature: request.temperature }),
    ...(request.top_p == null ? {} : { topP: request.top_p }),
    ...(typeof topK === 'number' ? { topK } : {}),
    ...(request.n == null || request.n === 1 ? {} : { candidateCount: assertChoices(request.n, context) }),
    ...(stops.length === 0 ? {} : { stopSequences: stops }),
    ...(request.seed == null ? {} : { seed: request.seed }),
    ...(request.presence_penalty == null ? {} : { presencePenalty: request.presence_penalty }),
    ...(request.frequency_penalty == null ? {} : { frequencyPenalty: request.frequency_penalty }),
    ...logprobsOf(request, context),
    ...formatOf(request, traits, context),
    ...modalitiesOf(request, context),
    ...(thinking === undefined ? {} : { thinkingConfig: thinking }),
  };
}

function stopsOf({ stop }: ChatCompletionRequest, context: GeminiContext): string[] {
  const stops = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '');
  if (stops.length > MAX_STOPS) throw unsupported('stop', `It takes ${MAX_STOPS} stop sequences at most.`, context);
  return stops;
}

function assertChoices(n: number, context: GeminiContext): number {
  if (n > MAX_CHOICES) throw unsupported('n', `It makes ${MAX_CHOICES} choices a call at most.`, context);
  return n;
}

function logprobsOf(
  { logprobs, top_logprobs: top }: ChatCompletionRequest,
  context: GeminiContext,
): Pick<GeminiGeneration, 'responseLogprobs' | 'logprobs'> {
  if (logprobs !== true) return {};
  if ((top ?? 0) > MAX_LOGPROBS) throw unsupported('top_logprobs', `Use ${MAX_LOGPROBS} at most.`, context);
  return { responseLogprobs: true, ...(top == null || top === 0 ? {} : { logprobs: top }) };
}

function formatOf(request: ChatCompletionRequest, traits: GeminiTraits, context: GeminiContext): Format {
  const format = request.response_format;
  if (format == null || format.type === 'text') return {};
  if ((request.tools ?? []).length > 0 && !traits.combinesTools) {
    const instead = 'With tools it takes a response format from Gemini 3 on: leave out the one or the other.';
    throw unsupported('response_format', instead, context);
  }
  if (format.type === 'json_object') return { responseMimeType: 'application/json' };
  if (format.type !== 'json_schema')
    throw unsupported('response_format', "Use 'text', 'json_object' or 'json_schema'.", context);
  const wrapper = format['json_schema'];
  const schema = isObject(wrapper) ? wrapper['schema'] : undefined;
  if (!isObject(schema)) return { responseMimeType: 'application/json' };
  return {
    responseMimeType: 'application/json',
    ...(traits.schema === 'json'
      ? { responseJsonSchema: toJsonSchema(described(schema, wrapper)) }
      : { responseSchema: toOpenApiSchema(described(schema, wrapper)) }),
  };
}

/** What the schema is for has no place of its own. */
function described(schema: JsonObject, wrapper: unknown): JsonObject {
  const description = isObject(wrapper) ? wrapper['description'] : undefined;
  return isText(description) && schema['description'] === undefined ? { ...schema, description } : schema;
}

const MODALITIES: Readonly<Record<string, 'TEXT' | 'IMAGE' | 'AUDIO'>> = {
  text: 'TEXT',
  image: 'IMAGE',
  audio: 'AUDIO',
};

function modalitiesOf(
  request: ChatCompletionRequest,
  context: GeminiContext,
): Pick<GeminiGeneration, 'responseModalities' | 'speechConfig'> {
  const asked: unknown = request['modalities'];
  const names = Array.isArray(asked) ? asked.map((name) => ownMember(MODALITIES, String(name))) : [];
  const known = names.filter((name) => name !== undefined);
  if (known.length < names.length) throw unsupported('modalities', "Use 'text', 'image' and 'audio'.", context);
  if (known.every((name) => name === 'TEXT')) return {};
  if (!known.includes('AUDIO')) return { responseModalities: known };

  // Speech comes alone: a model that speaks writes no text beside it.
  const audio = isObject(request['audio']) ? request['audio'] : {};
  if (isText(audio['format']) && audio['format'] !== 'pcm16')
    throw unsupported('audio.format', "It speaks in 'pcm16' (24 kHz, mono) only.", context);
  const voice = audio['voice'];
  return {
    responseModalities: ['AUDIO'],
    ...(isText(voice) ? { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } } : {}),
  };
}
