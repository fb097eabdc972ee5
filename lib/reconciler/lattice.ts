import {
  type KubeObject,
  type WasmCloudActor,
  type WasmCloudHost,
  type WasmCloudLattice,
  WasmCloudLatticeResource,
  type WasmCloudLink,
  type WasmCloudProvider,
  conditionOf,
  conditionTypes,
} from '../api';
import { Controller, type Result, keyOf } from '../kube';
import { serves } from '../placement';
import { BY_NAMESPACE } from './caches';
import { writeConditions } from './conditions';
import type { ReconcilerContext } from './context';
import { Cooldown } from './cooldown';

/** Counts are written at most this often: a burst is one write. */
const writeMs = 1_000;

/** Keeps the counts of a lattice that has a WasmCloudLattice. */
export function latticeController(context: ReconcilerContext): Controller {
  const { lattices, hosts, actors, providers, links } = context.caches;
  const cooldown = new Cooldown(writeMs);
  const ofNamespace = ({ metadata }: KubeObject, old?: KubeObject): string[] =>
    // A change does not change the counts.
    old === undefined ? lattices.by(BY_NAMESPACE, metadata.namespace ?? '').map(keyOf) : [];
  const ofHost = (host: WasmCloudHost, old?: WasmCloudHost): string[] =>
    old === undefined || standing(old) !== standing(host) ? lattices.list().map(keyOf) : [];
  return new Controller<[WasmCloudLattice, WasmCloudHost, WasmCloudActor, WasmCloudProvider, WasmCloudLink]>({
    name: 'lattices',
    watches: [
      { reflector: lattices },
      { reflector: hosts, map: ofHost },
      { reflector: actors, map: ofNamespace },
      { reflector: providers, map: ofNamespace },
      { reflector: links, map: ofNamespace },
    ],
    reconcile: async (key, signal) => {
      const lattice = lattices.get(key);
      if (lattice === undefined || lattice.metadata.deletionTimestamp !== undefined) return;
      const waitMs = cooldown.enter(key);
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      return report(context, lattice, signal);
    },
  });
}

async function report(
  { client, caches, events }: ReconcilerContext,
  lattice: WasmCloudLattice,
  signal: AbortSignal,
): Promise<Result | void> {
  const namespace = lattice.metadata.namespace ?? '';
  const hosts = caches.hosts.list().filter((host) => isReady(host) && serves(host, namespace)).length;
  const fields = {
    observedGeneration: lattice.metadata.generation,
    hosts,
    actors: caches.actors.by(BY_NAMESPACE, namespace).length,
    providers: caches.providers.by(BY_NAMESPACE, namespace).length,
    links: caches.links.by(BY_NAMESPACE, namespace).length,
  };
  const ready =
    hosts > 0
      ? { status: 'True' as const, reason: 'Served', message: '' }
      : {
          status: 'False' as const,
          reason: 'NoHost',
          message: `No ready host serves lattice ${namespace}. Start one with \`kasmcloud run host\``,
        };
  const observations = [{ type: conditionTypes.ready, ...ready }];
  const written = await writeConditions(client, WasmCloudLatticeResource, lattice, observations, {
    fields,
    signal,
  });
  if (!written || conditionOf(lattice, conditionTypes.ready)?.status === ready.status) return;
  events.record(lattice, {
    type: hosts > 0 ? 'Normal' : 'Warning',
    reason: ready.reason,
    action: 'Watching',
    note: ready.message || `Lattice ${namespace} has a ready host`,
  });
}

function isReady(host: WasmCloudHost): boolean {
  return conditionOf(host, conditionTypes.ready)?.status === 'True';
}

/** All of a host that a lattice's status goes by, comparable. */
function standing(host: WasmCloudHost): string {
  return JSON.stringify([isReady(host), host.spec.lattices]);
}
