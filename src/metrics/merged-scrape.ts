/** What one worker tells of itself, in Prometheus' text format. */
export interface WorkerScrape {
  readonly worker: number;
  readonly text: string;
}

/** A sample up to its labels, or to the value where it has none. */
const SAMPLE_START = /^([a-zA-Z_:][\w:]*)(?:\{|(?= ))/;

/**
 * The scrapes of several workers as one. Every sample says in `worker` whose it is, and the samples of a metric stand together below its one
 * HELP and TYPE, as the format wants it. Not summed up: a worker that was replaced starts from 0, which a sum would show as a loss.
 */
export function mergeScrapes(scrapes: readonly WorkerScrape[]): string {
  const metrics = new Map<string, string[]>();
  for (const { worker, text } of scrapes) {
    for (const metric of text.trimEnd().split('\n\n')) {
      const lines = metric.split('\n');
      const head = lines.filter((line) => line.startsWith('#')).join('\n');
      const samples = metrics.get(head) ?? [];
      metrics.set(head, samples);
      for (const line of lines) if (!line.startsWith('#')) samples.push(withWorker(line, worker));
    }
  }
  return `${[...metrics].map(([head, samples]) => [head, ...samples].join('\n')).join('\n\n')}\n`;
}

const withWorker = (sample: string, worker: number): string =>
  sample.replace(SAMPLE_START, (start, name: string) => `${name}{worker="${worker}"${start.endsWith('{') ? ',' : '}'}`);
