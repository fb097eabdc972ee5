/** Object metadata as the Kubernetes API serves it; the fields that KasmCloud reads or writes. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

/** A reference to the object that owns another; garbage collection follows it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Any object that the Kubernetes API serves. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** How the API server names a kind: what a client needs to read and write objects of type `T`. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** API group, empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: T['kind'];
  readonly plural: string;
  /** False for cluster-scoped kinds. */
  readonly namespaced: boolean;
}

/** Name of one object, with its namespace when its kind has one. */
export interface ObjectKey {
  readonly name: string;
  readonly namespace?: string | undefined;
}
