/** A hidden page gets no frames: what then piles up is done when there is so much of it. */
const MOST_WAITING = 60;

/** Collects work and does it all at once in the next animation frame: what comes in a burst is drawn once. */
export class Frames<T> {
  readonly #request: (callback: () => void) => void;
  readonly #work: (items: readonly T[]) => void;
  #waiting: T[] = [];
  #isRequested = false;

  /** @param request `requestAnimationFrame`, or what stands for it */
  constructor(request: (callback: () => void) => void, work: (items: readonly T[]) => void) {
    this.#request = request;
    this.#work = work;
  }

  push(item: T): void {
    this.#waiting.push(item);
    if (this.#waiting.length >= MOST_WAITING) this.#flush();
    if (this.#isRequested) return;
    this.#isRequested = true;
    this.#request(() => {
      this.#isRequested = false;
      this.#flush();
    });
  }

  #flush(): void {
    const items = this.#waiting;
    this.#waiting = [];
    if (items.length > 0) this.#work(items);
  }
}
