import { type Clock, describeError, isVenfleetError, type Logger, seconds } from '@venfleet/core';
import { type DetectedVtn, detectVtn, type HttpResponse, type HttpTransport } from '@venfleet/openadr';
import { offsetOf } from '../health/clock-offset.js';
import { locateVtn, openTransport, type VtnSettings } from '../vtn.js';
import { type Finding, failure, type Subject } from './finding.js';

/** Events begin on the second; what a clock is off by, they begin too early or too late. */
const SKEW = { warn: seconds(3), fail: seconds(60) };

export interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether the VTN is there, may be trusted, has the same time and speaks what we speak.
 * @returns what was found, and the VTN where there is one
 */
export async function checkVtn(
  settings: VtnSettings,
  ports: Ports,
): Promise<{ findings: Finding[]; vtn: DetectedVtn | undefined }> {
  const findings: Finding[] = [];
  let transport: HttpTransport;
  try {
    ({ transport } = openTransport(settings, ports));
  } catch (error) {
    return { findings: [failure('TLS', error)], vtn: undefined };
  }
  try {
    const url = await locateVtn(settings, ports);
    const { answer, at } = await knock(url, transport, ports.clock);
    findings.push({ subject: 'VTN URL', status: 'ok', message: `${url} answers` });
    findings.push(trust({ ...settings, url }), clockSkew(answer, at));
    const { vtn, finding } = await versionOf({ ...settings, url }, transport);
    findings.push(finding);
    return { findings, vtn };
  } catch (error) {
    const subject: Subject = isVenfleetError(error, 'VTN_TLS')
      ? 'TLS'
      : isVenfleetError(error, 'NOT_OPENADR')
        ? 'version'
        : 'VTN URL';
    findings.push(failure(subject, error, undefined, CURE));
    return { findings, vtn: undefined };
  } finally {
    await transport.close();
  }
}

const CURE = 'is the URL right, is the VTN up, and does a firewall or proxy let this machine reach it?';

/** Any answer will do. */
async function knock(url: string, transport: HttpTransport, clock: Clock): Promise<{ answer: HttpResponse; at: number }> {
  const before = clock.now();
  const answer = await transport.request({
    method: 'GET',
    url: `${url}/programs?limit=1`,
    headers: { accept: 'application/json' },
  });
  return { answer, at: (before + clock.now()) / 2 };
}

function trust({ url, verifyTls, caFile }: VtnSettings): Finding {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:') {
    const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
    if (isHere) return { subject: 'TLS', status: 'ok', message: 'none is needed: the VTN is on this machine' };
    const cure = 'use an https URL; OpenADR asks for it';
    return { subject: 'TLS', status: 'warn', message: 'none: tokens and secrets can be read on the way', cure };
  }
  if (verifyTls === false) {
    const cure = 'give the authority of its certificate as vtn.caFile, and leave vtn.verifyTls out';
    return { subject: 'TLS', status: 'warn', message: 'the certificate is not checked (vtn.verifyTls: false)', cure };
  }
  return { subject: 'TLS', status: 'ok', message: `the certificate is one of ${caFile ?? "the system's authorities"}` };
}

function clockSkew({ headers }: HttpResponse, at: number): Finding {
  const skew = offsetOf(headers.date, at);
  if (skew === undefined) {
    const cure = 'compare the clocks by hand';
    return { subject: 'clock', status: 'warn', message: 'the VTN does not tell its time (header Date)', cure };
  }
  const off = Math.abs(skew);
  const told = `${(off / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} the VTN`;
  if (off <= SKEW.warn) return { subject: 'clock', status: 'ok', message: `as the VTN's, within ${SKEW.warn / 1000} s` };
  const cure = 'set the clock of this machine by NTP; if it is right, tell the operator of the VTN';
  return { subject: 'clock', status: off > SKEW.fail ? 'fail' : 'warn', message: `this machine is ${told}`, cure };
}

/** @throws VtnError NOT_OPENADR where it cannot be found out, and nobody says it */
async function versionOf(settings: VtnSettings, transport: HttpTransport): Promise<{ vtn: DetectedVtn; finding: Finding }> {
  const { url, version: told } = settings;
  const subject = 'version';
  try {
    const vtn = await detectVtn(url, { transport });
    const { version } = vtn;
    if (told === undefined || told === version) return { vtn, finding: { subject, status: 'ok', message: `OpenADR ${version}` } };
    const message = `the VTN speaks OpenADR ${version}, and the agent is told to speak ${told}`;
    const cure = 'leave the version out, or correct vtn.version, VENFLEET_VTN_VERSION or --vtn-version';
    return { vtn, finding: { subject, status: 'fail', message, cure } };
  } catch (error) {
    if (told === undefined || !isVenfleetError(error, 'NOT_OPENADR')) throw error;
    const vtn = await detectVtn(url, { transport, version: told });
    const message = `OpenADR ${told}, as the agent is told; the VTN does not show it (${describeError(error)})`;
    return { vtn, finding: { subject, status: 'warn', message, cure: 'is the URL right, with its path?' } };
  }
}
