import type { UpstreamAnswer } from '../../../transport/upstream.types.js';
import type { CompletionAnswer } from '../../provider-strategy.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toNonsenseError } from '../openai-chat/error.mapper.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { responsesOf, toFrame, toTier } from './answer-frame.js';
import { ChoiceReader, type ClosingDelta, type ReadingWish } from './choice-reader.js';
import { toGeminiInBandError } from './error.mapper.js';
import { blockReason } from './finish-reason.js';
import { ToolCallIds, type PartDelta, type ToolCallDelta } from './part-reader.js';
import type { GeminiContext } from './refusal.js';
import { mergeUsage, toUsage } from './usage.js';

/** One choice while it is read. */
interface Assembly {
  readonly reader: ChoiceReader;
  readonly deltas: ClosingDelta[];
  isBlocked: boolean;
}

/**
 * A whole answer as an OpenAI completion; also one that came as a list of a stream's events. Throws `upstream_failed` for what
 * makes no sense, Google's own error where one came under a 200, and a finish that gave nothing but a fault.
 */
export function toCompletionAnswer(
  answer: UpstreamAnswer,
  wish: ReadingWish,
  context: GeminiContext,
): CompletionAnswer {
  const { target, name } = context;
  const nonsense = (what: string) => toNonsenseError(what, answer.body, { name, target, rules: [] });
  const body = parseJson(answer.body.toString());
  const responses = responsesOf(body);
  if (responses === undefined) throw nonsense('with something that is not a JSON object');
  const failed = responses.find((response) => isObject(response['error']));
  if (failed !== undefined) throw toGeminiInBandError(failed, answer.headers, name, target);

  const choices = readChoices(responses, wish, target.completionId, responses.length > 1);
  if (choices.size === 0) throw nonsense('without a candidate');
  for (const [, { reader }] of choices) {
    const failure = reader.failure(context);
    if (failure !== null) throw failure;
    if (reader.native === null && (!reader.hasContent || Array.isArray(body)))
      throw nonsense('with a candidate that has no end');
  }

  const raw = responses.reduce<JsonObject | null>(
    (merged, { usageMetadata }) => mergeUsage(merged, usageMetadata),
    null,
  );
  const usage = toUsage(raw);
  const tier = toTier(raw);
  const frame = toFrame(Object.assign({}, ...responses), target);
  const ordered = [...choices].toSorted(([a], [b]) => a - b);
  const completion = {
    id: frame.id,
    object: 'chat.completion',
    created: frame.created,
    model: frame.model,
    choices: ordered.map(([index, assembly]) => toChoice(index, assembly)),
    ...(usage === undefined ? {} : { usage }),
    ...(tier === undefined ? {} : { service_tier: tier }),
  };
  const finish = ordered[0]?.[1].reader.finishReason ?? undefined;
  return { body: Buffer.from(JSON.stringify(completion)), facts: toFacts(usage, finish, frame.model) };
}

function readChoices(
  responses: readonly JsonObject[],
  wish: ReadingWish,
  completionId: string,
  isStream: boolean,
): ReadonlyMap<number, Assembly> {
  const ids = new ToolCallIds(completionId);
  const choices = new Map<number, Assembly>();
  const choiceOf = (index: number): Assembly => {
    const known = choices.get(index);
    if (known !== undefined) return known;
    const created = { reader: new ChoiceReader(ids, wish, isStream), deltas: [], isBlocked: false };
    choices.set(index, created);
    return created;
  };
  for (const response of responses) {
    const candidates: unknown = response['candidates'];
    for (const candidate of Array.isArray(candidates) ? candidates.filter(isObject) : []) {
      const { reader, deltas } = choiceOf(typeof candidate['index'] === 'number' ? candidate['index'] : 0);
      deltas.push(...reader.read(candidate));
    }
    const feedback = response['promptFeedback'];
    const reason = isObject(feedback) ? blockReason(feedback['blockReason']) : null;
    if (isObject(feedback) && reason !== null) {
      const choice = choiceOf(0);
      choice.reader.block(reason, feedback['blockReasonMessage']);
      choice.isBlocked = true;
    }
  }
  return choices;
}

function toChoice(index: number, { reader, deltas, isBlocked }: Assembly) {
  const closing = reader.close(isBlocked);
  const message = toMessage(closing === null ? deltas : [...deltas, closing]);
  const finish = isBlocked ? 'content_filter' : reader.finishReason;
  return {
    index,
    message: isBlocked && message.content === null ? { ...message, content: '' } : message,
    logprobs: reader.takeLogprobs(),
    // Without a reason of Google's the answer is whole all the same: a cut one is no JSON.
    finish_reason: finish ?? (message.tool_calls === undefined ? 'stop' : 'tool_calls'),
    ...(reader.native === null ? {} : { native_finish_reason: reader.native }),
  };
}

/** The deltas as the message they make. */
function toMessage(deltas: readonly ClosingDelta[]) {
  const texts = (name: 'content' | 'reasoning_content'): string => deltas.map((delta) => delta[name] ?? '').join('');
  const all = <Name extends keyof PartDelta>(name: Name) => deltas.flatMap((delta) => [delta[name] ?? []].flat());
  const [content, reasoning] = [texts('content'), texts('reasoning_content')];
  const calls = deltas
    .flatMap((delta) => delta.tool_calls ?? [])
    .map(({ index: _index, ...call }: ToolCallDelta) => call);
  const [details, images, code] = [all('reasoning_details'), all('images'), all('code_execution')];
  const audio = deltas.flatMap((delta) => (delta.audio === undefined ? [] : [delta.audio.data]));
  const closing = deltas.at(-1);
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    refusal: closing?.refusal ?? null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(closing?.annotations === undefined ? {} : { annotations: closing.annotations }),
    ...(images.length === 0 ? {} : { images }),
    ...(audio.length === 0 ? {} : { audio: { data: joinBase64(audio) } }),
    ...(code.length === 0 ? {} : { code_execution: code }),
    ...(closing?.extra_content === undefined ? {} : { extra_content: closing.extra_content }),
  };
}

/** Sound comes in pieces, each with base64's own ending. */
const joinBase64 = (pieces: readonly string[]): string =>
  pieces.length === 1
    ? (pieces[0] ?? '')
    : Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
