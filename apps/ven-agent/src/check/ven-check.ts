import { isVenfleetError } from '@venfleet/core';
import { isDenied, type Ven, type VtnClient } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import { desiredResource } from '../registration/attributes.js';
import { diffResources } from '../registration/diff.js';
import type { FleetConnection, VenClient } from '../vtn.js';
import { rightsIn } from './claims.js';
import { type Finding, failure } from './finding.js';

const REGISTER = 'run `ven-agent register`';

/** The business-logic client, where there is one: registration uses it for what a VEN may not do by itself. */
export async function checkBusiness({ business }: FleetConnection): Promise<Finding[]> {
  if (business === undefined) return [];
  try {
    await business.listPrograms();
    return [{ subject: 'business logic', status: 'ok', message: 'has a token, and reads programs' }];
  } catch (error) {
    return [failure('business logic', error)];
  }
}

/** Whether a VEN gets a token, may read what it must, is known to the VTN, and has its resources there. Writes nothing. */
export async function checkVen(connection: FleetConnection, name: string, resources: readonly Resource[]): Promise<Finding[]> {
  let ven: VenClient;
  let token: string | undefined;
  try {
    ven = connection.forVen(name);
    token = await ven.tokens.token();
  } catch (error) {
    return [failure('token', error, name)];
  }
  const { client, clientId } = ven;
  const findings: Finding[] = [
    {
      subject: 'token',
      status: 'ok',
      about: name,
      message: token === undefined ? 'none is used (no authentication)' : `given to ${clientId}`,
    },
    await rights(client, name, token),
  ];
  try {
    const found = await findVen(client, name, clientId);
    findings.push(ownVen(found, name));
    if (found !== undefined) findings.push(await registered(client, found, name, resources));
  } catch (error) {
    findings.push(failure('own VEN', error, name));
  }
  return findings;
}

/** Reading is tried; whether reports may be written can only be told by what the token says. */
async function rights(client: VtnClient, about: string, token: string | undefined): Promise<Finding> {
  try {
    await Promise.all([client.listPrograms(), client.listEvents()]);
  } catch (error) {
    const cure = isDenied(error) ? 'have the operator of the VTN grant this client the rights of a VEN' : undefined;
    return { ...failure('rights', error, about), ...(cure === undefined ? {} : { cure }) };
  }
  const told = token === undefined ? undefined : rightsIn(token);
  const read = 'reads programs and events';
  if (told === undefined) return { subject: 'rights', status: 'ok', about, message: read };
  const mayReport = told.some((right) => right === 'write_reports' || right === 'VEN');
  const message = `${read}; its token says ${told.join(', ')}`;
  if (mayReport) return { subject: 'rights', status: 'ok', about, message };
  return {
    subject: 'rights',
    status: 'warn',
    about,
    message: `${message}, and not write_reports`,
    cure: 'have the operator of the VTN grant this client write_reports',
  };
}

/** As registration finds it: by name, and in 3.1 by its client, which has one at most. */
async function findVen(client: VtnClient, name: string, clientId: string | undefined): Promise<Ven | undefined> {
  const [named] = await client.listVens({ name });
  if (named !== undefined || clientId === undefined || client.vtn.version === '3.0.1') return named;
  return (await client.listVens()).find((ven) => ven.clientId === clientId);
}

function ownVen(ven: Ven | undefined, about: string): Finding {
  if (ven === undefined) {
    return {
      subject: 'own VEN',
      status: 'fail',
      about,
      message: 'the VTN does not know it, or does not show it',
      cure: REGISTER,
    };
  }
  if (ven.name === about) return { subject: 'own VEN', status: 'ok', about, message: `known as ${ven.id}` };
  return { subject: 'own VEN', status: 'warn', about, message: `known as ${ven.name}, ${ven.id}`, cure: REGISTER };
}

async function registered(client: VtnClient, ven: Ven, about: string, resources: readonly Resource[]): Promise<Finding> {
  try {
    const { create, update, surplus } = diffResources(resources.map(desiredResource), await client.listResources(ven.id));
    const count = resources.length.toLocaleString('en');
    const parts = [
      [create, 'missing'],
      [update, 'with other attributes'],
      [surplus, 'more than in the database'],
    ] as const;
    const wrong = parts.filter(([list]) => list.length > 0).map(([list, what]) => `${list.length} ${what}`);
    if (wrong.length === 0) return { subject: 'resources', status: 'ok', about, message: `all ${count} are registered` };
    return {
      subject: 'resources',
      status: create.length > 0 ? 'fail' : 'warn',
      about,
      message: `of ${count}: ${wrong.join(', ')}`,
      cure: surplus.length > 0 ? `${REGISTER}; with --prune it deletes what is too much` : REGISTER,
    };
  } catch (error) {
    if (!isVenfleetError(error)) throw error;
    return failure('resources', error, about);
  }
}
