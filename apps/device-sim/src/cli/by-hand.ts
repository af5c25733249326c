import { expandTopic, type ModbusPoint, type ModbusProfile, type MqttProfile } from '@venfleet/devices';
import type { DevicePlace } from '../fleet/simulator.js';

/** mbpoll's name of a register type that it can show. */
const MBPOLL_TYPES: Readonly<Record<string, string>> = { float32: ':float', int32: ':int', int16: '', uint16: '' };
const MBPOLL_TABLES = { holding: '4', input: '3' } as const;

/** The mbpoll call that shows a meter's power, or the first value of it that mbpoll can show. */
export function mbpollCall(
  profile: ModbusProfile,
  place: DevicePlace & { protocol: 'MODBUSTCP' },
  host: string,
): string | undefined {
  const points = [profile.points.get('powerW'), ...profile.points.values()];
  const point = points.find((p) => p !== undefined && p.type in MBPOLL_TYPES && p.table in MBPOLL_TABLES);
  if (point === undefined) return undefined;
  const type = `${MBPOLL_TABLES[point.table as keyof typeof MBPOLL_TABLES]}${MBPOLL_TYPES[point.type]}`;
  // mbpoll takes the low word first unless -B says otherwise.
  const order = point.registers > 1 && isHighWordFirst(point) ? ' -B' : '';
  return `mbpoll -m tcp -p ${place.port} -a ${place.unitId} -0 -r ${point.address} -t ${type}${order} -1 ${host}`;
}

/** What the codec makes of 1 shows it: an integer's bits are then in its low word, a float's in its high one. */
function isHighWordFirst({ codec, registers, type }: ModbusPoint): boolean {
  const bytes = Buffer.alloc(registers * 2);
  codec?.encode(bytes, 0, 1);
  return (bytes.readUInt16BE(0) !== 0) === (type === 'float32');
}

/** How a client gets to a broker. */
export interface BrokerAccess {
  /** mqtt://HOST[:PORT] or mqtts://… */
  readonly url: string;
  readonly username?: string | undefined;
  readonly secretRef?: string | undefined;
  readonly caFile?: string | undefined;
}

/** The mosquitto_sub call that shows what a meter publishes; a shell puts the password in. */
export function mosquittoCall(profile: MqttProfile, topic: string, { url, username, secretRef, caFile }: BrokerAccess): string {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'mqtts:';
  const template = [...profile.messages.values()][0]?.topic ?? profile.availability.topic;
  return [
    `mosquitto_sub -h ${hostname} -p ${port || (isTls ? 8883 : 1883)}`,
    ...(isTls ? [caFile === undefined ? '--tls-use-os-certs' : `--cafile ${caFile}`] : []),
    ...(username === undefined ? [] : [`-u '${username}'`]),
    ...(secretRef === undefined ? [] : [`-P "${secretRef.replace(/^env:(.*)$/, '$$$1').replace(/^file:(.*)$/, '$$(cat $1)')}"`]),
    `-t '${expandTopic(template, { topic })}'`,
  ].join(' ');
}
