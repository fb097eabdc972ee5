import type { KubeObject, ResourceType } from './resource';

/** A core/v1 Namespace. */
export interface Namespace extends KubeObject {
  apiVersion: 'v1';
  kind: 'Namespace';
  status?: { phase?: 'Active' | 'Terminating' };
}

/** A core/v1 ConfigMap. */
export interface ConfigMap extends KubeObject {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  data?: Record<string, string>;
  /** Values in base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

/** A core/v1 Secret. */
export interface Secret extends KubeObject {
  apiVersion: 'v1';
  kind: 'Secret';
  type?: string;
  /** Values in base64. */
  data?: Record<string, string>;
  /** Plain values; the server moves them to `data`. */
  stringData?: Record<string, string>;
  immutable?: boolean;
}

/** A coordination.k8s.io/v1 Lease. Times are RFC 3339 with microseconds. */
export interface Lease extends KubeObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec: {
    holderIdentity?: string | undefined;
    leaseDurationSeconds?: number | undefined;
    acquireTime?: string | undefined;
    renewTime?: string | undefined;
    leaseTransitions?: number | undefined;
  };
}

/** The object that an event is about. */
export interface EventSubject {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string | undefined;
  uid?: string | undefined;
}

/** An events.k8s.io/v1 Event. */
export interface Event extends KubeObject {
  apiVersion: 'events.k8s.io/v1';
  kind: 'Event';
  /** RFC 3339 with microseconds. */
  eventTime: string;
  type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  reason: string;
  /** What was done or tried, e.g. `Binding`. */
  action: string;
  /** For people; at most 1024 characters. */
  note?: string;
  regarding: EventSubject;
  reportingController: string;
  reportingInstance: string;
}

/** An apiextensions.k8s.io/v1 CustomResourceDefinition, as far as an installer reads it. */
export interface CustomResourceDefinition extends KubeObject {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  spec: {
    group: string;
    scope: 'Cluster' | 'Namespaced';
    names: { kind: string; plural: string };
    versions: { name: string; served: boolean; storage: boolean; schema?: unknown }[];
  };
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

/** An apps/v1 ControllerRevision: one state of what a controller looks after, as `data`. */
export interface ControllerRevision extends KubeObject {
  apiVersion: 'apps/v1';
  kind: 'ControllerRevision';
  /** Never changes. */
  data?: unknown;
  /** Rises with each revision. */
  revision: number;
}

export const ControllerRevisionResource: ResourceType<ControllerRevision> = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
};

export const NamespaceResource: ResourceType<Namespace> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

export const ConfigMapResource: ResourceType<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

export const SecretResource: ResourceType<Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

export const LeaseResource: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export const EventResource: ResourceType<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

export const CustomResourceDefinitionResource: ResourceType<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
