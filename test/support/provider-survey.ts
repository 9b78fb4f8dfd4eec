import { z } from 'zod';
import { AnthropicStrategy } from '../../src/providers/anthropic/anthropic.strategy.js';
import { BedrockStrategy } from '../../src/providers/aws-bedrock/aws-bedrock.strategy.js';
import { AzureOpenAiStrategy } from '../../src/providers/azure-openai/azure-openai.strategy.js';
import { CerebrasStrategy } from '../../src/providers/cerebras/cerebras.strategy.js';
import { CohereStrategy } from '../../src/providers/cohere/cohere.strategy.js';
import { DeepSeekStrategy } from '../../src/providers/deepseek/deepseek.strategy.js';
import { isObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { GoogleAiStudioStrategy } from '../../src/providers/google-ai-studio/google-ai-studio.strategy.js';
import { GoogleVertexAiStrategy } from '../../src/providers/google-vertex-ai/google-vertex-ai.strategy.js';
import { GrokStrategy } from '../../src/providers/grok/grok.strategy.js';
import { GroqStrategy } from '../../src/providers/groq/groq.strategy.js';
import { HuggingFaceStrategy } from '../../src/providers/huggingface/huggingface.strategy.js';
import { MistralStrategy } from '../../src/providers/mistral/mistral.strategy.js';
import { OpenAiStrategy } from '../../src/providers/openai/openai.strategy.js';
import { OpenRouterStrategy } from '../../src/providers/openrouter/openrouter.strategy.js';
import { PerplexityStrategy } from '../../src/providers/perplexity-ai/perplexity-ai.strategy.js';
import type { AnswerFacts, ProviderStrategy, ProviderTarget } from '../../src/providers/provider-strategy.js';
import { WorkersAiStrategy } from '../../src/providers/workers-ai/workers-ai.strategy.js';
import { encodeFrames, framesOf } from './bedrock-frames.js';
import { aCall, aTarget, cutAt, joinStream, numbersOf } from './chat-streams.js';
import { readExchanges, type RecordedExchange } from './fixtures.js';
import { isOfResponsesWire, RESPONSES_MODEL } from './responses-exchanges.js';

/** What was found in the answers that were read, in the order of the table's columns. */
export const FEATURES = [
  'text',
  'tools',
  'several tools',
  'reasoning',
  'signed reasoning',
  'citations',
  'refusal',
  'length',
  'filter',
  'several choices',
  'usage',
  'cached',
  'reasoning tokens',
] as const;

export type Feature = (typeof FEATURES)[number];

/** How many answers had it: whole, and streamed. */
export interface Tally {
  whole: number;
  streamed: number;
}

export interface ProviderSurvey {
  readonly provider: string;
  readonly answers: Tally;
  readonly features: Readonly<Record<Feature, Tally>>;
  readonly errors: number;
  readonly embeddings: number;
  /** Exchanges that could not be read, and why. */
  readonly unread: readonly string[];
}

/** Provider, fixture folders. Recordings of the closed Sonar endpoint and of Ollama's native API are of wires that nobody speaks here. */
const PROVIDERS: readonly (readonly [
  ProviderStrategy,
  folder: string,
  keep?: (exchange: RecordedExchange) => boolean,
])[] = [
  [new AnthropicStrategy(), 'anthropic'],
  [new BedrockStrategy(), 'bedrock', ({ api }) => api === 'chat' || api === 'embeddings'],
  [new AzureOpenAiStrategy(), 'azure-openai'],
  [new CerebrasStrategy(), 'cerebras'],
  [new CohereStrategy(), 'cohere'],
  [new DeepSeekStrategy(), 'deepseek', ({ api }) => api === 'chat'],
  [new GoogleAiStudioStrategy(), 'google-ai-studio'],
  [new GoogleVertexAiStrategy(), 'vertex'],
  [new GrokStrategy(), 'xai', ({ api }) => api === 'chat'],
  [new GroqStrategy(), 'groq'],
  [new HuggingFaceStrategy(), 'huggingface'],
  [new MistralStrategy(), 'mistral'],
  [new OpenAiStrategy(), 'openai', ({ api }) => ['chat', 'responses', 'embeddings'].includes(api)],
  [new OpenRouterStrategy(), 'openrouter', ({ api }) => api === 'chat' || api === 'embeddings'],
  [new PerplexityStrategy(), 'perplexity', ({ kind }) => kind !== 'chat'],
  [new WorkersAiStrategy(), 'workers-ai'],
];

const KINDS = ['chat', 'responses', 'embeddings', 'error'];
const CUTS = 20;

/** Reads every recorded exchange by its provider's strategy, streams cut at seeded positions. */
export const surveyProviders = (): readonly ProviderSurvey[] =>
  PROVIDERS.map(([strategy, folder, keep = () => true]) =>
    survey(strategy, readExchanges(folder, KINDS).filter(keep)),
  ).toSorted((a, b) => a.provider.localeCompare(b.provider));

/** One recorded answer as its provider's strategy reads it. */
export interface RecordedAnswer {
  readonly strategy: ProviderStrategy;
  readonly exchange: RecordedExchange;
  /** The model that was asked for, as far as the recording tells. */
  readonly model: string;
  readonly facts: AnswerFacts;
}

/** Every recorded answer that is complete and no error, with what was learned of it on the side. */
export const readRecordedAnswers = (): readonly RecordedAnswer[] =>
  PROVIDERS.flatMap(([strategy, folder, keep = () => true]) =>
    readExchanges(folder, KINDS)
      .filter(keep)
      .filter(({ status, kind, requestBody }) => {
        return status < 400 && kind !== 'error' && !JSON.stringify(requestBody).includes('inline_data');
      })
      .flatMap((exchange) => {
        const facts = factsOf(strategy, exchange);
        return facts === null ? [] : [{ strategy, exchange, model: targetOf(strategy, exchange).model, facts }];
      }),
  );

function factsOf(strategy: ProviderStrategy, exchange: RecordedExchange): AnswerFacts | null {
  const target = targetOf(strategy, exchange);
  if (exchange.api === 'embeddings') return readEmbeddings(strategy, exchange);
  const bytes = streamBytes(exchange);
  if (bytes === null) return strategy.readChatCompletion(toAnswer(exchange), callOf(exchange, false), target).facts;
  const translator = strategy.openChatStream(callOf(exchange, true), target);
  translator.push(bytes);
  translator.end();
  return translator.status === 'complete' ? translator.facts : null;
}

function survey(strategy: ProviderStrategy, exchanges: readonly RecordedExchange[]): ProviderSurvey {
  const none = (): Tally => ({ whole: 0, streamed: 0 });
  const features: Record<Feature, Tally> = {
    text: none(),
    tools: none(),
    'several tools': none(),
    reasoning: none(),
    'signed reasoning': none(),
    citations: none(),
    refusal: none(),
    length: none(),
    filter: none(),
    'several choices': none(),
    usage: none(),
    cached: none(),
    'reasoning tokens': none(),
  };
  const out = { provider: strategy.id, answers: none(), features, errors: 0, embeddings: 0, unread: [] as string[] };
  for (const exchange of exchanges) {
    try {
      if (exchange.status >= 400) {
        strategy.readError(toAnswer(exchange), targetOf(strategy, exchange));
        out.errors++;
      } else if (exchange.api === 'embeddings') {
        if (JSON.stringify(exchange.requestBody).includes('inline_data')) continue;
        readEmbeddings(strategy, exchange);
        out.embeddings++;
      } else if (exchange.kind === 'error') {
        assertFails(strategy, exchange);
        out.errors++;
      } else {
        const isStream = streamBytes(exchange) !== null;
        const found = isStream ? readStreamed(strategy, exchange) : readWhole(strategy, exchange);
        const side = isStream ? 'streamed' : 'whole';
        out.answers[side]++;
        for (const feature of found) features[feature][side]++;
      }
    } catch (error) {
      out.unread.push(`${exchange.id}: ${error instanceof Error ? error.message.slice(0, 120) : String(error)}`);
    }
  }
  return out;
}

function targetOf(strategy: ProviderStrategy, exchange: RecordedExchange): ProviderTarget {
  const pathModel = /\/models?\/([^/:]+(?::\d+)?)(?:[:/]|$)/.exec(decodeURIComponent(exchange.url ?? ''))?.[1];
  const isResponses = exchange.api === 'responses' && isOfResponsesWire(exchange);
  const model =
    isResponses && strategy.id !== 'perplexity-ai' ? RESPONSES_MODEL : (exchange.model ?? pathModel ?? 'some-model');
  return aTarget(strategy, { model });
}

export const toAnswer = ({ status, headers, body }: RecordedExchange) => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

/** Null for an answer that is no stream. */
export function streamBytes(exchange: RecordedExchange): Buffer | null {
  if (exchange.sse !== null) return Buffer.from(exchange.sse);
  if (exchange.frameBytes !== null) return exchange.frameBytes;
  if (exchange.frames !== null) return encodeFrames(framesOf(exchange.frames));
  return exchange.stream && Array.isArray(exchange.body) ? Buffer.from(JSON.stringify(exchange.body)) : null;
}

const callOf = ({ requestBody }: RecordedExchange, stream: boolean) =>
  aCall({
    stream,
    n: isObject(requestBody) && typeof requestBody['n'] === 'number' ? requestBody['n'] : 1,
    stream_options: { include_usage: true },
  });

const messageSchema = z.looseObject({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(z.looseObject({ id: z.string().min(1), type: z.string() })).nullish(),
  annotations: z.array(z.unknown()).nullish(),
  reasoning_details: z.array(z.unknown()).nullish(),
});

const finish = z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

const completionSchema = z.looseObject({
  id: z.string().min(1),
  object: z.literal('chat.completion'),
  created: z.number(),
  model: z.string(),
  choices: z
    .array(
      z.looseObject({
        index: z.number(),
        finish_reason: finish,
        message: messageSchema.extend({ role: z.literal('assistant') }),
      }),
    )
    .min(1),
});

type Message = z.infer<typeof messageSchema>;

function readWhole(strategy: ProviderStrategy, exchange: RecordedExchange): Feature[] {
  const { body, facts } = strategy.readChatCompletion(
    toAnswer(exchange),
    callOf(exchange, false),
    targetOf(strategy, exchange),
  );
  const { choices } = completionSchema.parse(JSON.parse(body.toString()));
  return [
    ...featuresOf(choices[0]?.message ?? {}, facts),
    ...(choices.length > 1 ? (['several choices'] as const) : []),
  ];
}

const chunkSchema = z.looseObject({
  choices: z.array(z.looseObject({ index: z.number(), delta: messageSchema.omit({ tool_calls: true }) })),
});

function readStreamed(strategy: ProviderStrategy, exchange: RecordedExchange): Feature[] {
  const bytes = streamBytes(exchange) ?? Buffer.alloc(0);
  const next = numbersOf(20_261_123);
  const translator = strategy.openChatStream(callOf(exchange, true), targetOf(strategy, exchange));
  const out = cutAt(
    bytes,
    Array.from({ length: CUTS }, () => next(bytes.length)),
  ).flatMap((piece) => translator.push(piece));
  const text = Buffer.concat([...out, ...translator.end()]).toString();
  if (translator.status !== 'complete') throw translator.error ?? new Error('The stream is not complete.');
  const joined = joinStream(text);
  const deltas = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .flatMap((line) => chunkSchema.parse(JSON.parse(line.slice(6))).choices);
  const first = deltas.filter(({ index }) => index === 0).map(({ delta }) => delta);
  const message: Message = {
    content: joined.content,
    reasoning_content: joined.reasoning,
    refusal: first.map(({ refusal }) => refusal ?? '').join(''),
    tool_calls: joined.toolCalls.map(({ id }) => ({ id, type: 'function' })),
    annotations: first.flatMap(({ annotations }) => annotations ?? []),
    reasoning_details: first.flatMap(({ reasoning_details: details }) => details ?? []),
  };
  for (const call of joined.toolCalls) JSON.parse(call.arguments);
  return [
    ...featuresOf(message, translator.facts),
    ...(deltas.some(({ index }) => index > 0) ? (['several choices'] as const) : []),
  ];
}

/** An error inside a stream that began well. */
function assertFails(strategy: ProviderStrategy, exchange: RecordedExchange): void {
  const translator = strategy.openChatStream(callOf(exchange, true), targetOf(strategy, exchange));
  translator.push(streamBytes(exchange) ?? Buffer.alloc(0));
  translator.end();
  if (translator.error === null) throw new Error('The stream does not fail.');
}

const isThere = (value: unknown): boolean => (Array.isArray(value) || typeof value === 'string') && value.length > 0;

function featuresOf(message: Message, { finishReason, usage }: AnswerFacts): Feature[] {
  const { tool_calls: calls } = message;
  const found: Readonly<Record<Exclude<Feature, 'several choices'>, boolean>> = {
    text: isThere(message.content),
    tools: isThere(calls),
    'several tools': (calls ?? []).length > 1,
    reasoning: isThere(message.reasoning_content),
    'signed reasoning': isThere(message.reasoning_details) || JSON.stringify(calls ?? []).includes('signature'),
    citations: isThere(message.annotations),
    refusal: isThere(message.refusal),
    length: finishReason === 'length',
    filter: finishReason === 'content_filter',
    usage: usage !== undefined,
    cached: (usage?.prompt_tokens_details?.cached_tokens ?? 0) > 0,
    'reasoning tokens': (usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0,
  };
  return FEATURES.filter((feature) => feature !== 'several choices' && found[feature]);
}

function readEmbeddings(strategy: ProviderStrategy, exchange: RecordedExchange): AnswerFacts {
  const count = JSON.stringify(exchange.body).match(/\[-?\d[^[\]]*\]|"embedding":"/g)?.length ?? 1;
  const body = { model: 'provider/m', input: Array.from({ length: count }, (_, index) => `text ${index}`) };
  const call = { request: body, raw: Buffer.from(JSON.stringify(body)), headers: [] };
  if (strategy.embeddings === undefined) throw new Error('It makes no embeddings.');
  return strategy.embeddings.readAnswers([toAnswer(exchange)], call, targetOf(strategy, exchange)).facts;
}
