import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentedMetrics } from '@venfleet/core/testing';
import { root, run, temporaryFolder } from './support/programs.js';
import { impatientRules, prometheusMissing } from './support/prometheus.js';

const files = join(root, 'deploy/monitoring');
const folder = temporaryFolder();
const missing = prometheusMissing();
const promtool = (missing === undefined ? test : test.skip) as typeof test;

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

const text = readFileSync(join(files, 'grafana-dashboard.json'), 'utf8');
const dashboard = JSON.parse(text) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const known = [...documentedMetrics('ven-agent').matchAll(/`(\w+)`/g)].map(([, name]) => name);

describe('the dashboard for Grafana', () => {
  test('has what Grafana wants of one, with titles and ids of their own for its panels', () => {
    expect(dashboard.uid).toMatch(/^[a-z-]{8,40}$/);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, type, gridPos } of dashboard.panels) {
      expect(title).not.toBe('');
      expect(['row', 'stat', 'timeseries']).toContain(type);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });

  test('asks for its data source', () => {
    expect(dashboard.templating.list.find(({ type }) => type === 'datasource')?.name).toBe('datasource');
    const sources = [...text.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid);
    expect([...new Set(sources)].sort()).toEqual(['$'.concat('{datasource}'), dashboard.uid].sort());
  });

  test('shows metrics that the agent has', () => {
    const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    const used = [...targets.map(({ expr }) => expr), ...definitions].flatMap(
      (expr) => expr.match(/\b(?:ven_agent|process)_\w+/g) ?? [],
    );
    expect(targets.length).toBeGreaterThan(20);
    expect([...new Set(used)].filter((name) => !known.includes(name))).toEqual([]);
  });

  promtool(`has expressions that Prometheus understands${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    const rules = targets.map(({ expr }, i) => ({ record: `panel:${i}`, expr: expr.replaceAll(/\$(instance|ven)/g, '.*') }));
    // JSON is YAML.
    writeFileSync(join(folder, 'panels.yaml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const said = execFileSync('promtool', ['check', 'rules', join(folder, 'panels.yaml')]).toString();
    expect(said).toContain(`${targets.length} rules found`);
  });
});

describe('the alert rules', () => {
  promtool(`pass their unit tests${missing === undefined ? '' : ` (skipped: ${missing})`}`, async () => {
    const outcome = await run('promtool', ['test', 'rules', join(files, 'venfleet-rules.test.yaml')]);
    expect([outcome.status, outcome.stdout + outcome.stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  promtool(
    `have a unit test for each alert that fails without it${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    async () => {
      const rules = readFileSync(join(files, 'venfleet-rules.yaml'), 'utf8');
      const tests = readFileSync(join(files, 'venfleet-rules.test.yaml'), 'utf8');
      const names = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
      expect(names.filter((name) => !tests.includes(`alertname="${name}",alertstate="firing"`))).toEqual([]);
      // No sample is beyond a bound that is as far off as that.
      writeFileSync(
        join(folder, 'venfleet-rules.yaml'),
        rules.replaceAll(/([<>]=?) [0-9.]+$/gm, '$1 1e9').replaceAll('< 1e9', '< -1e9'),
      );
      writeFileSync(join(folder, 'venfleet-rules.test.yaml'), tests);
      expect((await run('promtool', ['test', 'rules', join(folder, 'venfleet-rules.test.yaml')])).status).not.toBe(0);
    },
  );

  test('have nothing but times that can be shortened as the documentation says', () => {
    const times = impatientRules(1).match(/\b(?:for|keep_firing_for): \S+$/gm) ?? [];
    expect(times.length).toBeGreaterThan(20);
    expect(new Set(times)).toEqual(new Set(['for: 1s', 'keep_firing_for: 1s']));
  });
});
