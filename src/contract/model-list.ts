/** A model as OpenAI's `GET /models` has it. */
export interface ListedModel {
  /** What to ask for: `{provider}/{model}`. */
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970; OpenAI's clients want a number, and providers' lists rarely say: 0. */
  readonly created: number;
  /** The provider's slug. */
  readonly owned_by: string;
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly ListedModel[];
}
