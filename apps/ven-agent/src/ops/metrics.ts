import { Counter, Gauge, Registry } from 'prom-client';
import type { AgentHealth } from '../health/health.js';
import { METRICS, type Metric, samplesOf } from './metric-table.js';

/** The agent's Prometheus metrics, taken from its health when they are asked for. */
export class AgentMetrics {
  readonly #health: () => AgentHealth | undefined;
  readonly #registry = new Registry();
  readonly #setters: readonly ((health: AgentHealth) => void)[];

  constructor(health: () => AgentHealth | undefined) {
    this.#health = health;
    this.#setters = METRICS.map((metric) => setterOf(metric, this.#registry));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. While the agent starts or stops, what was so last. */
  async text(): Promise<string> {
    const health = this.#health();
    if (health !== undefined) for (const set of this.#setters) set(health);
    return this.#registry.metrics();
  }
}

function setterOf(metric: Metric, registry: Registry): (health: AgentHealth) => void {
  const { name, help, type, labels = [] } = metric;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const kept = type === 'counter' ? new Counter(options) : new Gauge(options);
  return (health) => {
    kept.reset();
    // One without labels is 0 now; what is not known is not 0.
    if (labels.length === 0) kept.remove();
    // A counter that was just reset has the value that it is incremented by.
    for (const { labels: of, value } of samplesOf(metric, health)) kept.inc(of, value);
  };
}
