import type { NewConnection } from '../model.js';

/** Where a device is, for people. */
export function placeOf(connection: NewConnection): string {
  switch (connection.type) {
    case 'MODBUSTCP':
      return `${connection.host}:${connection.port} unit ${connection.unitId}`;
    case 'MQTT':
      return `${connection.host}:${connection.port} ${connection.topic}`;
    case 'FILEREADER':
      return connection.file;
  }
}
