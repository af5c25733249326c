import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { type Clock, type Instant, instant, seconds, within } from '@venfleet/core';
import { readTextFile } from '@venfleet/core/node';

const PATIENCE = seconds(10);

/**
 * Until when the certificate that a server shows is valid. It is only read: whether to trust it is decided elsewhere, and
 * one that has expired must not hide behind that.
 * @returns undefined where no certificate can be had
 */
export async function servedUntil(url: string, clock: Clock, signal: AbortSignal): Promise<Instant | undefined> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(port || 443), servername: nameFor(host), rejectUnauthorized: false });
  try {
    return await within(PATIENCE, { clock, signal }, (inTime) => {
      inTime.addEventListener('abort', () => socket.destroy(), { once: true });
      return new Promise((resolve) => {
        socket.once('secureConnect', () => resolve(endOf(socket.getPeerCertificate().valid_to)));
        socket.once('error', () => resolve(undefined));
        socket.once('close', () => resolve(undefined));
      });
    });
  } finally {
    socket.destroy();
  }
}

/** Until when the first certificate of a PEM file is valid; undefined where it has none. */
export function fileUntil(path: string): Instant | undefined {
  try {
    return endOf(new X509Certificate(readTextFile(path, 'the certificate')).validTo);
  } catch {
    return undefined;
  }
}

/** Server Name Indication is for names (RFC 6066 section 3). */
function nameFor(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}

function endOf(validTo: string | undefined): Instant | undefined {
  const time = Date.parse(validTo ?? '');
  return Number.isNaN(time) ? undefined : instant(time);
}
