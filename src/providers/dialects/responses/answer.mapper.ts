import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { UpstreamAnswer } from '../../../transport/upstream.types.js';
import type { CompletionAnswer } from '../../provider-strategy.js';
import { toBill } from '../bill.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { readOutput, toFinish } from './output.mapper.js';
import type { ResponsesFlavour } from './responses-flavour.js';
import { toUsage } from './usage.js';

/** A whole Responses answer as a chat completion. Throws for one that failed, and for what is no answer. */
export function toCompletionAnswer(
  answer: UpstreamAnswer,
  flavour: ResponsesFlavour,
  context: ErrorContext,
): CompletionAnswer {
  const response = parseJson(answer.body.toString());
  if (!isObject(response)) throw toNonsenseError('with something that is not a JSON object', answer.body, context);
  const failure = toFailure(response, context);
  if (failure !== null) throw failure;
  if (!Array.isArray(response['output'])) throw toNonsenseError('without an output', answer.body, context);

  const { target } = context;
  const { message, hasTools, logprobs, extras } = readOutput(response['output'], flavour, target.completionId);
  const { finishReason, native } = toFinish(response, hasTools);
  const usage = toUsageMember(response['usage']);
  const completion = {
    ...toHead(response, context),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message,
        logprobs: logprobs.length === 0 ? null : { content: logprobs },
        finish_reason: finishReason,
        ...(native === null ? {} : { native_finish_reason: native }),
      },
    ],
    ...(usage === undefined ? {} : { usage }),
    ...toTail(response),
    ...extras,
  };
  return {
    body: Buffer.from(JSON.stringify(completion)),
    facts: toFacts(toUsage(response['usage']), finishReason, response['model'], toBill(response['usage'])),
  };
}

/** What each chunk and each completion begins with. */
export function toHead(response: JsonObject, { target }: ErrorContext) {
  const { id, created_at: createdAt, model } = response;
  return {
    id: isText(id) ? id : target.completionId,
    created: typeof createdAt === 'number' ? Math.floor(createdAt) : target.createdAt,
    model: isText(model) ? model : target.model,
  };
}

export const toTail = (response: JsonObject): JsonObject =>
  isText(response['service_tier']) ? { service_tier: response['service_tier'] } : {};

/** The usage for the caller; Perplexity's price of the call stays with it. */
export function toUsageMember(raw: unknown): JsonObject | undefined {
  const usage = toUsage(raw);
  if (usage === undefined || !isObject(raw)) return undefined;
  return { ...usage, ...(isObject(raw['cost']) ? { cost: raw['cost'] } : {}) };
}

/** Perplexity waits for the results of calls as `requires_action`. */
const USABLE: ReadonlySet<unknown> = new Set(['completed', 'incomplete', 'requires_action']);

/** The error of an answer that says under a 200 that it failed; null for one that did not. */
export function toFailure(response: JsonObject, context: ErrorContext): GatewayError | null {
  const { error, status } = response;
  if ((error !== undefined && error !== null) || response['object'] === 'error')
    return toInBandError(response, {}, context);
  if (status === undefined || status === null || USABLE.has(status)) return null;
  return new GatewayError('upstream_failed', `${context.name} ended its answer as ${JSON.stringify(status)}.`, {
    provider: context.target.provider,
    model: context.target.model,
  });
}
