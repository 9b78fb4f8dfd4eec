/** A start that cannot serve. `problems` are for the operator: one readable line each, saying what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    readonly problems: readonly string[],
    cause?: unknown,
  ) {
    super(problems.join('\n'), cause === undefined ? undefined : { cause });
  }
}
