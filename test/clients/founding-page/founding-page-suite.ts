import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasFixtures } from '../../support/fixtures.js';
import { ADMIN_TOKEN } from '../../support/gateway.js';
import type { Sample } from './samples.js';
import { Stage } from './stage.js';

/**
 * Runs samples against the whole gateway, with recordings behind it, and says how many passed.
 * @param directory Where they are run: from there their imports are resolved.
 */
export function describeSamples(title: string, samples: readonly Sample[], directory: string): void {
  (hasFixtures ? describe : describe.skip)(title, () => {
    let stage: Stage;
    let passed = 0;

    beforeAll(async () => {
      stage = await Stage.set(directory);
    });
    afterAll(async () => {
      process.stdout.write(`${title}: ${passed} passed, ${samples.length - passed} failed\n`);
      await stage.strike();
    });

    it.each(samples.map((sample) => [sample.client, sample.key, sample.asked.name, sample] as const))(
      '%s, %s key: %s',
      async (_client, _key, _name, sample) => {
        const { text, received } = await stage.play(sample);

        expect(text).toBe(stage.textOf(sample.asked.provider));
        expect(received.map(({ path }) => path)).toEqual([`/${sample.asked.provider}${sample.asked.path}`]);
        const headers = JSON.stringify(received[0]?.headers);
        expect(headers).toContain(stage.keyOf(sample));
        expect(headers).not.toContain(ADMIN_TOKEN);
        passed++;
      },
    );
  });
}
