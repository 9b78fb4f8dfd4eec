import Sequencer from '@jest/test-sequencer';

/** Kinds of tests, those with the longest suites first. */
const KINDS = ['faults', 'e2e', 'security', 'clients', 'integration', 'properties', 'unit'];

const rankOf = ({ context }) => KINDS.indexOf(context.config.displayName.name);

/** Jest runs first what took longest the last time, so that workers end together; where there was none, by kind and size. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
