import { NotCheckable } from '@venfleet/openadr/conform';
import { BOTH, type Line } from '../line.js';
import { cap, isEvents, isListing, type Trial } from '../trial.js';
import { problem, type Rule } from '../vtn/gateway.js';

/** The most that a page may have (OpenADR 3, query parameter `limit`). */
const PAGE = 50;
/** A page fails for so long, in s: for more than one look. */
const FAILING_S = 4;

export const LISTS: readonly Line[] = [
  {
    number: 65,
    title: 'Pages until a short page; drops no event on a failed page',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(18);
      // The oldest of the least priority comes last.
      await trial.event(cap(18, day, 'PT1H'));
      for (let n = 0; n < PAGE; n++) await trial.event({ ...harmless(n), priority: 3 });
      const isSecond = ({ query }: { query: URLSearchParams }) => Number(query.get('skip') ?? 0) > 0;
      await trial.asked(seat, trial.now(), (exchange) => isListing(exchange) && isSecond(exchange.ask), 'a second page read');
      if (seat.ven.plan === undefined) {
        throw new NotCheckable('it pages, but does not tell what becomes of events while a page fails (--plan-command)');
      }
      await trial.limit(seat, day, 18, 'an event of the second page');
      await keepsItWhilePagesFail(trial, isSecond, day);
    },
  },
];

async function keepsItWhilePagesFail(
  trial: Trial,
  isSecond: (ask: { query: URLSearchParams }) => boolean,
  day: ReturnType<Trial['day']>,
) {
  const seat = await trial.resident();
  const fail: Rule = (ask, next) => (isEvents(ask) && isSecond(ask) ? problem(500, 'failed for the sake of a test') : next(ask));
  const end = seat.gateway.rule(fail);
  try {
    const since = trial.now();
    await trial.asked(seat, since, ({ ask, reply }) => isEvents(ask) && reply.status === 500, 'the second page asked for again');
    await trial.pause(FAILING_S);
    await trial.limit(seat, day, 18, 'the event is on a page that cannot be read, which does not delete it');
  } finally {
    end();
  }
  await trial.readAgain(seat);
}

const harmless = (n: number) => ({
  eventName: `page filler ${n}`,
  intervals: [
    { id: 0, intervalPeriod: { start: '2099-01-01T00:00:00Z', duration: 'PT1H' }, payloads: [{ type: 'GHG', values: [n] }] },
  ],
});
