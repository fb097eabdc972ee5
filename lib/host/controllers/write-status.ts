import { type Condition, conditionOf, conditionTypes, fieldManagers, type ResourceType } from '../../api';
import { applyStatus, type WithStatus } from '../../kube';
import type { HostContext } from './context';

type Status = { readonly conditions?: Condition[] | undefined };

/** Writes what this host observed of an object, and tells people in an event when its readiness has changed. */
export async function writeStatus<T extends WithStatus & { status?: Status | undefined }>(
  { client, events }: HostContext,
  type: ResourceType<T>,
  object: T,
  status: Status,
  signal: AbortSignal,
): Promise<void> {
  const options = { fieldManager: fieldManagers.host, force: true, signal };
  if (!(await applyStatus(client, type, object, status, options))) return;
  const before = conditionOf(object, conditionTypes.ready);
  const now = status.conditions?.find((condition) => condition.type === conditionTypes.ready);
  if (now === undefined || (before?.status === now.status && before.reason === now.reason)) return;
  const underWay = status.conditions?.some((condition) => condition.type === conditionTypes.reconciling);
  events.record(object, {
    type: now.status === 'True' || underWay ? 'Normal' : 'Warning',
    reason: now.reason,
    action: 'Running',
    note: now.message || `${type.kind} is ready`,
  });
}
