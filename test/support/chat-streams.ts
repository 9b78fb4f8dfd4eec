import { Secret } from '../../src/common/secret.js';
import { chatCompletionRequestSchema } from '../../src/contract/chat-completion-request.schema.js';
import type {
  ChatCall,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../../src/providers/provider-strategy.js';
import { z } from 'zod';

/** Looks like a key of no vendor's; what leaves the gateway must never hold it but in the credential's header. */
export const TEST_SECRET = 'test-credential-0123456789-abcdefghij';

export const aCall = (body: Readonly<Record<string, unknown>> = {}): ChatCall => {
  const whole = { model: 'provider/some-model', messages: [{ role: 'user', content: 'Hello, world!' }], ...body };
  const raw = Buffer.from(JSON.stringify(whole));
  return { request: chatCompletionRequestSchema.parse(whole), raw, headers: ['x-trace', 'abc'] };
};

export const aTarget = (strategy: ProviderStrategy, rest: Partial<ProviderTarget> = {}): ProviderTarget => ({
  provider: strategy.id,
  model: 'some-model',
  base: { origin: strategy.origin, pathPrefix: '' },
  credential: { source: 'stored', alias: 'default', keyId: 'key-1', secret: new Secret(TEST_SECRET), settings: {} },
  accountId: 'account-1',
  completionId: 'chatcmpl-01JDEADBEEF0000000000000000',
  createdAt: 1_763_900_000,
  ...rest,
});

/** A stream read to its end, cut as given. */
export interface ReadStream {
  readonly text: string;
  readonly translator: StreamTranslator;
}

export function readStream(
  strategy: ProviderStrategy,
  pieces: readonly Buffer[],
  call: ChatCall = aCall({ stream: true }),
): ReadStream {
  const translator = strategy.openChatStream(call, aTarget(strategy));
  const out = pieces.flatMap((piece) => translator.push(piece));
  return { text: Buffer.concat([...out, ...translator.end()]).toString(), translator };
}

/** The pieces of `bytes` between the positions. */
export function cutAt(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const all = [0, ...positions.toSorted((a, b) => a - b), bytes.length];
  return all.slice(1).map((end, index) => bytes.subarray(all[index], end));
}

/** The same numbers in [0, below) for the same seed. */
export function numbersOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const chunkSchema = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.number(),
      delta: z.looseObject({
        role: z.string().nullish(),
        content: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        tool_calls: z
          .array(
            z.looseObject({
              index: z.number(),
              id: z.string().optional(),
              type: z.literal('function').optional(),
              function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
            }),
          )
          .nullish(),
      }),
      finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']).nullish(),
    }),
  ),
  usage: z
    .looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() })
    .nullish(),
});

/** What a strict client makes of a stream: one choice's message, joined from its deltas. */
export interface JoinedStream {
  readonly events: number;
  readonly roles: readonly string[];
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReasons: readonly string[];
  readonly usageChunks: number;
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly dones: number;
  readonly endsWithDone: boolean;
}

/** Throws where OpenAI's SDK would: a chunk of another shape, a tool call without id or type, a role that never came. */
export function joinStream(text: string, choice = 0): JoinedStream {
  const roles: string[] = [];
  const finishReasons: string[] = [];
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  let [content, reasoning, events, dones, usageChunks] = ['', '', 0, 0, 0];
  let usage: Readonly<Record<string, unknown>> | null = null;
  let last = '';
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith(':')) continue;
    if (!line.startsWith('data: ')) throw new Error(`A line that is no data: ${line}`);
    last = line.slice(6);
    if (last === '[DONE]') {
      dones++;
      continue;
    }
    const chunk = chunkSchema.parse(JSON.parse(last));
    events++;
    if (chunk.usage != null) usage = chunk.usage;
    if (chunk.usage != null && chunk.choices.length === 0) usageChunks++;
    for (const { index, delta, finish_reason: finish } of chunk.choices) {
      if (index !== choice) continue;
      if (delta.role != null) roles.push(delta.role);
      content += delta.content ?? '';
      reasoning += delta.reasoning_content ?? '';
      for (const call of delta.tool_calls ?? []) {
        let known = calls.get(call.index);
        if (known === undefined) {
          if (call.id === undefined || call.type === undefined)
            throw new Error(`A tool call begins without id or type: ${last}`);
          known = { id: call.id, name: '', arguments: '' };
          calls.set(call.index, known);
        }
        known.name += call.function?.name ?? '';
        known.arguments += call.function?.arguments ?? '';
      }
      if (finish != null) finishReasons.push(finish);
      if (roles.length === 0 && (delta.content ?? '') !== '') throw new Error(`Content before the role: ${last}`);
    }
  }
  return {
    events,
    roles,
    content,
    reasoning,
    toolCalls: [...calls.values()],
    finishReasons,
    usageChunks,
    usage,
    dones,
    endsWithDone: last === '[DONE]' && text.endsWith('data: [DONE]\n\n'),
  };
}
