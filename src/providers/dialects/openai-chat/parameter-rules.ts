import type { ParameterRule } from './chat-quirks.js';

/** Refused, but for one value that means the same as none. */
export const refused = (instead: string, neutral?: unknown): ParameterRule => ({
  do: 'refuse',
  instead,
  isNeutral: (value) => neutral !== undefined && value === neutral,
});

/** Refused, but for `{}`, `[]` and an empty text. */
export const refusedUnlessEmpty = (instead: string): ParameterRule => ({
  do: 'refuse',
  instead,
  isNeutral: (value) =>
    value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0),
});

const NO_LOG_PROBABILITIES = 'It gives no log probabilities: ask a provider that does.';

/** For providers without log probabilities. */
export const NO_LOGPROBS: Readonly<Record<string, ParameterRule>> = {
  logprobs: refused(NO_LOG_PROBABILITIES, false),
  top_logprobs: refused(NO_LOG_PROBABILITIES, 0),
};

/** For providers that make one choice a call. */
export const ONE_CHOICE: ParameterRule = refused('It makes one choice a call: call it several times.', 1);
