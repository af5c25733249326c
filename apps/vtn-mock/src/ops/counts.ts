/** What has happened since the VTN was started, counted where it happens. */
export class Counts {
  requests = 0;
  /** Problems that were answered, by status. */
  readonly problems = new Map<number, number>();

  problem(status: number): void {
    this.problems.set(status, (this.problems.get(status) ?? 0) + 1);
  }
}
