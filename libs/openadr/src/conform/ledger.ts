import { listAll, type Party } from './party.js';

/** An object that this program made at the VTN and has not deleted yet. */
interface Made {
  /** Below the base URL: `/programs/ID`. */
  readonly path: string;
  /** The name of its maker. */
  readonly by: string;
}

/** Keeps account of what exists at the VTN because of a run, from requests and answers alone. */
export class Ledger {
  readonly #made = new Map<string, Made>();
  /** Collections where more may have been made than answers told of. */
  readonly #doubtful = new Set<string>();

  /** Newest first, the order in which references allow deletion. */
  get left(): readonly Made[] {
    return [...this.#made.values()].reverse();
  }

  /** Any POST that is answered with an object made one, be it wanted or not. */
  note(by: string, method: string, path: string, status: number, body: unknown): void {
    if (method === 'POST' && status >= 200 && status < 300) {
      const { id } = (body ?? {}) as { id?: unknown };
      if (typeof id === 'string' && id !== '') this.#add({ path: `${path}/${encodeURIComponent(id)}`, by });
    }
    if (method === 'POST' && status >= 500) this.doubt(path);
    if (method !== 'DELETE') return;
    // A 404 to somebody else may mean that it is none of his business.
    const gone = status < 300 || (status === 404 && this.#made.get(path)?.by === by);
    if (gone) this.#made.delete(path);
  }

  /** A POST there may have made something that no answer told of. */
  doubt(path: string): void {
    this.#doubtful.add(path);
  }

  /**
   * Deletes what is left, each object as its maker or else as another of `parties`. It goes as far as it can.
   * @param prefix what all names of the run begin with: nobody else's objects have it
   * @returns the paths of what could not be deleted, or not be looked for
   */
  async clear(parties: readonly Party[], prefix: string): Promise<string[]> {
    const failed: string[] = [];
    for (const path of this.#doubtful) if (!(await this.#find(path, parties, prefix))) failed.push(path);
    this.#doubtful.clear();
    for (const { path, by } of this.left) {
      const makerFirst = [...parties].sort((a, b) => Number(b.name === by) - Number(a.name === by));
      for (const party of makerFirst) {
        if (!this.#made.has(path)) break;
        await party.delete(path).catch(() => undefined);
      }
    }
    failed.push(...this.left.map(({ path }) => path));
    this.#made.clear();
    return failed;
  }

  async #find(path: string, parties: readonly Party[], prefix: string): Promise<boolean> {
    for (const party of parties) {
      const objects = await listAll(party, path).catch(() => undefined);
      if (objects === undefined) continue;
      for (const object of objects) {
        if (typeof object.id !== 'string' || !JSON.stringify(object).includes(prefix)) continue;
        this.#add({ path: `${path}/${encodeURIComponent(object.id)}`, by: party.name });
      }
      return true;
    }
    return false;
  }

  #add(made: Made): void {
    if (!this.#made.has(made.path)) this.#made.set(made.path, made);
  }
}
