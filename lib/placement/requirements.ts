import type { LabelSelector, Toleration, WasmCloudActor, WasmCloudProvider } from '../api';
import { bytesOf } from '../base/quantity';

/** How much of hosts something takes, or how much is taken already. */
export interface Load {
  readonly instances: number;
  readonly providers: number;
  /** Sum of the actors' memory limits, in bytes. */
  readonly memory: number;
}

export const noLoad: Load = { instances: 0, providers: 0, memory: 0 };

export function addLoad(a: Load, b: Load): Load {
  return {
    instances: a.instances + b.instances,
    providers: a.providers + b.providers,
    memory: a.memory + b.memory,
  };
}

/** What something that is to be placed asks of its host. */
export interface Requirements {
  /** Namespace. */
  readonly lattice: string;
  readonly hostSelector?: LabelSelector | undefined;
  readonly tolerations?: readonly Toleration[] | undefined;
  /** What it takes of the host's capacity. */
  readonly load: Load;
}

/** The load of an actor or a provider on the host it is bound to. */
export function loadOf(object: WasmCloudActor | WasmCloudProvider): Load {
  if (object.kind === 'WasmCloudProvider') return { ...noLoad, providers: 1 };
  const { instances = 1, limits } = object.spec;
  return { ...noLoad, instances, memory: bytesOf(limits?.memory ?? 0) };
}

/** What an actor or a provider asks of its host. */
export function requirementsOf(object: WasmCloudActor | WasmCloudProvider): Requirements {
  const { hostSelector, tolerations } = object.spec;
  return { lattice: object.metadata.namespace ?? '', hostSelector, tolerations, load: loadOf(object) };
}
