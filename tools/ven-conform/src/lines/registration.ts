import { Nonconformity } from '@venfleet/openadr/conform';
import { BOTH, type Line, ONLY_310 } from '../line.js';
import { type Purpose, type Seat, venNameOf } from '../seats.js';
import { cap, isListing, isPost, type Trial } from '../trial.js';
import { type Exchange, json, objectOf, problem, type Reply, type Rule } from '../vtn/gateway.js';

const isVens = ({ path }: Exchange['ask']): boolean => path.endsWith('/vens');
const isVenList = ({ ask }: Exchange): boolean => ask.method === 'GET' && isVens(ask);

export const REGISTRATION: readonly Line[] = [
  {
    number: 62,
    title: 'Finds an existing ven before creating one; survives 409',
    versions: BOTH,
    async check(trial) {
      await madeBefore(trial, 'known');
      const known = await started(trial, 'known');
      const posts = known.gateway.exchanges.filter(({ ask }) => isPost(ask, 'vens'));
      if (posts.length > 0) throw trial.differs('no POST /vens, as there is one of that name', posts);
      if (!known.gateway.exchanges.some(isVenList)) throw trial.differs('GET /vens', known.gateway.exchanges.slice(0, 8));

      await madeBefore(trial, 'hidden');
      // The lists are empty until it has tried to make one: as if another had made it in between.
      let isHidden = true;
      const hide: Rule = async (ask, next) => {
        if (isPost(ask, 'vens')) isHidden = false;
        return ask.method === 'GET' && isVens(ask) && isHidden ? json(200, []) : await next(ask);
      };
      const hidden = await started(trial, 'hidden', hide);
      const conflict = hidden.gateway.exchanges.find(({ ask, reply }) => isPost(ask, 'vens') && reply.status === 409);
      if (conflict === undefined) throw trial.differs('POST /vens, as no list shows it', hidden.gateway.exchanges.slice(0, 8));
      await trial.asked(hidden, conflict.askedAt, isListing, 'events read after the 409');
    },
  },
  {
    number: 63,
    title: 'Works with a pre-made ven when self-registration is refused (401 or 403)',
    versions: BOTH,
    async check(trial) {
      await madeBefore(trial, 'refused');
      const refuse: Rule = (ask, next) =>
        ask.method !== 'GET' && /\/vens(\/[^/]+)?$/.test(ask.path) ? problem(403, 'VENs are made by business logic') : next(ask);
      await started(trial, 'refused', refuse);
      const vens = (await trial.bl.get('/vens')).expect(200, 'the vens').list();
      const own = vens.filter(({ venName }) => venName === venNameOf('refused', trial.version));
      if (own.length !== 1) throw new Nonconformity({ expected: 'the one ven that was made for it', seen: JSON.stringify(own) });
    },
  },
  {
    number: 64,
    title: 'Never sends targets or clientID in 3.1',
    versions: ONLY_310,
    async check(trial) {
      const { gateway } = await trial.resident();
      const writes = gateway.exchanges.filter(
        ({ ask }) => /^(POST|PUT)$/.test(ask.method) && /\/(vens|resources)\b/.test(ask.path),
      );
      if (writes.length === 0) throw trial.differs('a ven or resource written', gateway.exchanges.slice(0, 8));
      const wrong = writes.filter(({ ask }) => 'targets' in objectOf(ask) || 'clientID' in objectOf(ask));
      if (wrong.length > 0) throw trial.differs('vens and resources without targets and clientID', wrong);
    },
  },
  {
    number: 66,
    title: 'Accepts responses without objectType, with null or absent optionals, and unknown fields',
    versions: BOTH,
    async check(trial) {
      const seat = await started(trial, 'bare', bare);
      if (seat.ven.plan === undefined)
        return void trial.notes.push('seen is that it registers and reads events, not what it makes of them');
      const day = trial.day(2);
      await trial.event(cap(19, day, 'PT1H'));
      await trial.limit(seat, day, 19, 'an event in an answer like that');
    },
  },
];

async function started(trial: Trial, purpose: Purpose, ...rules: readonly Rule[]): Promise<Seat> {
  return await trial.seats.reading(await trial.seats.start(purpose, { rules }));
}

/** Business logic makes the VEN's ven. */
async function madeBefore(trial: Trial, purpose: Purpose): Promise<void> {
  const venName = venNameOf(purpose, trial.version);
  const { clientId: clientID } = trial.seats.client(purpose);
  const body = trial.in301 ? { venName } : { objectType: 'BL_VEN_REQUEST', clientID, venName };
  (await trial.bl.post('/vens', body)).expect(201, 'a ven');
}

const OPTIONALS: Readonly<Record<string, readonly string[]>> = {
  events: ['eventName', 'priority', 'targets', 'reportDescriptors', 'payloadDescriptors'],
  programs: ['programDescriptions', 'payloadDescriptors', 'targets'],
  vens: ['attributes', 'targets'],
  resources: ['attributes', 'targets'],
};

/** Of each second object the optionals that it lacks are null, of the others they are absent, empty ones too. */
const bare: Rule = async (ask, next) => {
  const reply = await next(ask);
  const [, collection] = /\/(events|programs|vens|resources)(?:\/[^/]+)?$/.exec(ask.path) ?? [];
  if (collection === undefined || reply.status >= 300) return reply;
  const strip = (value: unknown, n: number): unknown => {
    const { objectType, ...object } = value as Record<string, unknown>;
    for (const name of OPTIONALS[collection] ?? []) {
      if (object[name] !== undefined && object[name] !== null) continue;
      if (n % 2 === 0) object[name] = null;
      else delete object[name];
    }
    return { ...object, unknownToOpenADR: { value: [1, 'two', null] } };
  };
  return stripped(reply, strip);
};

function stripped(reply: Reply, strip: (value: unknown, n: number) => unknown): Reply {
  const value: unknown = JSON.parse(reply.body);
  return { ...reply, body: JSON.stringify(Array.isArray(value) ? value.map(strip) : strip(value, 0)) };
}
