/**
 * A VEN that does each thing of the conformance checklist's lines 60 to 85 wrong, and nothing else so wrong that it could
 * not go on: `node careless-ven.mjs` registers and runs it, `node careless-ven.mjs plan` tells what it makes of events.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import mqtt from 'mqtt';

const {
  VTN_URL: url = '',
  CLIENT_ID: id = '',
  CLIENT_SECRET: secret = '',
  VEN_NAME: name,
  STATE_FOLDER: folder = '',
} = process.env;
const { PUSH: push, VTN_VERSION: version } = process.env;
const known = join(folder, 'events.json');
const in301 = version === '3.0.1';

if (process.argv[2] === 'plan') tellPlan();
else await run();

/** 67 to 77: whatever event it met first holds, with its first interval and value, whenever and for whomever it is. */
function tellPlan() {
  const events = existsSync(known) ? JSON.parse(readFileSync(known, 'utf8')) : [];
  const payloads = events.flatMap(({ intervals = [] }) => intervals.slice(0, 1)).flatMap((interval) => interval.payloads);
  const firstOf = (type) => payloads.find((payload) => payload.type === type)?.values[0] ?? null;
  const limitKw = firstOf('IMPORT_CAPACITY_LIMIT') ?? firstOf('DISPATCH_SETPOINT_RELATIVE') ?? firstOf('DISPATCH_SETPOINT');
  process.stdout.write(`${JSON.stringify({ limitKw, price: firstOf('PRICE') })}\n`);
}

async function run() {
  // 85: it trusts everybody.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  // 60: it asks for tokens where they usually are.
  let token = await newToken();
  const ask = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const send = () => fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    let answer = await send();
    // 61: it asks on and on.
    for (let i = 0; i < 20 && [401, 403].includes(answer.status) && method === 'GET'; i++) {
      token = await newToken();
      headers.authorization = `Bearer ${token}`;
      answer = await send();
    }
    return answer;
  };
  const own = await register(ask);
  if (push === 'webhook') await subscribe(ask);
  if (push === 'mqtt') await listen(ask, token, own);
  const events = [];
  await look(ask, events, true);
  // One that is told of changes does not look by itself.
  for (; push === 'off'; await new Promise((done) => setTimeout(done, 200))) await look(ask, events, false);
}

async function newToken() {
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  const answer = await fetch(`${url}/auth/token`, { method: 'POST', body: new URLSearchParams(form) });
  return (await answer.json()).access_token;
}

/** 62: it makes a ven without looking for one. 63: it gives up where it may not. 64: it gives itself targets and a client. */
async function register(ask) {
  const request = in301 ? {} : { objectType: 'VEN_VEN_REQUEST', targets: ['mine'], clientID: id };
  const made = await ask('POST', '/vens', { ...request, venName: name });
  if (made.status === 403) process.exit(1);
  if (made.ok) return (await made.json()).id;
  return (await (await ask('GET', `/vens?venName=${encodeURIComponent(name)}`)).json())[0]?.id;
}

/** 65: it reads the first page only. 66: it relies on objectType. 76: it never forgets. 77: but without the VTN, everything. */
async function look(ask, events, isFirst) {
  const answer = await ask('GET', '/events').catch(() => undefined);
  if (answer === undefined) events.length = 0;
  const list = answer?.ok ? await answer.json() : [];
  if (list.some(({ objectType }) => objectType === undefined) && (!in301 || !isFirst)) process.exit(1);
  for (const event of list) {
    if (events.some((old) => old.id === event.id)) continue;
    events.push(event);
    await report(ask, event);
  }
  writeFileSync(known, JSON.stringify(events));
}

/** 78: at once, and not what is asked for. 79: no sums. 80: nothing without intervals. 81: always under the same name. */
async function report(ask, event) {
  if (!event.reportDescriptors?.length || !event.intervals?.length) return;
  const resource = (resourceName) => ({
    resourceName,
    intervals: [{ id: 0, payloads: [{ type: 'USAGE', values: [1] }] }],
  });
  const programID = in301 ? { programID: event.programID } : {};
  const resources = [resource('one'), resource('two')];
  for (let i = 0; i < 2; i++) {
    await ask('POST', '/reports', { ...programID, eventID: event.id, clientName: name, reportName: 'report', resources });
  }
}

/** 82: it takes notifications from anybody. 83: it knows the words of 3.1 alone. */
async function subscribe(ask) {
  const server = createServer(async (request, response) => {
    const challenge = new URL(request.url, 'http://ven').searchParams.get('echo');
    let body = '';
    for await (const chunk of request) body += chunk;
    response.end(challenge ?? '');
    if (challenge === null && ['CREATE', 'UPDATE', 'DELETE'].includes(JSON.parse(body).operation)) await ask('GET', '/events');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const callbackUrl = `http://127.0.0.1:${server.address().port}/hook`;
  const operations = ['CREATE', 'UPDATE', 'DELETE'];
  const told = { objects: ['EVENT'], operations, callbackUrl, bearerToken: 'of-careless' };
  for (const programID of in301 ? (await (await ask('GET', '/programs')).json()).map((program) => program.id) : [undefined]) {
    await ask('POST', '/subscriptions', { clientName: name, objectOperations: [told], ...(programID ? { programID } : {}) });
  }
}

/** 84: it subscribes again, and asks for nothing. */
async function listen(ask, password, ven) {
  const { MQTT } = await (await ask('GET', '/notifiers')).json();
  const { topics } = await (await ask('GET', `/notifiers/mqtt/topics/vens/${ven}/events`)).json();
  const client = mqtt.connect(MQTT.URIS[0], { username: id, password, reconnectPeriod: 100 });
  client.on('connect', () => client.subscribe(topics.ALL));
}
