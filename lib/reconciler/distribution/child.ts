import { createHash } from 'node:crypto';
import {
  API_VERSION,
  type DistributionTemplate,
  type KubeObject,
  type OwnerReference,
  type WasmCloudActor,
  type WasmCloudDistribution,
  type WasmCloudProvider,
  fieldManagers,
  labelValue,
  labels,
} from '../../api';
import type { Slot, WantedSlot } from '../../placement';
import { componentIdOfDistribution } from '../component-id';

/** An actor or provider of a distribution: what it has of one revision on one host. */
export type Child = WasmCloudActor | WasmCloudProvider;

/** Longer names would not do as labels and as names of Services. */
const maxNameLength = 63;
const hashLength = 10;

/** The uid of the distribution that owns an object; undefined when none does. */
export function distributionOf({ metadata }: KubeObject): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === 'WasmCloudDistribution' ? owner.uid : undefined;
}

/** The key of the distribution that owns an object, as queues have it. */
export function distributionKeyOf({ metadata }: Child): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === 'WasmCloudDistribution' ? `${metadata.namespace}/${owner.name}` : undefined;
}

/**
 * The name of a distribution's object in a slot; always the same, so that what is made twice is made once. A provider goes from revision
 * to revision under one name: its host replaces it in place.
 */
export function childName(
  { metadata: { name }, spec }: WasmCloudDistribution,
  { revision, host }: Slot,
): string {
  const suffix = spec.template.provider === undefined ? `-${revision}` : '';
  const readable = `${name}${suffix}-${host}`;
  if (readable.length <= maxNameLength) return readable;
  const hash = createHash('sha256').update(`${name}/${host}`).digest('hex').slice(0, hashLength);
  const room = maxNameLength - suffix.length - hashLength - 1;
  return `${name.slice(0, room).replace(/[.-]+$/, '')}${suffix}-${hash}`;
}

/** The slot that an object is in. */
export function slotOf({ metadata, spec }: Child): Slot {
  return { revision: metadata.labels?.[labels.revision] ?? '', host: spec.host ?? '' };
}

/** Whether an object says that it belongs to the distribution of this name. */
export function isMarked({ metadata }: Child, distribution: string): boolean {
  return metadata.labels?.[labels.distribution] === labelValue(distribution);
}

/** Whether an object was made for the distribution of this name and has lost its owner, as by a deletion that orphans: it is taken back. */
export function isOrphanOf(child: Child, distribution: string): boolean {
  const { ownerReferences = [], labels: own, deletionTimestamp } = child.metadata;
  return (
    isMarked(child, distribution) &&
    own?.[labels.managedBy] === fieldManagers.reconciler &&
    own[labels.revision] !== undefined &&
    child.spec.host !== undefined &&
    deletionTimestamp === undefined &&
    !ownerReferences.some(({ controller }) => controller === true)
  );
}

/** Instances that an object has by its spec. */
export function instancesOf(child: Child): number {
  return child.kind === 'WasmCloudActor' ? (child.spec.instances ?? 1) : 1;
}

/**
 * The object that a slot is to have, as the reconciler applies it.
 * @param group Spread group of the host, where there is one
 */
export function childOf(
  distribution: WasmCloudDistribution,
  template: DistributionTemplate,
  slot: WantedSlot,
  group: string | undefined,
): Child {
  const { name, namespace } = distribution.metadata;
  const componentId = componentIdOfDistribution(distribution);
  const metadata = {
    name: childName(distribution, slot),
    namespace: namespace ?? '',
    labels: {
      ...template.metadata?.labels,
      [labels.distribution]: labelValue(name),
      [labels.component]: labelValue(componentId),
      [labels.revision]: slot.revision,
      [labels.host]: labelValue(slot.host),
      [labels.managedBy]: fieldManagers.reconciler,
      ...(group !== undefined && { [labels.spread]: group }),
    },
    ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
    ownerReferences: ownersOf(distribution),
  };
  const { host, instances, serving } = slot;
  if (template.actor !== undefined) {
    const { analysis } = distribution.spec.strategy?.canary ?? {};
    const spec = { ...template.actor, componentId, host, instances, serving, ...(analysis && { analysis }) };
    return { apiVersion: API_VERSION, kind: 'WasmCloudActor', metadata, spec };
  }
  const spec = { ...template.provider, componentId, host };
  return { apiVersion: API_VERSION, kind: 'WasmCloudProvider', metadata, spec };
}

/** The owners of what belongs to a distribution. */
export function ownersOf({ kind, metadata: { name, uid = '' } }: WasmCloudDistribution): OwnerReference[] {
  return [{ apiVersion: API_VERSION, kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

/** An object as it is, but with what a slot of a distribution is to have. */
export function resized(
  distribution: WasmCloudDistribution,
  child: Child,
  { instances, serving }: WantedSlot,
): Child {
  const { apiVersion, kind, metadata, spec } = child;
  const { name, namespace, labels, annotations } = metadata;
  const ownerReferences = ownersOf(distribution);
  const identity = { name, namespace, labels, annotations, ownerReferences } as Child['metadata'];
  return kind === 'WasmCloudActor'
    ? {
        apiVersion,
        kind,
        metadata: identity,
        spec: { ...spec, instances, serving },
      }
    : { apiVersion, kind, metadata: identity, spec };
}
