import type { Change } from './change.js';
import type { ConfigPlan } from './plan.js';

const SIGNS = { create: '+', update: '~', replace: '±', delete: '-' } as const satisfies Record<
  Change['action'],
  string
>;

/** A plan for people; the same text for the same plan. */
export function showPlan({ changes, deletions }: ConfigPlan, isPruning: boolean): string {
  const left = deletions.map(({ address }) => `  ${address} is not in the file; --prune would delete it\n`);
  const shown = [...changes, ...(isPruning ? deletions : [])];
  return [
    ...shown.map(showChange),
    ...(isPruning ? [] : left),
    shown.length === 0 ? 'Nothing to change.\n' : `${shown.length} to change.\n`,
  ].join('');
}

export function showChange({ action, address, differences }: Change): string {
  const lines = differences.map(({ field, shown }) =>
    shown === null
      ? `    ${field}: (changed)\n`
      : `    ${field}: ${JSON.stringify(shown.before)} → ${JSON.stringify(shown.after)}\n`,
  );
  return `${SIGNS[action]} ${action} ${address}\n${lines.join('')}`;
}
