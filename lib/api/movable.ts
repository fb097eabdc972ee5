import { annotations } from './names';
import type { KubeObject } from './resource';

/** Whether the reconciler chose the host of an object, and not somebody who had reasons of their own. */
export function isBoundByReconciler({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[annotations.boundBy] === 'reconciler';
}

/** Whether what runs for an object may run on another host instead: the reconciler moves it, or its owner replaces it. */
export function isMovable(object: KubeObject): boolean {
  return (
    isBoundByReconciler(object) ||
    (object.metadata.ownerReferences?.some(({ controller }) => controller) ?? false)
  );
}
