import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { shardOf } from '@venfleet/core';
import { openResourceDb, prepare } from '@venfleet/resource-db';
import { loadAgentConfig } from '@venfleet/ven-agent';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import {
  buildOverlay,
  containersOf,
  K8S,
  kustomize,
  type Manifest,
  manifestsBelow,
  mistakesIn,
  overlay,
  podOf,
} from './support/manifests.js';
import { programs, root, runProgram, temporaryFolder } from './support/programs.js';

const OVERLAYS = ['demo', 'real-vtn'];
const folder = temporaryFolder();
const manifests = manifestsBelow(K8S);
const named = (kind: string, name: string) =>
  manifests.find(({ object }) => object.kind === kind && object.metadata.name === name) as Manifest;
const changed = (manifest: Manifest, from: string, to: string): Manifest => {
  const text = JSON.stringify(manifest.object);
  expect(text).toContain(from);
  return { ...manifest, object: JSON.parse(text.replace(from, to)) as Manifest['object'] };
};
const missing = kustomize === undefined ? 'neither kustomize nor kubectl is installed' : undefined;
const note = missing === undefined ? '' : ` (skipped: ${missing})`;
const tool = missing === undefined ? test : test.skip;

describe('the manifests', () => {
  test('are what Kubernetes takes', () => {
    expect(manifests.length).toBeGreaterThan(30);
    expect(mistakesIn(manifests)).toEqual([]);
  });

  tool.each(OVERLAYS)(`of the overlay %s are, built, too${note}`, (name) => {
    const built = buildOverlay(name);
    expect(mistakesIn(built)).toEqual([]);
    const images = built.flatMap((manifest) => containersOf(podOf(manifest) ?? { containers: [] })).map(({ image }) => image);
    expect(images.length).toBeGreaterThan(5);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  test.each([
    ['an unknown field', 'StatefulSet', '"replicas":', '"replicaz":', 'replicaz'],
    [
      'a field in the wrong place',
      'StatefulSet',
      '"serviceName":',
      '"terminationGracePeriodSeconds":5,"serviceName":',
      'terminationGrace',
    ],
    ['a value of the wrong type', 'StatefulSet', '"replicas":1', '"replicas":"1"', "not assignable to type 'number'"],
    ['a field that is missing', 'StatefulSet', '"serviceName":"ven-agent",', '', 'serviceName'],
    ['a kind of another group', 'PodDisruptionBudget', '"policy/v1"', '"apps/v1"', 'PodDisruptionBudget'],
  ])('%s would be found', (_, kind, from, to, reason) => {
    const wrong = changed(named(kind, 'ven-agent'), from, to);
    expect(mistakesIn([named('StatefulSet', 'ven-agent'), wrong])).toEqual([expect.stringContaining(reason)]);
    expect(mistakesIn([wrong])[0]).toMatch(/^deploy\/k8s\/base\/ven-agent\.yaml: /);
  });
});

describe('what runs in the cluster', () => {
  const pods = manifests.flatMap((manifest) => {
    const pod = podOf(manifest);
    return pod === undefined ? [] : [[manifest.object.metadata.name, pod] as const];
  });
  const containers = pods.flatMap(([name, pod]) => containersOf(pod).map((one) => [name, one.name, one] as const));

  test.each(pods)('%s is nobody special and knows no way to the cluster', (_, pod) => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.securityContext?.runAsUser).toBeGreaterThan(1000);
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const { livenessProbe, readinessProbe } of pod.containers) {
      expect(livenessProbe).toBeDefined();
      expect(readinessProbe).toBeDefined();
    }
  });

  test.each(containers)('%s: %s writes to its volumes alone, has no rights, and is held to its size', (_, __, container) => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources?.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
    expect(container.resources?.limits).toMatchObject({ memory: expect.any(String) });
  });

  describe('of ours', () => {
    interface Described {
      readonly name: string;
      readonly options: readonly { readonly name: string }[];
    }
    const commands = new Map<string, Described[]>();
    beforeAll(async () => {
      for (const program of Object.keys(programs)) {
        const { stdout } = await runProgram(program as keyof typeof programs, ['--describe']);
        commands.set(program, JSON.parse(stdout) as Described[]);
      }
    });
    const ours = containers.filter(([, , { image }]) => image === 'venfleet');

    test.each(ours)('%s: %s is told what its program knows', (_, __, { args = [] }) => {
      const words = args[0] === 'sh' ? ['ven-agent', ...args.slice(3)] : args;
      const [program, command, ...options] = words as [string, string, ...string[]];
      const known = commands
        .get(program)
        ?.find(({ name }) => name === command)
        ?.options.map(({ name }) => name);
      expect(known).toBeDefined();
      for (const option of options) expect(known).toContain(/^--([a-z-]+)(=.+)?$/.exec(option)?.[1]);
    });
  });
});

describe.each(OVERLAYS)('the overlay %s', (name) => {
  const { replicas, configMapGenerator } = overlay(name);
  const settings = new Map(
    configMapGenerator.flatMap(({ literals = [] }) => literals.map((one) => one.split(/=(.*)/s).slice(0, 2) as [string, string])),
  );
  const file = (path: string) => join(K8S, 'overlays', name, path);
  const countOf = (set: string) => replicas.find((one) => one.name === set)?.count;

  test('says the same numbers of shards everywhere', () => {
    expect(settings.get('AGENT_SHARDS')).toBe(String(countOf('ven-agent')));
    expect(settings.get('SIMULATOR_SHARDS')).toBe(String(countOf('device-sim')));
    const { modbus } = parse(readFileSync(file('fleet.yaml'), 'utf8')) as { modbus: { shards: number } };
    expect(modbus.shards).toBe(countOf('device-sim'));
  });

  test('has the whole sample fleet, each device on the pod that simulates it', () => {
    const db = join(folder, `${name}.db`);
    const source = join(root, 'config/exampleassets');
    const result = prepare({ source, db, config: file('fleet.yaml'), rejects: join(folder, 'rejects.csv') });
    expect(result).toMatchObject({ created: 9714, rejected: 0 });
    const opened = openResourceDb(db, 'readonly');
    const hosts = new Set<string>();
    const shards = countOf('device-sim') as number;
    for (const { ven, readerConnectionId } of opened.resources.list()) {
      const connection = opened.connections.get(readerConnectionId as number);
      if (connection?.type !== 'MODBUSTCP') continue;
      expect(connection.host).toBe(`device-sim-${shardOf(ven, shards) - 1}.device-sim`);
      hosts.add(connection.host);
    }
    opened.close();
    expect(hosts.size).toBe(shards);
    const sample = parse(readFileSync(join(root, 'config/fleet.yaml'), 'utf8')) as { files: unknown };
    expect((parse(readFileSync(file('fleet.yaml'), 'utf8')) as { files: unknown }).files).toEqual(sample.files);
  });

  test('has settings that the agent takes, on its volumes', () => {
    const url = settings.get('VENFLEET_VTN_URL') as string;
    const config = loadAgentConfig({ config: file('ven-agent.yaml') }, { VENFLEET_VTN_URL: url });
    expect(config.vtn).toMatchObject({ url, credentials: '/run/secrets/venfleet/credentials.json' });
    expect(config.run.ops).toEqual({ host: '0.0.0.0', port: 9464 });
    for (const path of [config.db, config.state, config.outbox, config.events.database, config.readings.store.path]) {
      expect(path).toMatch(/^\/var\/lib\/venfleet\/[a-z-]+\.db$/);
    }
    expect(settings.get('VENFLEET_CONFIG')).toBe('/etc/venfleet/ven-agent.yaml');
  });
});

describe('the Dockerfile', () => {
  const text = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');

  test('is what Docker takes', () => {
    expect(validate(text)).toEqual([]);
    expect(validate(text.replace('WORKDIR', 'WORKDIRR'))).toHaveLength(1);
  });

  test('names the version of its base, and leaves root behind', () => {
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/^node:\d+\.\d+\.\d+-/);
    expect(/^USER (\S+)/m.exec(text)?.[1]).toMatch(/^[1-9]\d+:[1-9]\d+$/);
  });

  test('has on its path what the manifests call', () => {
    for (const program of ['ven-agent', 'device-sim', 'vtn-mock', 'resource-db'])
      expect(text).toMatch(new RegExp(`(apps|libs)/${program}`));
  });
});
