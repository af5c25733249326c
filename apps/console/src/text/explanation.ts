import { clockSeconds, moment } from './format.js';

const TIMES = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A line of an explanation as the page speaks: times where the reader is, and what has a title by that. @param titles by id */
export function readable(line: string, titles: ReadonlyMap<string, string>, now: number | undefined): string {
  let text = line.replaceAll(TIMES, (time) => moment(Date.parse(time), now, clockSeconds));
  for (const [id, title] of titles) text = text.replaceAll(`${title} (${id})`, title).replaceAll(id, title);
  return text;
}
