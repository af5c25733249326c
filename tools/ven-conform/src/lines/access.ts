import { seconds } from '@venfleet/core';
import { Nonconformity } from '@venfleet/openadr/conform';
import { BOTH, type Line } from '../line.js';
import { askedOrEnded } from '../seats.js';
import { isEvents, isListing, isToken, type Trial } from '../trial.js';
import { unknownCertificate } from '../vtn/certificate.js';
import { type Exchange, objectOf, problem, type Rule } from '../vtn/gateway.js';

/** A token holds so long, in s. */
const SHORT = 4;
/** What a request may take to arrive, in ms. */
const DELAY_MS = 1000;
/** A VEN that has been refused twice is watched for so long, in s. */
const WATCHED = 3;
/** As long as a VEN with doubts has for asking something nevertheless, in s. */
const TEMPTED = 6;

const tokenOf = ({ ask }: Exchange): string | undefined => ask.headers.authorization?.replace(/^Bearer /, '');

export const ACCESS: readonly Line[] = [
  {
    number: 60,
    title: 'Speaks either version by configuration; 3.1 finds the token URL by discovery',
    versions: BOTH,
    async check(trial) {
      const { gateway } = await trial.resident();
      const seen = gateway.exchanges;
      const listings = seen.filter((exchange) => isListing(exchange) && tokenOf(exchange) !== undefined);
      if (listings.length === 0) throw trial.differs('a list of events read with a token', seen.slice(0, 5));
      const tokens = seen.filter(({ ask }) => isToken(ask));
      const place = trial.in301 ? '/auth/token' : '/found-by-discovery/token';
      const isThere = tokens.length > 0 && tokens.every(({ ask }) => ask.path.endsWith(place));
      const where = trial.in301 ? 'at auth/token below the base URL' : 'where GET /auth/server says';
      if (!isThere) throw trial.differs(`tokens asked for ${where}`, tokens);
    },
  },
  {
    number: 61,
    title: 'Renews the token before expiry; one retry on 401/403, then stops',
    versions: BOTH,
    async check(trial) {
      await renewsInTime(trial);
      await givesUp(trial);
    },
  },
  {
    number: 85,
    title: 'Verifies TLS by default',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.seats.start('wary', { tls: unknownCertificate(trial.seats.folder) });
      await askedOrEnded(seat, () => true, seconds(TEMPTED), trial.signal);
      const { connections, exchanges } = seat.gateway;
      if (exchanges.length > 0) throw trial.differs('nothing asked of a VTN whose certificate nobody vouches for', exchanges);
      if (connections === 0) {
        throw new Nonconformity({
          expected: 'a try to reach the VTN',
          seen: `none within ${TEMPTED} s. ${seat.ven.lastWords()}`,
        });
      }
    },
  },
];

/** A new token, and no request with one that has expired. */
async function renewsInTime(trial: Trial): Promise<void> {
  const seat = await trial.resident();
  const begin = trial.now();
  const shorten: Rule = async (ask, next) => {
    const reply = await next(ask);
    return isToken(ask) ? { ...reply, body: JSON.stringify({ ...objectOf(reply), expires_in: SHORT }) } : reply;
  };
  const old = seat.gateway.exchanges.map(tokenOf).findLast((token) => token !== undefined);
  const refuse: Rule = (ask, next) =>
    ask.headers.authorization === `Bearer ${old}` ? problem(401, 'the token has been revoked') : next(ask);
  const ends = [seat.gateway.rule(shorten), seat.gateway.rule(refuse)];
  try {
    await trial.asked(seat, begin, isTokenGot, `a new token each ${SHORT} s`, {
      count: 3,
      patience: seconds(2 * SHORT + trial.waiting.patience / 1000),
    });
  } finally {
    for (const end of ends) end();
  }
  const issued = new Map(seat.gateway.since(begin, isTokenGot).map((got) => [objectOf(got.reply).access_token, got.askedAt]));
  const late = seat.gateway.since(begin).filter((exchange) => {
    const at = issued.get(tokenOf(exchange));
    // Asked for within that time, it arrives a moment later.
    return at !== undefined && exchange.askedAt - at > seconds(SHORT) + DELAY_MS;
  });
  if (late.length > 0) throw trial.differs(`no token used longer than the ${SHORT} s that it holds`, late);
}

const isTokenGot = ({ ask, reply }: Exchange): boolean => isToken(ask) && reply.status === 200;

/** Refused again with a new token, it does not ask on and on. */
async function givesUp(trial: Trial): Promise<void> {
  const seat = await trial.resident();
  const begin = trial.now();
  const end = seat.gateway.rule((ask, next) => (isEvents(ask) ? problem(403, 'refused for the sake of a test') : next(ask)));
  try {
    await trial.asked(seat, begin, ({ ask }) => isEvents(ask), 'a list of events asked for');
    await trial.pause(WATCHED);
  } finally {
    end();
  }
  const refused = seat.gateway.since(begin, ({ ask, reply }) => isEvents(ask) && reply.status === 403);
  // At most one look a second, each with its one retry.
  if (refused.length > 2 * (WATCHED + 1)) throw trial.differs('one retry with a new token, then a pause', refused);
  if (refused.length < 2) throw trial.differs('one retry with a new token', refused);
  await trial.readAgain(seat);
}
