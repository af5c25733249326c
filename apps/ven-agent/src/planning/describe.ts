import { toKilowatts, watts } from '@venfleet/core';
import type { Amount, Demand } from './payloads.js';

export const kW = (power: number): string => `${Number(toKilowatts(watts(power)).toFixed(2))} kW`;
export const percent = (part: number): string => `${Number((100 * part).toFixed(1))} %`;
/** With its sign, where it is an increase. */
export const signed = (value: number, text: string): string => (value > 0 ? `+${text}` : text);
const amountText = (amount: Amount, of: string): string =>
  amount.unit === 'W' ? kW(amount.value) : `${percent(amount.value)} of ${of}`;

/** What a demand asks for, for people. */
export function describeDemand(demand: Demand): string {
  switch (demand.kind) {
    case 'level':
      return demand.level === 0 ? 'normal operation' : `curtailment level ${demand.level}`;
    case 'offset':
      return demand.part < 0 ? `${percent(-demand.part)} above normal` : `give ${percent(demand.part)} of the flexibility`;
    case 'total':
      return `consume ${amountText(demand.amount, 'the rating')} together`;
    case 'change':
      return `change by ${signed(demand.amount.value, amountText(demand.amount, 'the load'))} together`;
    case 'charge':
      return demand.to.unit === 'part' ? `charge to ${percent(demand.to.value)}` : `charge to ${demand.to.value / 1000} kWh`;
    case 'cap': {
      const amount = amountText(demand.amount, 'the rating');
      return demand.role === 'reservation' ? `may take ${amount} more together` : `never more than ${amount} together`;
    }
    case 'export cap':
      return 'limit of export (nothing here generates)';
    case 'least':
      return 'minimum use';
    case 'price':
      return `price ${demand.value}`;
    case 'notice':
      return demand.text === '' ? 'notice' : `notice: ${demand.text}`;
  }
}
