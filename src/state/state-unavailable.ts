/** The engine cannot be asked now. Whoever asked knows what that means for its callers. */
export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';

  constructor(cause: unknown) {
    super(`Redis does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
