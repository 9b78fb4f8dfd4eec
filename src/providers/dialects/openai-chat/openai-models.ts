import { createHash } from 'node:crypto';
import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import type { ErrorRule, ParameterRule, RequestQuirks } from './chat-quirks.js';
import { rewriteMessages, withToolIds } from './message-rewrite.js';
import { refused, refusedUnlessEmpty } from './parameter-rules.js';

/**
 * The o-series, gpt-5 and gpt-6 but for the `-chat-latest` models, which do not reason. Families younger than this table get
 * their bodies as the caller wrote them: OpenAI's own refusal is better than a wrong one of ours.
 */
const REASONING = /^(?:o[134]|gpt-[56](?!\d))(?!.*-chat-latest)/;
/** From gpt-5.1 on sampling parameters are taken when the effort is `none`. */
const SWITCHABLE = /^gpt-(?:5\.\d|6(?!\d))(?!.*(?:-chat-latest|-pro|-codex))/;
const NO_STOP = /^(?:o[34]|gpt-[56](?!\d))(?!.*-chat-latest)/;
const NO_PARALLEL_TOOLS = /^o[134]/;

const samplesFor = ({ reasoning_effort: effort }: ChatCompletionRequest): boolean => effort === 'none';

/** Reasoning models refuse what changes sampling; a value that is the default says nothing, and is left out. */
const noSampling = (neutral: unknown): ParameterRule =>
  refused('Reasoning models choose this themselves: leave it out, or use a model that does not reason.', neutral);

const onlyWithoutEffort: ParameterRule = {
  do: 'rewrite',
  // Not ours to refuse: which efforts a model takes moves monthly, and OpenAI's own answer names them.
  to: (value, request) => (value === 1 && !samplesFor(request) ? undefined : value),
};

/** Other providers' ids of tool calls can be longer than OpenAI takes (400, `string_above_max_length`). */
const MAX_TOOL_ID = 40;
const withShortIds = withToolIds(
  (id) => id.length <= MAX_TOOL_ID,
  (id) => `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`,
);

/** What OpenAI's models take, at OpenAI and at Azure. */
export const OPENAI_REQUEST: RequestQuirks = {
  streamUsage: true,
  otherParameters: 'forward',
  rules: [
    {
      models: REASONING,
      parameters: {
        max_tokens: { do: 'rename', to: 'max_completion_tokens' },
        temperature: noSampling(1),
        top_p: noSampling(1),
        presence_penalty: noSampling(0),
        frequency_penalty: noSampling(0),
        logprobs: noSampling(false),
        top_logprobs: noSampling(0),
        logit_bias: refusedUnlessEmpty('Reasoning models do not take it: use a model that does not reason.'),
      },
    },
    {
      models: SWITCHABLE,
      parameters: {
        temperature: onlyWithoutEffort,
        top_p: onlyWithoutEffort,
        logprobs: { do: 'forward' },
        top_logprobs: { do: 'forward' },
      },
    },
    {
      models: NO_STOP,
      parameters: { stop: refusedUnlessEmpty('Cut the answer yourself, or use a model that does not reason.') },
    },
    // `true` is what they do anyway; `false` would change the answer, but they refuse both.
    {
      models: NO_PARALLEL_TOOLS,
      parameters: {
        parallel_tool_calls: refused('The o-series decides itself how many tools it calls at once.', true),
      },
    },
  ],
  rewriteMessages: ({ messages }) => rewriteMessages(messages, [withShortIds]),
};

export const OPENAI_ERRORS: readonly ErrorRule[] = [
  { status: 429, code: 'insufficient_quota', to: { status: 429, type: 'insufficient_quota', retryable: false } },
];
