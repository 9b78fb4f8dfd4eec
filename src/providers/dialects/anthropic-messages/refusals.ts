export interface Refusal {
  /** Does this value mean the same as none? */
  readonly isNeutral: (value: unknown) => boolean;
  readonly instead: string;
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
/** The one value that means the same as none. */
export const is =
  (neutral: unknown) =>
  (value: unknown): boolean =>
    value === neutral;

const NO_LOGPROBS = 'It gives no log probabilities: ask a provider that does.';
export const NO_PENALTIES = 'It knows no penalties: leave it out.';
const NO_FUNCTIONS = "Use 'tools' and 'tool_choice'.";
const NO_AUDIO = 'It answers in text only: leave it out, or ask a provider that speaks.';

/** Members of OpenAI's request whose loss would change the answer, for providers that make one text a call. */
export const REFUSALS: Readonly<Record<string, Refusal>> = {
  n: { isNeutral: is(1), instead: 'It makes one choice a call: call it several times.' },
  logprobs: { isNeutral: is(false), instead: NO_LOGPROBS },
  top_logprobs: { isNeutral: is(0), instead: NO_LOGPROBS },
  logit_bias: { isNeutral: isEmpty, instead: 'It takes no biases: leave it out.' },
  presence_penalty: { isNeutral: is(0), instead: NO_PENALTIES },
  frequency_penalty: { isNeutral: is(0), instead: NO_PENALTIES },
  modalities: {
    isNeutral: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
    instead: NO_AUDIO,
  },
  audio: { isNeutral: isEmpty, instead: NO_AUDIO },
  functions: { isNeutral: isEmpty, instead: NO_FUNCTIONS },
  function_call: { isNeutral: () => false, instead: NO_FUNCTIONS },
  verbosity: { isNeutral: is('medium'), instead: 'Say in the prompt how long the answer should be.' },
};
