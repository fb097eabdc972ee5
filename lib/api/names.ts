import { createHash } from 'node:crypto';

/** API group of the six kinds. */
export const GROUP = 'kasmcloud.io';
/** The one version of the group. */
export const VERSION = 'v1alpha1';
/** `apiVersion` of every object of the six kinds. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** Namespace of what KasmCloud keeps for itself: the Leases of hosts and of leader election. */
export const SYSTEM_NAMESPACE = 'kasmcloud-system';

/** The only name that a WasmCloudLattice may have: a namespace is one lattice. */
export const LATTICE_NAME = 'lattice';

/** Entry of a host's `spec.lattices` that stands for every namespace. */
export const EVERY_LATTICE = '*';

/** Holds an object until what it caused outside the API server is undone. */
export const FINALIZER = `${GROUP}/cleanup` as const;

/** Label keys; values go through {@link labelValue}. */
export const labels = {
  host: `${GROUP}/host`,
  lattice: `${GROUP}/lattice`,
  component: `${GROUP}/component`,
  distribution: `${GROUP}/distribution`,
  revision: `${GROUP}/revision`,
  spread: `${GROUP}/spread`,
  managedBy: `${GROUP}/managed-by`,
} as const;

/**
 * Prefix of host labels that count only where people set them, in `spec.labels`: whatever a host may say of itself, it draws nothing to
 * itself by them. Admission keeps hosts from writing `spec.labels`.
 */
export const RESTRICTED_LABEL_PREFIX = `host-restriction.${GROUP}/` as const;

/** Annotation keys. */
export const annotations = {
  /** Says `reconciler` on what the reconciler bound to its host, and may therefore move; what people bound by name has none. */
  boundBy: `${GROUP}/bound-by`,
} as const;

/** Server-side apply field managers, one a writer. */
export const fieldManagers = {
  host: 'kasmcloud-host',
  reconciler: 'kasmcloud-reconciler',
  repeater: 'kasmcloud-repeater',
  cli: 'kasmcloud-cli',
} as const;

/** Name of the Lease in {@link SYSTEM_NAMESPACE} that a host renews; the prefix keeps it apart from leader election. */
export function hostLeaseName(host: string): string {
  return `host-${host}`;
}

/** Name of the Lease in {@link SYSTEM_NAMESPACE} by which the processes of one role elect their leader. */
export function leaderLeaseName(role: 'reconciler' | 'repeater'): string {
  return `leader-${role}`;
}

const maxLabelLength = 63;

/**
 * A valid label value for any text: the text itself where it is one, else as much of it as fits, with a hash that keeps different
 * texts apart.
 */
export function labelValue(text: string): string {
  if (text.length <= maxLabelLength && /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/.test(text))
    return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  const readable = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, maxLabelLength - hash.length - 1)
    .replace(/[._-]+$/, '');
  return readable === '' ? hash : `${readable}-${hash}`;
}
