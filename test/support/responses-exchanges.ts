import { z } from 'zod';
import { aCall, aTarget, joinStream, type JoinedStream } from './chat-streams.js';
import { readExchanges, type RecordedExchange } from './fixtures.js';
import type {
  ChatCall,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../../src/providers/provider-strategy.js';

/** A model that is served by the Responses endpoint whatever is asked of it. */
export const RESPONSES_MODEL = 'gpt-5-pro';

export const aResponsesTarget = (strategy: ProviderStrategy, rest: Partial<ProviderTarget> = {}): ProviderTarget =>
  aTarget(strategy, { model: RESPONSES_MODEL, ...rest });

const part = z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() });
const item = z.looseObject({
  type: z.string(),
  id: z.string().nullish(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  encrypted_content: z.string().nullish(),
  content: z.array(part).nullish(),
  summary: z.array(part).nullish(),
});

/** A recorded answer: the test's own reading of it, not the code's. */
export const responseSchema = z.looseObject({
  id: z.string(),
  status: z.string().nullish(),
  output: z.array(item),
  usage: z
    .looseObject({
      input_tokens: z.number(),
      output_tokens: z.number(),
      input_tokens_details: z.looseObject({ cached_tokens: z.number().optional() }).nullish(),
      output_tokens_details: z.looseObject({ reasoning_tokens: z.number().optional() }).nullish(),
    })
    .nullish(),
});

export type RecordedResponse = z.infer<typeof responseSchema>;

const eventSchema = z.looseObject({ type: z.string(), response: z.unknown().optional() });

export const eventsOf = (sse: string): z.infer<typeof eventSchema>[] =>
  sse
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line) => eventSchema.parse(JSON.parse(line.slice(5))));

/** Some recordings of this family are answers of Chat Completions all the same. */
export const isOfResponsesWire = ({ status, body, sse }: RecordedExchange): boolean =>
  status >= 400 || (sse === null ? responseSchema.safeParse(body).success : sse.includes('"type":"response.'));

/**
 * The whole answer of an exchange: its body, or what its stream ends with. Its items are those of their own events where there
 * are some: OpenAI encrypts the reasoning anew for the last event.
 */
export function recordedResponse({ body, sse }: RecordedExchange): RecordedResponse {
  if (sse === null) return responseSchema.parse(body);
  const events = eventsOf(sse);
  const last = events.findLast(({ response }) => response !== undefined);
  const items = events
    .filter(({ type }) => type === 'response.output_item.done')
    .map((event) => item.parse(event['item']));
  return { ...responseSchema.parse(last?.response), output: items };
}

/** What an answer says to whoever asked. */
export interface SaidByResponse {
  readonly content: string;
  readonly refusal: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly encrypted: readonly string[];
  /** What was thought, a blank line between its parts. */
  readonly reasoning: string;
}

export function saidBy({ output }: RecordedResponse, ownTools: ReadonlySet<string> = new Set()): SaidByResponse {
  const parts = output.filter(({ type }) => type === 'message').flatMap(({ content }) => content ?? []);
  return {
    content: parts.map(({ type, text }) => (type === 'output_text' ? (text ?? '') : '')).join(''),
    refusal: parts.map(({ refusal }) => refusal ?? '').join(''),
    calls: output
      .filter(({ type, name }) => type === 'function_call' && !ownTools.has(name ?? ''))
      .map(({ call_id: id, name, arguments: args }) => ({ id: id ?? '', name: name ?? '', arguments: args ?? '' })),
    encrypted: output.flatMap(({ type, encrypted_content: data }) =>
      type === 'reasoning' && data != null && data !== '' ? [data] : [],
    ),
    reasoning: output
      .filter(({ type }) => type === 'reasoning')
      .flatMap(({ summary, content }) => ((summary ?? []).length > 0 ? summary : content) ?? [])
      .map(({ text }) => text ?? '')
      .filter((text) => text !== '')
      .join('\n\n'),
  };
}

/** A stream read with a model of the Responses endpoint. */
export function readResponsesStream(
  strategy: ProviderStrategy,
  pieces: readonly Buffer[],
  body: Readonly<Record<string, unknown>> = {},
  target: ProviderTarget = aResponsesTarget(strategy),
): { readonly text: string; readonly translator: StreamTranslator } {
  const call: ChatCall = aCall({ stream: true, ...body });
  const translator = strategy.openChatStream(call, target);
  const out = pieces.flatMap((piece) => translator.push(piece));
  return { text: Buffer.concat([...out, ...translator.end()]).toString(), translator };
}

/** Members of deltas that `joinStream` does not join. */
export function joinExtras(text: string): {
  readonly joined: JoinedStream;
  readonly refusal: string;
  readonly encrypted: readonly string[];
} {
  const deltas = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .flatMap(
      (line) =>
        z
          .looseObject({ choices: z.array(z.looseObject({ delta: z.looseObject({ refusal: z.string().nullish() }) })) })
          .parse(JSON.parse(line.slice(6))).choices,
    )
    .map(({ delta }) => delta);
  const details = deltas.flatMap(
    (delta) =>
      z
        .array(z.looseObject({ data: z.string().optional() }))
        .optional()
        .parse(delta['reasoning_details']) ?? [],
  );
  return {
    joined: joinStream(text),
    refusal: deltas.map(({ refusal }) => refusal ?? '').join(''),
    encrypted: details.flatMap(({ data }) => (data === undefined ? [] : [data])),
  };
}

/** The first recorded stream of OpenAI's Responses that holds a text; empty where there are no recordings. */
export const aRecordedStream = (): string =>
  readExchanges('openai', ['responses']).find(({ sse }) => sse?.includes('response.output_text.delta'))?.sse ?? '';
