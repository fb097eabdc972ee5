import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** The process-wide registry that `/metrics` serves. Every metric of ours starts with `kasmcloud_`. */
export const registry = new Registry();

/** Adds the process's own figures (CPU, memory, event loop lag); called once, by the commands that serve `/metrics`. */
export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: registry });
}

export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: L[] = [],
): Counter<L> {
  return new Counter({ name: `kasmcloud_${name}`, help, labelNames, registers: [registry] });
}

export function gauge<L extends string = never>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
  return new Gauge({ name: `kasmcloud_${name}`, help, labelNames, registers: [registry] });
}

export function histogram<L extends string = never>(
  name: string,
  help: string,
  labelNames: L[] = [],
  buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
): Histogram<L> {
  return new Histogram({ name: `kasmcloud_${name}`, help, labelNames, buckets, registers: [registry] });
}
