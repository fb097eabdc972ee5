import type {
  WasmCloudActor,
  WasmCloudHost,
  WasmCloudLattice,
  WasmCloudLink,
  WasmCloudProvider,
} from '../../api';
import { LATTICE_NAME } from '../../api';
import type { EventRecorder, KubeClient } from '../../kube';
import type { LatticeConnection } from '../../lattice';
import type { CallRoute } from '../calls/call';
import type { LocalServices } from '../calls/local-services';
import type { RemoteHandlers } from '../http/remote-handlers';
import type { ImageStore } from '../images/store';
import type { ProviderProcesses } from '../processes/processes';
import type { LocalActors } from './local-actors';
import type { Mirror } from './mirror';
import type { References } from './references';

/** What the controllers of one host share. */
export interface HostContext {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly hostName: string;
  /** At which this host can be reached, best first; never empty. */
  readonly addresses: readonly string[];
  /** Secret of this host, for hashes that nobody else can compute. */
  readonly hashKey: string;
  /** The WasmCloudHost that this process is. */
  readonly host: Mirror<WasmCloudHost>;
  /** What is bound to this host. */
  readonly actors: Mirror<WasmCloudActor>;
  readonly providers: Mirror<WasmCloudProvider>;
  /** All of the lattices that this host serves. */
  readonly links: Mirror<WasmCloudLink>;
  readonly lattices: Mirror<WasmCloudLattice>;
  readonly references: References;
  readonly images: ImageStore;
  readonly processes: ProviderProcesses;
  /** Directory under which built-in blobstores keep files, a directory a namespace. */
  readonly blobDir: string;
  readonly localActors: LocalActors;
  /** Providers of this host that components call. */
  readonly services: LocalServices;
  /** The connection to NATS, once there has been one. */
  readonly nats: () => LatticeConnection | undefined;
  /** Ways to components of other hosts that answer HTTP. */
  readonly remoteHttp: RemoteHandlers;
  /** Where calls of actors go. */
  readonly calls: CallRoute;
  /** When the host is to have ended, by `performance.now()`; undefined while nobody has asked it to. */
  readonly endsAt: () => number | undefined;
}

/** Index of actors and providers by {@link componentKey}. */
export const BY_COMPONENT = 'component';
/** Index of links by the {@link componentKey} of their source or target. */
export const BY_SOURCE = 'source';
export const BY_TARGET = 'target';
/** Index of links by all that two of them must share to be in conflict. */
export const BY_GROUP = 'group';

/** A component id with its namespace. */
export function componentKey(namespace: string | undefined, id: string): string {
  return `${namespace ?? ''}/${id}`;
}

/** The id that an actor or provider has in its lattice. */
export function componentIdOf(object: WasmCloudActor | WasmCloudProvider): string {
  return object.spec.componentId ?? object.metadata.name;
}

/** Id in the lattice, with the namespace. */
export function componentKeyOf(object: WasmCloudActor | WasmCloudProvider): string {
  return componentKey(object.metadata.namespace, componentIdOf(object));
}

/** Settings of the lattice that a namespace is. */
export function latticeOf(context: HostContext, namespace: string): WasmCloudLattice | undefined {
  return context.lattices.get(`${namespace}/${LATTICE_NAME}`);
}

/** How long calls in flight may go on when something is stopped. */
export function graceMs({
  host,
  hostName,
  endsAt,
}: Pick<HostContext, 'host' | 'hostName' | 'endsAt'>): number {
  const end = endsAt();
  if (end !== undefined) return Math.max(0, end - performance.now());
  return (host.get(hostName)?.spec.drain?.graceSeconds ?? 30) * 1000;
}

/** Whether an object asks this host to run it. */
export function isOurs(object: WasmCloudActor | WasmCloudProvider | undefined, hostName: string): boolean {
  return (
    object !== undefined &&
    object.spec.host === hostName &&
    object.spec.managementPolicy !== 'Observe' &&
    object.metadata.deletionTimestamp === undefined
  );
}
