import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { encodeControl, type ModbusProfile, planReads, quantityNames } from '../src/index.js';
import { loadProfile } from '../src/node/index.js';

const guide = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../../docs/add-a-device.md'), 'utf8');

function loadText(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'venfleet-example-'));
  try {
    writeFileSync(join(directory, 'example.yaml'), text);
    return loadProfile(join(directory, 'example.yaml'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('the worked example in docs/add-a-device.md is a sound profile that does what is said of it', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const profile = loadText(example) as ModbusProfile;
  expect(planReads(profile).map((b) => [b.table, b.address, b.count])).toEqual([
    ['holding', 100, 1],
    ['input', 0, 34],
  ]);
  expect(encodeControl(profile, 'limitW', 12_000).data.readUInt16BE(0)).toBe(120);
});

test('docs/add-a-device.md lists every canonical name', () => {
  const listed = [...guide.matchAll(/`([a-zA-Z{}]+)`/g)].flatMap(([, name = '']) =>
    ['', 'L1', 'L2', 'L3'].map((phase) => name.replace('{phase}', phase)),
  );
  expect(quantityNames.filter((name) => !listed.includes(name))).toEqual([]);
});
