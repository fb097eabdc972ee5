import { Counter, Gauge, Histogram, type LabelValues, Registry, collectDefaultMetrics } from 'prom-client';

/** The process-wide registry that `/metrics` serves. Every metric of ours starts with `kasmcloud_`. */
export const registry = new Registry();

/** Adds the process's own figures (CPU, memory, event loop lag); called once, by the commands that serve `/metrics`. */
export function collectProcessMetrics(): void {
  // The lag is watched by a timer: one of every 10 ms, the default, is most of what an idle process does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
}

type Look<L extends string> = (set: (labels: Record<L, string>, value: number) => void) => void;

/** @param look Tells all values anew at each scrape, for what is counted elsewhere */
export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: L[] = [],
  look?: Look<L>,
): Counter<L> {
  const options = { name: `kasmcloud_${name}`, help, labelNames, registers: [registry] };
  if (look === undefined) return new Counter(options);
  return new Counter({
    ...options,
    collect() {
      this.reset();
      look((labels, value) => this.inc(labels as LabelValues<L>, value));
    },
  });
}

/** @param look Tells all values anew at each scrape, for what nobody else sets */
export function gauge<L extends string = never>(
  name: string,
  help: string,
  labelNames: L[] = [],
  look?: Look<L>,
): Gauge<L> {
  const options = { name: `kasmcloud_${name}`, help, labelNames, registers: [registry] };
  if (look === undefined) return new Gauge(options);
  return new Gauge({
    ...options,
    collect() {
      this.reset();
      look((labels, value) => this.set(labels as LabelValues<L>, value));
    },
  });
}

export function histogram<L extends string = never>(
  name: string,
  help: string,
  labelNames: L[] = [],
  buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
): Histogram<L> {
  return new Histogram({ name: `kasmcloud_${name}`, help, labelNames, buckets, registers: [registry] });
}
