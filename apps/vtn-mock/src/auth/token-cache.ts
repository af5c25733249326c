/**
 * Keeps the most recently used entries, at least `size` and at most twice as many of them, by two
 * generations: a full one becomes the earlier one, whose entries go unless they are used again. A hit in
 * the recent one changes nothing, which makes it cheaper than an exact order of use.
 */
export class TokenCache<T> {
  readonly #size: number;
  #recent = new Map<string, T>();
  #earlier = new Map<string, T>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): T | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const earlier = this.#earlier.get(key);
    if (earlier !== undefined) this.set(key, earlier);
    return earlier;
  }

  set(key: string, value: T): void {
    if (this.#recent.size >= this.#size) {
      this.#earlier = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }

  clear(): void {
    this.#recent.clear();
    this.#earlier.clear();
  }
}
