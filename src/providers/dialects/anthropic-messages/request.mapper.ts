import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import type { ChatCall, ProviderTarget } from '../../provider-strategy.js';
import { editMembers, type MemberEdit } from '../openai-chat/json-members.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { headerIn } from '../openai-chat/request-headers.js';
import { toCacheMarker } from './cache-control.js';
import { claudeModelOf } from './claude-models.catalog.js';
import { toContent } from './content.mapper.js';
import { stringifyExact } from './exact-json.js';
import type { MessagesWire } from './messages-wire.js';
import { toMessages } from './messages.mapper.js';
import { namesToLeaveOut, toMetadata, toSampling, toServiceTierWish, toStopSequences } from './parameters.mapper.js';
import { planOutput, type OutputPlan } from './structured-output.js';
import { toThinkingWish, type ThinkingWish } from './thinking-wish.js';
import { toThinking, type OutputLimit } from './thinking.mapper.js';
import { isForcedChoice, toToolChoice, toTools } from './tools.mapper.js';
import { unsupported, type Refuser } from './unsupported.js';

/** From this version of the API on sampling parameters are a 400, defaults too. */
const VERSION_WITHOUT_SAMPLING = '2026-10-21';

/**
 * The body of a Messages call: the caller's bytes with all members replaced that OpenAI names otherwise, so that a member of
 * Anthropic's own, or a new one, travels as it was written. Throws `unsupported_parameter` for what cannot be said.
 *
 * @param headers The call's headers, names and values in turn: version and betas are among them.
 */
export function toMessagesBody(
  call: ChatCall,
  target: ProviderTarget,
  wire: MessagesWire,
  headers: readonly string[],
): Buffer {
  const { request } = call;
  const refuser: Refuser = { name: wire.name, target };
  const model = claudeModelOf(target.model);
  const mark = toCacheMarker(request);
  const plan = planOutput(request, target.model);

  const conversation = toMessages(request, model, mark, refuser);
  const tools = plan.kind === 'tool' ? [plan.tool] : toTools(request, model, mark, refuser);
  const choice =
    plan.kind === 'tool' ? { type: 'tool', name: plan.tool['name'] } : toToolChoice(request, tools, refuser);
  const wish = toThinkingWish(request, model, refuser);
  const isForced = isForcedChoice(choice);
  if (isForced && refusesForce(wish, model.thinking)) {
    throw unsupported('tool_choice', 'A model that thinks cannot be made to call a tool: use auto.', refuser);
  }
  const { thinking, effort, maxTokens } = toThinking(wish, model, limitOf(request), {
    isForced,
    isImpossible: conversation.lacksThinking || conversation.hasPrefill,
  });
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';

  const edits = new Map<string, MemberEdit>();
  for (const name of namesToLeaveOut(request, refuser)) edits.set(name, { kind: 'remove' });
  const members: Readonly<Record<string, unknown>> = {
    model: wire.modelInBody ? target.model : undefined,
    ...(wire.streamInBody ? {} : { stream: undefined }),
    ...versionMembers(headers, wire),
    max_tokens: maxTokens,
    system: toSystem(request, conversation.system, plan),
    messages: conversation.messages,
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: choice,
    thinking,
    output_config: toOutputConfig(request, effort, plan),
    ...toSampling(request, { model, isThinking, isVersionWithSampling: takesSampling(headers, wire) }),
    stop: undefined,
    stop_sequences: toStopSequences(request, refuser),
    metadata: toMetadata(request),
    service_tier: toServiceTierWish(request),
  };
  for (const [name, value] of Object.entries(members)) {
    edits.set(name, value === undefined ? { kind: 'remove' } : { kind: 'set', value: stringifyExact(value) });
  }
  return editMembers(call.raw, edits);
}

/** Of two limits the newer name is the caller's later word. */
function limitOf(request: ChatCompletionRequest): OutputLimit {
  const { max_completion_tokens: all, max_tokens: visible } = request;
  return { tokens: all ?? visible ?? undefined, isVisibleOnly: all == null };
}

/** An effort gives way to a forced call; a `thinking` object was meant, and Fable and Mythos cannot but think. */
const refusesForce = (wish: ThinkingWish, mode: string): boolean =>
  mode === 'always' || (wish.kind === 'native' && wish.thinking['type'] === 'enabled' && mode !== 'adaptive');

function toSystem(request: ChatCompletionRequest, system: readonly JsonObject[], plan: OutputPlan): unknown {
  const own: unknown = request['system'];
  const before = isText(own) ? [{ type: 'text', text: own }] : Array.isArray(own) ? own.filter(isObject) : [];
  const after = plan.kind === 'instruction' ? [{ type: 'text', text: plan.text }] : [];
  const all = [...before, ...system, ...after];
  return all.length === 0 ? undefined : toContent(all);
}

function toOutputConfig(
  request: ChatCompletionRequest,
  effort: string | undefined,
  plan: OutputPlan,
): JsonObject | undefined {
  const own: unknown = request['output_config'];
  const config = {
    ...(isObject(own) ? own : {}),
    ...(effort === undefined ? {} : { effort }),
    ...(plan.kind === 'format' ? { format: { type: 'json_schema', schema: plan.schema } } : {}),
  };
  return Object.keys(config).length === 0 ? undefined : config;
}

/** Version and betas, where they are members of the body. */
function versionMembers(headers: readonly string[], wire: MessagesWire): Readonly<Record<string, unknown>> {
  if (wire.versionIn === 'header') return {};
  const betas = headerIn(headers, 'anthropic-beta')
    ?.split(',')
    .map((beta) => beta.trim());
  return { anthropic_version: wire.version, ...(betas === undefined ? {} : { anthropic_beta: betas }) };
}

const takesSampling = (headers: readonly string[], wire: MessagesWire): boolean =>
  wire.versionIn === 'body' || (headerIn(headers, 'anthropic-version') ?? wire.version) < VERSION_WITHOUT_SAMPLING;
