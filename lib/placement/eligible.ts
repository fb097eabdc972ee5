import {
  EVERY_LATTICE,
  type HostCapacity,
  RESTRICTED_LABEL_PREFIX,
  type WasmCloudHost,
  conditionOf,
  conditionTypes,
} from '../api';
import { bytesOf } from '../base/quantity';
import { isDraining } from './departure';
import { type Load, type Requirements, addLoad } from './requirements';
import { matchesSelector } from './selector';
import { formatTaint, untolerated } from './taints';

/** Whether a host can take something, or why not: `reason` reads after a number of hosts, `2 not ready`. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const yes: Verdict = { ok: true };
const no = (reason: string): Verdict => ({ ok: false, reason });

/** Whether a host that carries `load` already can take what has these requirements. */
export function eligible(host: WasmCloudHost, requirements: Requirements, load: Load): Verdict {
  const { unschedulable, taints, capacity } = host.spec;
  const { lattice, hostSelector, tolerations } = requirements;
  // What people chose comes before what happened to the host: it is what they have to change.
  if (!serves(host, lattice)) return no(`not serving lattice ${lattice}`);
  if (hostSelector !== undefined && !matchesSelector(hostSelector, effectiveLabels(host)))
    return no('not matching hostSelector');
  if (host.metadata.deletionTimestamp !== undefined) return no('being deleted');
  if (isDraining(host)) return no('being drained');
  if (unschedulable) return no('cordoned');
  const taint = untolerated(taints, tolerations, 'NoSchedule', 'NoExecute');
  if (taint !== undefined) return no(`with untolerated taint ${formatTaint(taint)}`);
  if (conditionOf(host, conditionTypes.ready)?.status !== 'True') return no('not ready');
  if (conditionOf(host, conditionTypes.stable)?.status === 'False') return no('lost too often of late');
  const full = exceeded(capacity, addLoad(load, requirements.load), requirements.load);
  return full === undefined ? yes : no(`without free capacity for ${full}`);
}

/** Whether a host runs what belongs to the lattice of a namespace. */
export function serves({ spec }: WasmCloudHost, namespace: string | undefined): boolean {
  return spec.lattices.some((lattice) => lattice === EVERY_LATTICE || lattice === namespace);
}

/** Merged once for every state of a host: placement asks for them over and over. */
const merged = new WeakMap<WasmCloudHost, Readonly<Record<string, string>>>();

/**
 * The labels that placement goes by: those that the host reports, with those that people gave it over them. Of restricted ones only what
 * people gave counts.
 */
export function effectiveLabels(host: WasmCloudHost): Readonly<Record<string, string>> {
  let labels = merged.get(host);
  // `status.labels` has both, but may lag behind an edit of the spec.
  if (labels === undefined) merged.set(host, (labels = { ...reported(host), ...host.spec.labels }));
  return labels;
}

function reported({ status }: WasmCloudHost): Readonly<Record<string, string>> {
  const entries = Object.entries(status?.labels ?? {});
  return Object.fromEntries(entries.filter(([key]) => !key.startsWith(RESTRICTED_LABEL_PREFIX)));
}

function exceeded(capacity: HostCapacity | undefined, total: Load, asked: Load): string | undefined {
  const names = ['instances', 'providers', 'memory'] as const;
  return names.find((name) => {
    const most = capacity?.[name];
    return most !== undefined && asked[name] > 0 && total[name] > bytesOf(most);
  });
}
