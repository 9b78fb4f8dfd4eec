import type { ConverseRequest } from '@aws-sdk/client-bedrock-runtime';
import type { ChatCompletionRequest } from '../../contract/chat-completion-request.schema.js';
import { unsupported, type Refuser } from '../dialects/anthropic-messages/unsupported.js';
import type { JsonObject } from '../dialects/openai-chat/json-value.js';
import type { BedrockModel } from './aws-bedrock.catalog.js';
import { toInference } from './inference.mapper.js';
import { toConversation } from './messages.mapper.js';
import { toOtherMembers } from './parameters.mapper.js';
import { ANSWER_TOOL, hasToolHistory, planOutput } from './structured-output.js';
import { toSequentialChoice, toToolConfig, toToolWish, type ToolWish } from './tools.mapper.js';

/** The body of Converse and ConverseStream. Throws a 400 for what the model behind them cannot do. */
export function toConverseBody(request: ChatCompletionRequest, model: BedrockModel, refuser: Refuser): JsonObject {
  const others = toOtherMembers(request, refuser);
  const plan = planOutput(request, model);
  if (plan.kind === 'instruction' && plan.isStrict) {
    const hint = 'The model cannot be held to a schema: leave strict out to have it told, or ask a newer one.';
    throw unsupported('response_format', hint, refuser);
  }
  const asked = toToolWish(request, model, refuser);
  const wish: ToolWish =
    plan.kind === 'tool'
      ? { tools: [plan.tool], choice: { kind: 'tool', name: ANSWER_TOOL }, isSequential: false }
      : asked;
  const isForced = wish.choice.kind === 'any' || wish.choice.kind === 'tool';
  if (isForced && model.claude?.thinking === 'always') {
    throw unsupported('tool_choice', 'The model always thinks, and cannot be made to call a tool.', refuser);
  }
  const asText = wish.tools.length === 0 && hasToolHistory(request);
  const { system, messages, lacksThinking } = toConversation(request, model, asText, refuser);
  const inference = toInference(request, model, { isForced, isImpossible: lacksThinking }, refuser);
  const toolConfig = toToolConfig(wish);
  const instruction = plan.kind === 'instruction' ? [{ text: plan.text }] : [];
  const allSystem = [...system, ...instruction];
  const modelFields = { ...inference.modelFields, ...toSequentialChoice(wish), ...others.modelFields };

  return {
    messages,
    ...(allSystem.length === 0 ? {} : { system: allSystem }),
    ...(isEmpty(inference.inferenceConfig) ? {} : { inferenceConfig: inference.inferenceConfig }),
    ...(toolConfig === undefined ? {} : { toolConfig }),
    ...(plan.kind === 'format' ? { outputConfig: plan.outputConfig } : {}),
    ...(isEmpty(modelFields) ? {} : { additionalModelRequestFields: modelFields }),
    ...others.native,
  } satisfies Partial<Record<keyof ConverseRequest, unknown>>;
}

const isEmpty = (members: JsonObject): boolean => Object.keys(members).length === 0;
