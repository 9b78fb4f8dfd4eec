import { ownMember } from '../../common/own-member.js';
import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { toThinking, type Thinking } from '../dialects/anthropic-messages/thinking.mapper.js';
import { toThinkingWish } from '../dialects/anthropic-messages/thinking-wish.js';
import { toSampling } from '../dialects/anthropic-messages/parameters.mapper.js';
import { unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { BedrockModel, ReasoningSetting } from './aws-bedrock.catalog.js';
import { toStopSequences } from './parameters.mapper.js';

/** What of a request's other parts decides how the model may think. */
export interface InferenceSetting {
  /** Must the answer call a tool? While it thinks Claude cannot be made to. */
  readonly isForced: boolean;
  /** Nothing can be thought through when the last turn lacks the thinking it began with. */
  readonly isImpossible: boolean;
}

/** How much is answered, how it is sampled, and how much thinking goes before it. */
export interface Inference {
  readonly inferenceConfig: JsonObject;
  /** `additionalModelRequestFields` */
  readonly modelFields: JsonObject;
}

export function toInference(
  request: ChatCompletionRequest,
  model: BedrockModel,
  setting: InferenceSetting,
  refuser: Refuser,
): Inference {
  return model.claude === null
    ? ofOthers(request, model, refuser)
    : ofClaude(request, { ...model, claude: model.claude }, setting, refuser);
}

function ofClaude(
  request: ChatCompletionRequest,
  { claude }: BedrockModel & { readonly claude: NonNullable<BedrockModel['claude']> },
  setting: InferenceSetting,
  refuser: Refuser,
): Inference {
  const wish = toThinkingWish(request, claude, refuser);
  const limit = {
    tokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    isVisibleOnly: request.max_completion_tokens == null,
  };
  const { thinking, effort, maxTokens }: Thinking = toThinking(wish, claude, limit, setting);
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';
  const hasChosenBudget = thinking?.['type'] === 'enabled' && wish.kind !== 'native';
  const sampling = toSampling(request, { model: claude, isThinking, isVersionWithSampling: true });
  return {
    inferenceConfig: withoutUndefined({
      // Unlike Anthropic, Bedrock demands no limit: one is set only where a budget that is chosen here needs room.
      maxTokens: limit.tokens === undefined && !hasChosenBudget ? undefined : maxTokens,
      temperature: sampling.temperature,
      topP: sampling.top_p,
      stopSequences: toStopSequences(request),
    }),
    modelFields: withoutUndefined({
      thinking,
      output_config: effort === undefined ? undefined : { effort },
      top_k: sampling.top_k,
    }),
  };
}

function ofOthers(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): Inference {
  const topK: unknown = request['top_k'] ?? undefined;
  const isNested = topK !== undefined && model.topK === 'inferenceConfig.topK';
  return {
    inferenceConfig: withoutUndefined({
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      // OpenAI's temperature goes to 2, those of these models to 1.
      temperature: request.temperature == null ? undefined : Math.min(1, request.temperature),
      topP: request.top_p ?? undefined,
      stopSequences: toStopSequences(request),
    }),
    modelFields: withoutUndefined({
      ...toReasoning(request, model, refuser),
      top_k: isNested ? undefined : topK,
      inferenceConfig: isNested ? { topK } : undefined,
    }),
  };
}

const EFFORTS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** The reasoning that is asked for, in the family's words. */
function toReasoning(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): JsonObject {
  const { reasoning, thinking } = request;
  const asked = readEffort(request);
  // A family's own object travels to it as it is.
  const own = isObject(thinking) ? { thinking } : {};
  if (asked === undefined) return own;
  const effort = ownMember(EFFORTS, asked);
  if (effort === undefined && asked !== 'none') {
    const hint = `An effort is one of none, ${Object.keys(EFFORTS).join(', ')}.`;
    throw unsupported(isObject(reasoning) ? 'reasoning' : 'reasoning_effort', hint, refuser);
  }
  return { ...own, ...inFamilysWords(model.reasoning, effort, refuser) };
}

/** @param effort Undefined for none. */
function inFamilysWords(
  setting: ReasoningSetting,
  effort: 'low' | 'medium' | 'high' | undefined,
  refuser: Refuser,
): JsonObject {
  // gpt-oss always reasons; little is the nearest to not at all.
  if (setting === 'effort') return { reasoning_effort: effort ?? 'low' };
  if (setting === 'nova') {
    return {
      reasoningConfig: effort === undefined ? { type: 'disabled' } : { type: 'enabled', maxReasoningEffort: effort },
    };
  }
  if (effort === undefined) return {};
  if (setting === 'config') return { reasoning_config: effort };
  throw unsupported('reasoning_effort', 'The model reasons as it does, or not at all: leave it out.', refuser);
}

function readEffort({ reasoning, reasoning_effort: effort }: ChatCompletionRequest): string | undefined {
  if (isObject(reasoning)) {
    if (reasoning['enabled'] === false) return 'none';
    if (isText(reasoning['effort'])) return reasoning['effort'];
    return reasoning['enabled'] === true || typeof reasoning['max_tokens'] === 'number' ? 'medium' : undefined;
  }
  return effort ?? undefined;
}

const withoutUndefined = (members: Readonly<Record<string, unknown>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
