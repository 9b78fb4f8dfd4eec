import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { ENV_NAMES } from '../../src/config/env.schema.js';
import { parseEnv } from '../../src/config/env.js';

const LINES = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n');
const VARIABLE = /^#?([A-Z][A-Z0-9_]*)=(.*)$/;

describe('.env.example', () => {
  const shown = LINES.flatMap((line) => VARIABLE.exec(line)?.[1] ?? []);

  it('shows every variable of the schema once, and no other', () => {
    expect(shown.toSorted()).toEqual(ENV_NAMES.toSorted());
  });

  it('explains each: a comment stands above it', () => {
    const bare = LINES.filter((line, index) => {
      const above = LINES[index - 1] ?? '';
      return VARIABLE.test(line) && !/^# \S/.test(above) && !VARIABLE.test(above);
    });

    expect(bare).toEqual([]);
  });

  it('can be used as it is, and changes nothing that way', () => {
    const set = LINES.filter((line) => !line.startsWith('#')).flatMap((line) => {
      const [, name, value] = VARIABLE.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    });

    expect(parseEnv(Object.fromEntries(set))).toEqual(parseEnv({}));
  });
});
