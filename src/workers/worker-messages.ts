/** What a worker may ask the others. */
export type Question = 'configuration' | 'metrics';

/** What one worker says; null: it had nothing to say. */
export interface WorkerAnswer {
  readonly worker: number;
  readonly answer: string | null;
}

/** What all of them say; `asker` is the number of the worker that asked. */
export interface WorkerAnswers {
  readonly asker: number;
  readonly answers: readonly WorkerAnswer[];
}

/** From a worker to the primary. `here` is said once, when the worker can be asked; `listens`, when it takes calls. */
export type ToPrimary =
  | { readonly kind: 'here' }
  | { readonly kind: 'listens' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: string | null };

/** From the primary to a worker. */
export type ToWorker =
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  | ({ readonly kind: 'answers'; readonly id: number } & WorkerAnswers);
