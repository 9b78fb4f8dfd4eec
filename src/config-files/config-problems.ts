import type { z } from 'zod';

/** What is wrong with a file, one line a problem. Nothing has been changed. */
export class ConfigProblems extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }

  /** A schema's complaints about the thing at `address`. */
  static of(address: string, { issues }: z.ZodError): ConfigProblems {
    return new ConfigProblems(
      issues.map(({ path, message }) =>
        [address, path.map(String).join('.'), message].filter((part) => part !== '').join(': '),
      ),
    );
  }
}
