import type { WasmCloudDistribution } from '../../api';
import { bytesOf } from '../../base/quantity';
import {
  type DistributionHost,
  type Load,
  type ObservedSlot,
  type Requirements,
  distributionHost,
  loadOf,
  noLoad,
} from '../../placement';
import type { Caches } from '../caches';
import { isGone } from '../host-health';
import type { LoadLedger } from '../load-ledger';
import type { Child } from './child';

/** What one instance of a distribution asks of its host. */
export function requirementsOfDistribution({ metadata, spec }: WasmCloudDistribution): Requirements {
  const { actor, provider } = spec.template;
  const load: Load =
    actor === undefined
      ? { ...noLoad, providers: 1 }
      : { ...noLoad, instances: 1, memory: bytesOf(actor.limits?.memory ?? 0) };
  return { lattice: metadata.namespace ?? '', tolerations: (actor ?? provider)?.tolerations, load };
}

/** All hosts as a distribution sees them, which has `children`, observed as `slots`. */
export function hostsOf(
  caches: Caches,
  ledger: LoadLedger,
  distribution: WasmCloudDistribution,
  updateRevision: string,
  children: readonly Child[],
  slots: readonly ObservedSlot[],
): DistributionHost[] {
  const requirements = requirementsOfDistribution(distribution);
  const own = new Map<string, Load>();
  for (const child of children) {
    const { host = '' } = child.spec;
    own.set(host, plus(own.get(host) ?? noLoad, loadOf(child)));
  }
  const present = slots.filter(({ lost, ending }) => !lost && !ending);
  const all = sumByHost(present);
  const updated = sumByHost(present.filter(({ revision }) => revision === updateRevision));
  const { mode, paused } = distribution.spec;
  return caches.hosts.list().map((host) => {
    const { name } = host.metadata;
    const lost = isGone(host, caches.leases);
    const others = minus(ledger.loadOn(name), own.get(name) ?? noLoad);
    const seen = distributionHost(host, requirements, { lost, others, current: all.get(name) ?? 0 });
    // A new revision on a host that takes nothing new would be something new.
    const replaces = seen.state === 'closed' && mode !== 'Daemon' && paused !== true;
    return replaces ? { ...seen, current: updated.get(name) ?? 0 } : seen;
  });
}

function sumByHost(slots: readonly ObservedSlot[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { host, instances } of slots) sums.set(host, (sums.get(host) ?? 0) + instances);
  return sums;
}

function plus(a: Load, b: Load): Load {
  return {
    instances: a.instances + b.instances,
    providers: a.providers + b.providers,
    memory: a.memory + b.memory,
  };
}

function minus(a: Load, b: Load): Load {
  return {
    instances: Math.max(0, a.instances - b.instances),
    providers: Math.max(0, a.providers - b.providers),
    memory: Math.max(0, a.memory - b.memory),
  };
}
