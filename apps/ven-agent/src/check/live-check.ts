import { type Clock, type Duration, isVenfleetError, seconds, toKilowattHours, toKilowatts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { Controller, ControllerReport } from '../control/model.js';
import type { MeterChannel, MeterDriver, Sample } from '../metering/meter.js';
import type { MeteringPlan, SetAside } from '../metering/plan.js';
import { readingOf } from '../metering/reading-of.js';
import { judge } from '../readings/judge.js';
import { flagNames, type Reading } from '../readings/reading.js';
import { type Finding, failure, type Subject } from './finding.js';

/** Failures that may only mean that it has not spoken, or is not connected, yet; and how long that is believed. */
const NOT_YET: Readonly<Record<string, Duration>> = {
  METER_STALE: seconds(15),
  METER_SILENT: seconds(15),
  CONTROLLER_SILENT: seconds(15),
  BROKER_UNREACHABLE: seconds(3),
};
const BETWEEN_TRIES = seconds(1);

/**
 * Reads each meter and each controller once, all channels at the same time. Controllers are told nothing.
 * @param channels of the plan, not started yet; they are stopped again
 */
export async function checkDevices(plan: MeteringPlan, channels: readonly MeterChannel[], clock: Clock): Promise<Finding[]> {
  const asides = [
    ...plan.unmetered.map((aside) => setAside('meter', aside)),
    ...plan.uncontrolled.map((aside) => setAside('controller', aside)),
  ];
  try {
    for (const channel of channels) channel.start();
    const found = await Promise.all(channels.map((channel) => checkChannel(channel, clock)));
    return [...found.flat(), ...asides];
  } finally {
    await Promise.all(channels.map((channel) => channel.stop()));
  }
}

async function checkChannel(channel: MeterChannel, clock: Clock): Promise<Finding[]> {
  const meters = await Promise.all(channel.drivers.map((driver) => checkMeter(driver, clock)));
  const controllers = await Promise.all(channel.controllers.map((controller) => checkController(controller, clock)));
  return [reach(channel, [...meters, ...controllers]), ...meters, ...controllers];
}

/** A channel is there when any of its devices answers. */
function reach({ name, reachable }: MeterChannel, devices: readonly Finding[]): Finding {
  const kind = name.slice(0, name.indexOf(' '));
  const subject: Subject = kind === 'mqtt' ? 'broker' : kind === 'file' ? 'file' : 'gateway';
  const answering = devices.filter(({ status }) => status !== 'fail').length;
  const about = name.slice(kind.length + 1);
  if (answering > 0) {
    return { subject, status: 'ok', about, message: `${answering} of ${devices.length} devices answer` };
  }
  const why = devices.find(({ status }) => status === 'fail');
  const message = reachable ? 'can be reached, but none of its devices answers' : (why?.message ?? 'cannot be reached');
  return { subject, status: 'fail', about, message, cure: why?.cure };
}

async function checkMeter(meter: MeterDriver, clock: Clock): Promise<Finding> {
  const { resource } = meter;
  const about = nameOf(resource);
  try {
    const samples = await patiently(async () => meter.read(), clock);
    const sample = samples.at(-1);
    if (sample === undefined) return { subject: 'meter', status: 'ok', about, message: 'what it said last still holds' };
    return judged(resource, about, sample, clock);
  } catch (error) {
    return failure('meter', error, about);
  }
}

function judged(resource: Resource, about: string, sample: Sample, clock: Clock): Finding {
  const raw = readingOf(resource.id, sample);
  const { power, importEnergy, exportEnergy, flags } = raw;
  const { reading } = judge(
    undefined,
    { resource: resource.id, at: sample.at, monotonicMs: clock.monotonic(), power, importEnergy, exportEnergy, flags },
    { pMax: resource.pMax },
  );
  const message = told(reading);
  if (reading.flags === 0) return { subject: 'meter', status: 'ok', about, message };
  return {
    subject: 'meter',
    status: 'warn',
    about,
    message: `${message} (${flagNames(reading.flags).join(', ')}; the site draws ${toKilowatts(resource.pMax)} kW at most)`,
    cure: 'is it the right meter and profile (scale, current transformers), and is the capacity in the database right?',
  };
}

function told({ power, importEnergy, exportEnergy }: Reading): string {
  const parts = [
    ...(power === undefined ? [] : [`${toKilowatts(power).toFixed(2)} kW`]),
    ...(importEnergy === undefined ? [] : [`${toKilowattHours(importEnergy).toFixed(1)} kWh drawn`]),
    ...(exportEnergy === undefined ? [] : [`${toKilowattHours(exportEnergy).toFixed(1)} kWh delivered`]),
  ];
  return parts.length === 0 ? 'answers without a value' : parts.join(', ');
}

async function checkController(controller: Controller, clock: Clock): Promise<Finding> {
  const about = nameOf(controller.resource);
  try {
    const report = controller.dialect.decode(await patiently(() => controller.read(), clock));
    return stateOf(report, about);
  } catch (error) {
    return failure('controller', error, about);
  }
}

function stateOf({ state, held }: ControllerReport, about: string): Finding {
  const limit = held === null ? '' : `, limit ${toKilowatts(held).toFixed(2)} kW`;
  const finding = { subject: 'controller', about, message: `${state}${limit}` } as const;
  if (state === 'fault')
    return { ...finding, status: 'fail', cure: 'the controller itself says that it has a fault: look at it on site' };
  if (state === 'overridden') return { ...finding, status: 'warn', cure: 'somebody on site has put it out of force' };
  return { ...finding, status: 'ok' };
}

/** Asks again while what is asked may not have spoken yet. */
async function patiently<T>(ask: () => Promise<T>, clock: Clock): Promise<T> {
  const start = clock.monotonic();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const patience = isVenfleetError(error) ? NOT_YET[error.code] : undefined;
      if (patience === undefined || clock.monotonic() - start >= patience) throw error;
      await clock.sleep(BETWEEN_TRIES);
    }
  }
}

function setAside(subject: 'meter' | 'controller', { resource, reason, hint }: SetAside): Finding {
  const cure = hint ?? 'correct its connection in the resource database';
  return { subject, status: 'fail', about: nameOf(resource), message: reason, cure };
}

const nameOf = ({ name, resourceId }: Resource): string => `${name} (${resourceId})`;
