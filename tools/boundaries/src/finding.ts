/** One place where a boundary is crossed, and what to do instead. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly instead: string;
}
