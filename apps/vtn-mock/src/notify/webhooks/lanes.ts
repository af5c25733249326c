/** What waits for a place, and how many places are taken. */
export class Lane<T> {
  readonly waiting: Fifo<T> = new Fifo();
  busy = 0;
}

/** A place in a lane, taken until it is left. */
export class Place<T> {
  #lane: Lane<T>;
  moved = false;

  constructor(lane: Lane<T>) {
    this.#lane = lane;
    lane.busy++;
  }

  move(to: Lane<T>): void {
    this.leave();
    this.#lane = to;
    to.busy++;
    this.moved = true;
  }

  leave(): void {
    this.#lane.busy--;
  }
}

/** Array.shift moves all that is behind: with ten thousand waiting that would be most of the work. */
class Fifo<T> {
  #in: T[] = [];
  #out: T[] = [];

  push(item: T): void {
    this.#in.push(item);
  }

  shift(): T | undefined {
    if (this.#out.length === 0) [this.#in, this.#out] = [this.#out, this.#in.reverse()];
    return this.#out.pop();
  }
}
