import {
  type ControllerRevision,
  ControllerRevisionResource,
  type KubeObject,
  type Lease,
  LeaseResource,
  SYSTEM_NAMESPACE,
  type WasmCloudActor,
  WasmCloudActorResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  type WasmCloudHost,
  WasmCloudHostResource,
  type WasmCloudLattice,
  WasmCloudLatticeResource,
  type WasmCloudLink,
  WasmCloudLinkResource,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  conditionOf,
  conditionTypes,
  labelValue,
  labels,
} from '../api';
import { type KubeClient, Reflector } from '../kube';
import { componentIdOf, componentIdOfDistribution } from './component-id';
import { linkGroup } from '../api/link-conflicts';

/** The index of actors and providers by the name of the host they are bound to. */
export const BY_HOST = 'host';
/** The value of {@link BY_HOST} for those without one. */
export const UNBOUND = '';
/** The index of the actors and providers of a lattice by component id, and of the links by both of theirs. */
export const BY_COMPONENT = 'component';
export const BY_NAMESPACE = 'namespace';
/** The index of what distributions own by the distribution's uid. */
export const BY_OWNER = 'owner';
/** The index of the links that miss an end, by namespace. */
export const BY_UNRESOLVED = 'unresolved';
/** The index of links by all that two of them must share to be in conflict. */
export const BY_GROUP = 'group';

/** How long heartbeats may wait in the connection: a thousand hosts send many, and none is urgent. */
const heartbeatPauseMs = 500;

/** The value of {@link BY_COMPONENT} for a component id of a namespace. */
export function componentKey(namespace: string | undefined, id: string): string {
  return `${namespace}/${id}`;
}

/** The value of {@link BY_OWNER} for revisions of a distribution of this name that nobody owns. */
export function ownerlessKey(namespace: string | undefined, distribution: string): string {
  return `${namespace}/${labelValue(distribution)}`;
}

/** Everything that the reconciler sees of the API server, shared by its controllers. */
export class Caches {
  readonly hosts: Reflector<WasmCloudHost>;
  /** The heartbeats of hosts. */
  readonly leases: Reflector<Lease>;
  readonly actors: Reflector<WasmCloudActor>;
  readonly providers: Reflector<WasmCloudProvider>;
  readonly links: Reflector<WasmCloudLink>;
  readonly lattices: Reflector<WasmCloudLattice>;
  readonly distributions: Reflector<WasmCloudDistribution>;
  /** The history of the distributions. */
  readonly revisions: Reflector<ControllerRevision>;

  constructor(client: KubeClient) {
    const byNamespace = ({ metadata }: KubeObject): string[] => [metadata.namespace ?? ''];
    const byOwner = ({ metadata }: KubeObject): string[] =>
      metadata.ownerReferences?.flatMap(({ controller, uid }) => (controller === true ? [uid] : [])) ?? [];
    const placed = {
      indexes: {
        [BY_NAMESPACE]: byNamespace,
        [BY_OWNER]: byOwner,
        [BY_HOST]: ({ spec }: WasmCloudActor | WasmCloudProvider) => [spec.host ?? UNBOUND],
        [BY_COMPONENT]: (object: WasmCloudActor | WasmCloudProvider) => [
          componentKey(object.metadata.namespace, componentIdOf(object)),
        ],
      },
    };
    this.hosts = new Reflector(client, WasmCloudHostResource);
    this.leases = new Reflector(client, LeaseResource, {
      namespace: SYSTEM_NAMESPACE,
      labelSelector: labels.host,
      pauseMs: heartbeatPauseMs,
    });
    this.actors = new Reflector(client, WasmCloudActorResource, placed);
    this.providers = new Reflector(client, WasmCloudProviderResource, placed);
    this.links = new Reflector(client, WasmCloudLinkResource, {
      indexes: {
        [BY_NAMESPACE]: byNamespace,
        [BY_COMPONENT]: ({ metadata, spec }) => [
          componentKey(metadata.namespace, spec.source),
          componentKey(metadata.namespace, spec.target),
        ],
        [BY_GROUP]: (link) => [linkGroup(link)],
        [BY_UNRESOLVED]: (link) =>
          conditionOf(link, conditionTypes.resolved)?.status === 'False' ? byNamespace(link) : [],
      },
    });
    this.lattices = new Reflector(client, WasmCloudLatticeResource, {
      indexes: { [BY_NAMESPACE]: byNamespace },
    });
    this.distributions = new Reflector(client, WasmCloudDistributionResource, {
      indexes: {
        [BY_NAMESPACE]: byNamespace,
        [BY_COMPONENT]: (object) => [
          componentKey(object.metadata.namespace, componentIdOfDistribution(object)),
        ],
      },
    });
    this.revisions = new Reflector(client, ControllerRevisionResource, {
      labelSelector: labels.distribution,
      indexes: {
        [BY_OWNER]: (revision) => {
          const { labels: own, namespace } = revision.metadata;
          const owners = byOwner(revision);
          // Its label is made from the name already.
          return owners.length > 0 ? owners : [`${namespace}/${own?.[labels.distribution]}`];
        },
      },
    });
  }

  start(): void {
    for (const reflector of this.all()) reflector.start();
  }

  get hasSynced(): boolean {
    return this.all().every((reflector) => reflector.hasSynced);
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.all().map((reflector) => reflector.synced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map((reflector) => reflector.stop()));
  }

  private all(): Mirror[] {
    const { hosts, leases, actors, providers, links, lattices, distributions, revisions } = this;
    return [hosts, leases, actors, providers, links, lattices, distributions, revisions];
  }
}

/** What reflectors of different kinds have in common. */
type Mirror = Pick<Reflector<never>, 'start' | 'hasSynced' | 'synced' | 'stop'>;
