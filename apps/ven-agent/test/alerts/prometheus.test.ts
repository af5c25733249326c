import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runbookOf } from '../../src/alerts/model.js';
import { prometheusRules } from '../../src/alerts/prometheus.js';
import { ALERTS } from '../../src/alerts/table.js';

const root = join(import.meta.dirname, '../../../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** As the sites that show Markdown make them. */
const anchors = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the rules for Prometheus', () => {
  test('are those of the table: `ven-agent alert-rules > deploy/monitoring/venfleet-rules.yaml` makes them', () => {
    expect(text('deploy/monitoring/venfleet-rules.yaml')).toBe(prometheusRules());
  });

  test.each([...ALERTS, { name: 'AgentDown' }].map((alert) => [alert.name, alert] as const))(
    'lead to a part of the runbook about %s',
    (_, alert) => {
      const [path, anchor] = runbookOf(alert).split('#') as [string, string];
      expect(anchors(text(path))).toContain(anchor);
      expect(prometheusRules()).toContain(`runbook_url: ${path}#${anchor}`);
    },
  );
});
