import { type Clock, type Duration, type Logger, seconds } from '@venfleet/core';
import { offsetOf } from '../health/clock-offset.js';
import { locateVtn, openTransport, type VtnSettings } from '../vtn.js';

/**
 * How far this machine's clock is ahead of the VTN's, by the header Date of any answer; undefined where there is none. A
 * clock that is far off makes TLS fail, too, as certificates are not valid yet.
 */
export async function askVtnOffset(
  settings: VtnSettings,
  ports: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<Duration | undefined> {
  const { clock } = ports;
  const { transport } = openTransport({ ...settings, connections: 1, requestTimeout: seconds(10) }, ports);
  try {
    const url = await locateVtn(settings, ports);
    const before = clock.now();
    const { headers } = await transport.request({ method: 'GET', url, headers: { accept: 'application/json' } });
    return offsetOf(headers.date, (before + clock.now()) / 2);
  } catch {
    // Whatever the reason, there is no answer to compare with; connecting in earnest tells more.
    return undefined;
  } finally {
    await transport.close();
  }
}
