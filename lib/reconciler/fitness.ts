import { type WasmCloudHost, conditionOf, conditionTypes } from '../api';
import { effectiveLabels, isDraining } from '../placement';

/** All of a host that placement goes by, comparable: hosts write figures into their status all the time. */
export function fitness(host: WasmCloudHost): string {
  const { lattices, unschedulable, taints, capacity } = host.spec;
  const [ready, stable] = [conditionTypes.ready, conditionTypes.stable].map(
    (type) => conditionOf(host, type)?.status,
  );
  const leaving = host.metadata.deletionTimestamp ?? isDraining(host);
  const labels = effectiveLabels(host);
  return JSON.stringify([lattices, unschedulable, taints, capacity, labels, ready, stable, leaving]);
}
