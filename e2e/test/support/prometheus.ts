import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './loop.js';
import { freePort, root } from './programs.js';

/** Why Prometheus cannot be had here; undefined when it can. */
export function prometheusMissing(): string | undefined {
  return ['prometheus', 'promtool']
    .map((tool) => {
      try {
        execFileSync(tool, ['--version'], { stdio: 'ignore' });
        return '';
      } catch {
        return `${tool} is not installed`;
      }
    })
    .find(Boolean);
}

/** The committed rules: what docs/monitoring.md says to shorten is shortened, and nothing else. */
export function impatientRules(seconds: number): string {
  const rules = readFileSync(join(root, 'deploy/monitoring/venfleet-rules.yaml'), 'utf8');
  return rules.replaceAll(/(for|keep_firing_for): [0-9]+m$/gm, `$1: ${seconds}s`);
}

/** A Prometheus with the committed rules, all its times shortened. */
export interface RunningPrometheus {
  /** Watches these agents from now on. */
  watch(...agents: readonly { readonly ops: string }[]): void;
  /** What fires, as `Alert label=value …` in alphabetical order; without the job and severity. */
  firing(): Promise<string[]>;
  stop(): Promise<void>;
}

/** @param patience of alerts, in seconds */
export async function startPrometheus(folder: string, patience: number): Promise<RunningPrometheus> {
  mkdirSync(folder);
  const at = (name: string) => join(folder, name);
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: 'ven-agent', file_sd_configs: [{ files: ['agents.json'], refresh_interval: '1s' }] }],
  };
  // JSON is YAML.
  writeFileSync(at('prometheus.yaml'), JSON.stringify(config));
  writeFileSync(at('rules.yaml'), impatientRules(patience));
  writeFileSync(at('agents.json'), '[]');
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${at('prometheus.yaml')}`, `--storage.tsdb.path=${at('data')}`, `--web.listen-address=${address}`];
  const child = spawn('prometheus', [...args, '--log.level=error'], { stdio: 'ignore' });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  await eventually('Prometheus is ready', async () => {
    if (child.exitCode !== null) throw new Error(`prometheus ended with status ${child.exitCode}`);
    return fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return {
    watch(...agents) {
      writeFileSync(at('agents.json'), JSON.stringify([{ targets: agents.map(({ ops }) => new URL(ops).host) }]));
    },
    async firing() {
      const answer = await fetch(`http://${address}/api/v1/alerts`);
      const { data } = (await answer.json()) as { data: { alerts: { state: string; labels: Record<string, string> }[] } };
      return data.alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => shortly(labels))
        .sort();
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** An alert by what it is about. */
export function shortly({
  alertname,
  severity: _,
  job: _job,
  agent: _agent,
  ...labels
}: Readonly<Record<string, string>>): string {
  const about = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [alertname, ...about.sort()].join(' ');
}
