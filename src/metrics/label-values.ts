/** What stands for all values that have no label of their own. */
export const OTHER = 'other';

/** Values of one label, bounded: the first so many have a name, what comes later is `other`. */
export class LabelValues {
  private readonly known = new Set<string>();

  constructor(private readonly max: number) {}

  /** @param isWorthy May this occurrence take a place that is free? A name that nobody has answered to may not. */
  of(value: string | null, isWorthy: boolean): string {
    if (value === null) return '';
    if (this.known.has(value)) return value;
    if (!isWorthy || this.known.size >= this.max) return OTHER;
    this.known.add(value);
    return value;
  }
}
