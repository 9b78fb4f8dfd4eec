/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const COMMENT = /^# (?:HELP [a-zA-Z_:][\w:]* .*|TYPE [a-zA-Z_:][\w:]* (?:counter|gauge|histogram|summary|untyped))$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|[+-]Inf|NaN)$/i;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/** Reads Prometheus's text format (version 0.0.4). Throws at a line that is none of it. */
export function readScrape(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  return text
    .split('\n')
    .filter((line) => line !== '' && !COMMENT.test(line))
    .map((line) => {
      const match = SAMPLE.exec(line);
      if (match === null) throw new Error(`This is no sample: ${line}`);
      const [, name = '', labelText = '', value = ''] = match;
      const found = [...labelText.matchAll(LABEL)];
      if (found.map(([whole]) => whole).join('') !== labelText) throw new Error(`These are no labels: ${labelText}`);
      return {
        name,
        labels: Object.fromEntries(found.map(([, key = '', quoted = '']) => [key, quoted])),
        value: value === '+Inf' ? Infinity : Number(value),
      };
    });
}

/** The value of one sample: the one of that name whose labels hold these. Undefined when there is none. */
export function sampleOf(
  samples: readonly Sample[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length > 1) throw new Error(`${name} has ${String(found.length)} samples like that.`);
  return found[0]?.value;
}
