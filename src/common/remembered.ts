/**
 * What was made for a key, until there is too much of it: then all of it is forgotten at once, so that no order has to be kept. For
 * keys that callers choose.
 */
export class Remembered<K, V> {
  private readonly values = new Map<K, V>();

  constructor(
    private readonly max: number,
    private readonly make: (key: K) => V,
  ) {}

  of(key: K): V {
    const known = this.values.get(key);
    return known === undefined ? this.remember(key) : known;
  }

  private remember(key: K): V {
    const value = this.make(key);
    if (this.values.size >= this.max) this.values.clear();
    this.values.set(key, value);
    return value;
  }
}
