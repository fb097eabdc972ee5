import type {
  Lease,
  WasmCloudActor,
  WasmCloudDistribution,
  WasmCloudHost,
  WasmCloudProvider,
} from '../../api';
import { Controller, keyOf } from '../../kube';
import { serves } from '../../placement';
import { BY_COMPONENT, BY_HOST, componentKey } from '../caches';
import { componentIdOf, componentIdOfDistribution } from '../component-id';
import type { ReconcilerContext } from '../context';
import { fitness } from '../fitness';
import { hostOfLease } from '../host-health';
import { type Child, distributionKeyOf } from './child';
import type { DistributionReconciler } from './pass';

/** Changes of objects that come together are one pass. */
const burstMs = 100;
/** Hosts that are lost together, say with their rack, are told so one after the other: what one had must not go to the next. */
const lossMs = 300;
/** What only might matter to a distribution, such as a host on which it has nothing, can wait for more of the kind. */
const patienceMs = 500;
/** A step may write an object for each of a thousand hosts. */
const timeoutMs = 300_000;

/** Distributes actors and providers over hosts. */
export function distributionController(
  context: ReconcilerContext,
  reconciler: DistributionReconciler,
): Controller {
  const { distributions, actors, providers, hosts, leases } = context.caches;

  const withRivals = (distribution: WasmCloudDistribution): string[] => {
    const { namespace } = distribution.metadata;
    const id = componentKey(namespace, componentIdOfDistribution(distribution));
    return [keyOf(distribution), ...distributions.by(BY_COMPONENT, id).map(keyOf)];
  };
  const concernedBy = (child: Child, old?: Child): string[] => {
    const owner = distributionKeyOf(child);
    if (owner !== undefined) return [owner];
    // Of others only the component id matters, and it never changes; but an owner may have been removed by hand.
    const before = old && distributionKeyOf(old);
    if (before !== undefined) return [before];
    if (old !== undefined) return [];
    const id = componentKey(child.metadata.namespace, componentIdOf(child));
    return distributions.by(BY_COMPONENT, id).map(keyOf);
  };
  const ownersOn = (host: string): string[] => {
    const children: Child[] = [...actors.by(BY_HOST, host), ...providers.by(BY_HOST, host)];
    return Array.from(new Set(children.flatMap((child) => distributionKeyOf(child) ?? [])));
  };
  const onHost = (host: WasmCloudHost, old?: WasmCloudHost): string[] =>
    changed(host, old) ? ownersOn(host.metadata.name) : [];
  const inReach = (host: WasmCloudHost, old?: WasmCloudHost): string[] => {
    if (!changed(host, old)) return [];
    const served = distributions
      .list()
      .filter(({ metadata }) =>
        [host, old].some((one) => one !== undefined && serves(one, metadata.namespace)),
      );
    return served.map(keyOf);
  };

  return new Controller<
    [WasmCloudDistribution, WasmCloudActor, WasmCloudProvider, WasmCloudHost, WasmCloudHost, Lease]
  >({
    name: distributions.type.plural,
    watches: [
      { reflector: distributions, map: withRivals },
      { reflector: actors, map: concernedBy, delayMs: burstMs },
      { reflector: providers, map: concernedBy, delayMs: burstMs },
      { reflector: hosts, map: onHost, delayMs: lossMs },
      { reflector: hosts, map: inReach, delayMs: patienceMs },
      // A host that signs off takes its Lease away last.
      {
        reflector: leases,
        map: (lease, old) => (old === undefined ? ownersOn(hostOfLease(lease)) : []),
        delayMs: burstMs,
      },
    ],
    reconcile: (key, signal) => reconciler.reconcile(key, signal),
    timeoutMs,
  });
}

/** Whether anything of a host changed that distributions go by; hosts write figures into their status all the time. */
function changed(host: WasmCloudHost, old: WasmCloudHost | undefined): boolean {
  return old === undefined || fitness(old) !== fitness(host);
}
