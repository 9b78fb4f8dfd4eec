import { z } from 'zod';
import { compilePath, keyOf } from '../conditions/subject-path.js';
import { defineElement, elementIdSchema, reference } from '../route-element.js';
import { hashOf, shareOf } from '../share-of.js';

const MAX_ARMS = 20;
/** Shares are decimal numbers, which do not add up to the last bit. */
const ROUNDING = 1e-6;

const schema = z.object({
  id: elementIdSchema,
  type: z.literal('percentage'),
  properties: z
    .object({
      /** Ours: what a caller is known by who is to stay in one arm. */
      sticky: z.string().min(1).max(256).optional(),
    })
    .optional(),
  outputs: z.record(z.string().min(1).max(64), reference),
});

interface Arm {
  readonly label: string;
  /** The element it leads to. */
  readonly next: string;
  /** Of that, and which of the arms that lead there it is. */
  readonly hash: number;
  readonly weight: number;
  /** Its end on the line from 0 to 100. */
  readonly until: number;
}

/** `30%`, `12.5`, and `50% blue` where two arms have the same share. */
const LABEL = /^\s*(\d{1,3}(?:\.\d{1,6})?)\s*(?:%.*)?$/;

/**
 * Parts calls by chance, or, with `sticky`, by who asks: then a caller stays in its arm, and where the shares change only as many
 * move as have to.
 */
export const percentageElement = defineElement(
  'percentage',
  schema,
  ({ properties, outputs }, { routeId, elementId, report }) => {
    const arms: Arm[] = [];
    let sum = 0;
    for (const [label, { elementId: next }] of Object.entries(outputs)) {
      const share = LABEL.exec(label)?.[1];
      if (share === undefined)
        report(['outputs', label], 'is no percentage: write "30%", or "50% blue" beside "50% green"');
      const weight = Number(share ?? 0);
      const twins = arms.filter((arm) => arm.next === next).length;
      arms.push({ label, next, hash: hashOf(`${next}#${twins}`), weight, until: (sum += weight) });
    }
    if (Math.abs(sum - 100) > ROUNDING) report(['outputs'], `the percentages add up to ${sum}, not 100`);
    if (arms.length > MAX_ARMS) report(['outputs'], `has more than ${MAX_ARMS} outputs`);

    const sticky = properties?.sticky === undefined ? null : compilePath(properties.sticky);
    if (typeof sticky === 'string') report(['properties', 'sticky'], sticky);
    const path = typeof sticky === 'string' ? null : sticky;
    const seed = hashOf(`${routeId}/${elementId}/`);

    return {
      kind: 'choice',
      choose: ({ subject, dice, trace }) => {
        const key = path === null ? null : keyOf(path.read(subject));
        if (key !== null) {
          const { label } = armOf(arms, hashOf(key, seed));
          trace?.because(`${path!.text} "${key}" belongs in "${label}".`);
          return label;
        }
        const point = dice.roll() * sum;
        const { label } = arms.find(({ until }) => point < until) ?? arms.at(-1)!;
        trace?.because(
          `By chance: ${point.toFixed(2)} of 100 is in "${label}"${path === null ? '' : `, since ${path.text} is missing`}.`,
        );
        return label;
      },
    };
  },
);

/**
 * Weighted rendezvous: every arm bids for the key, and the highest bid has it. An arm's bid depends on nothing but the key, where the
 * arm leads, and its share, so that a key moves only from an arm that shrank or to one that grew.
 */
function armOf(arms: readonly Arm[], key: number): Arm {
  let best = arms[0]!;
  let highest = -1;
  for (const arm of arms) {
    const bid = arm.weight / -Math.log(shareOf(key, arm.hash));
    if (bid > highest) [best, highest] = [arm, bid];
  }
  return best;
}
